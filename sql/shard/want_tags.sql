UPDATE resource SET tags = 1 WHERE resource_key = ?1 AND tags = 0;
