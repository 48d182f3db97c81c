-- About how many rows the workbook of a run has: its findings, as many that came or went, its scopes.
SELECT (SELECT coalesce(sum(2 * c.non_compliant), 0)
        FROM count_account c WHERE c.run_no = r.run_no)
       + (SELECT count(*) FROM run_scope k WHERE k.run_no = r.run_no)
FROM run r
WHERE r.group_id = :group_id;
