-- A scope that is never ended has failed, and is left out of copies: see drop_unfinished.sql.
INSERT INTO scope (account_id, account_name, region, outcome, error_code, finished_at, duplicates)
VALUES (:account_id, :account_name, :region, 'failed', 'unfinished', :now, 0);
