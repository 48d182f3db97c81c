UPDATE resource SET tags = 2 WHERE scope_key = :scope AND tags = 1;
