SELECT count(*),
       coalesce(sum(outcome = 'scanned'), 0),
       coalesce(sum(outcome = 'denied'), 0),
       coalesce(sum(outcome = 'failed'), 0),
       coalesce(sum(outcome = 'missing'), 0),
       coalesce(sum(outcome = 'skipped'), 0),
       coalesce(sum(rules_failed), 0),
       (SELECT scan_date FROM run WHERE run_no = :run_no),
       (SELECT count(*) FROM run_waiver WHERE run_no = :run_no AND line IS NOT NULL),
       (SELECT coalesce(sum(waived), 0) FROM count_environment WHERE run_no = :run_no)
FROM run_scope
WHERE run_no = :run_no;
