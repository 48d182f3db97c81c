-- What the worker could not read: a row for each scope, with its reason. Columns are named as in
-- queries/gaps.sql.
SELECT 'scope' AS what, account_id, account_name, region, NULL AS name, outcome, error_code, message
FROM scope
WHERE outcome IN ('denied', 'failed')
ORDER BY account_id, region;
