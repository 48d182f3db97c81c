-- What unplanned.sql said of a run: what it says depends on the run before, and on what is merged of
-- this one.
DELETE FROM run_scope
WHERE run_no = :run_no AND error_code IN ('NotPlanned', 'NoPlan') AND shard_id = '';

DELETE FROM run_account
WHERE run_no = :run_no
  AND NOT EXISTS (SELECT 1 FROM scope s
                  CROSS JOIN run_scope k ON k.run_no = :run_no AND k.scope_key = s.scope_key
                  WHERE s.account_key = run_account.account_key);
