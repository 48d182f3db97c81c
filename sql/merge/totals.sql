SELECT count(*),
       coalesce(sum(outcome = 'scanned'), 0),
       coalesce(sum(outcome = 'denied'), 0),
       coalesce(sum(outcome = 'failed'), 0),
       coalesce(sum(outcome = 'missing'), 0),
       coalesce(sum(outcome = 'skipped'), 0),
       coalesce(sum(rules_failed), 0),
       (SELECT scan_date FROM run WHERE run_no = :run_no),
       (SELECT count(*) FROM run_waiver WHERE run_no = :run_no AND line IS NOT NULL),
       (SELECT coalesce(sum(waived), 0) FROM count_environment WHERE run_no = :run_no),
       -- Regions that no account has on.
       (SELECT coalesce(group_concat(region, ', '), '')
        FROM (SELECT s.region
              FROM run_scope k
              CROSS JOIN scope s ON s.scope_key = k.scope_key
              WHERE k.run_no = :run_no
              GROUP BY s.region
              HAVING sum(k.error_code IS 'region_off') > 0 AND sum(k.outcome <> 'skipped') = 0
              ORDER BY s.region)),
       (SELECT coalesce(sum(new_findings), 0) FROM count_environment WHERE run_no = :run_no),
       (SELECT coalesce(sum(non_compliant), 0) FROM count_environment WHERE run_no = :run_no)
FROM run_scope
WHERE run_no = :run_no;
