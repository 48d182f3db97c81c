SELECT count(*),
       coalesce(sum(outcome = 'scanned'), 0),
       coalesce(sum(outcome = 'denied'), 0),
       coalesce(sum(outcome = 'failed'), 0),
       coalesce(sum(outcome = 'skipped'), 0),
       (SELECT count(*) FROM rule),
       (SELECT count(*) FROM rule WHERE outcome = 'failed'),
       (SELECT count(*) FROM evaluation),
       -- Regions that no account has on.
       (SELECT coalesce(group_concat(region, ', '), '')
        FROM (SELECT region FROM scope
              GROUP BY region
              HAVING sum(error_code IS 'region_off') > 0 AND sum(outcome <> 'skipped') = 0
              ORDER BY region))
FROM scope;
