UPDATE resource SET wants_tags = 1 WHERE resource_key = ?1;
