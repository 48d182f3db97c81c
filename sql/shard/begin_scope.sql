-- A scope that is never ended has failed.
INSERT INTO scope (account_id, account_name, region, outcome, finished_at, duplicates)
VALUES (:account_id, :account_name, :region, 'failed', :now, 0);
