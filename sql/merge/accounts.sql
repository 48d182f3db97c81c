-- Accounts of a run, for their environment.
SELECT a.account_id, ra.name, ra.org_path
FROM run_account ra JOIN account a ON a.account_key = ra.account_key
WHERE ra.run_no = :run_no;
