-- What the worker could not read: a row for each scope, then for each rule, with its reason. Columns
-- are named as in queries/gaps.sql.
SELECT 'scope' AS what, account_id, account_name, region, NULL AS name, outcome, error_code, message
FROM scope
WHERE outcome IN ('denied', 'failed')
UNION ALL
SELECT 'rule', s.account_id, s.account_name, s.region, r.name, r.outcome, r.error_code, r.message
FROM rule r
JOIN scope s ON s.scope_key = r.scope_key
WHERE r.outcome = 'failed'
ORDER BY what DESC, account_id, region, name;
