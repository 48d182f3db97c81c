-- How many calls the accounts of the newest run are worth: one for the role, and for each scope, as
-- it was last scanned, two for what is asked first, one for each rule, and one for every hundred
-- evaluations. No more than 1,000,000,000, which no account has.
SELECT a.account_id,
       min(1000000000, 1 + sum(2 + k.rules + (k.evaluations + 99) / 100)) AS calls
FROM run_account r
CROSS JOIN account a ON a.account_key = r.account_key
CROSS JOIN scope s ON s.account_key = r.account_key
CROSS JOIN run_scope k
    ON k.scope_key = s.scope_key
    AND k.run_no = (SELECT max(l.run_no) FROM run_scope l
                    WHERE l.scope_key = s.scope_key AND l.outcome = 'scanned')
WHERE r.run_no = (SELECT max(run_no) FROM run)
GROUP BY a.account_id
ORDER BY a.account_id;
