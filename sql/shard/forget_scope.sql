DELETE FROM scope WHERE scope_key = :scope;
