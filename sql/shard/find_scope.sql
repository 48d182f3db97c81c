SELECT scope_key FROM scope WHERE account_id = :account_id AND region = :region;
