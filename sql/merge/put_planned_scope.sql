-- A scope that was planned and that no shard has told of (yet).
INSERT OR IGNORE INTO scope (account_key, region)
SELECT account_key, :region FROM account WHERE account_id = :account_id;
INSERT OR IGNORE INTO run_scope (run_no, scope_key, outcome, error_code, message, rules,
                                 rules_failed, evaluations, finished_at, shard_id)
SELECT :run_no, s.scope_key, :outcome, :error_code, :message, 0, 0, 0, '', ''
FROM scope s JOIN account a ON a.account_key = s.account_key
WHERE a.account_id = :account_id AND s.region = :region;
