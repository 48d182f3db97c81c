SELECT count(*) FROM predecessor WHERE key = :key;
