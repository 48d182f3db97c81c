UPDATE run_account SET environment = :environment
WHERE run_no = :run_no AND environment <> :environment
  AND account_key = (SELECT account_key FROM account WHERE account_id = :account_id);
