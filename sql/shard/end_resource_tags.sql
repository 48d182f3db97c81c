UPDATE resource SET tags = 2 WHERE resource_key = ?1;
