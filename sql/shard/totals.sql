SELECT count(*),
       coalesce(sum(outcome = 'scanned'), 0),
       coalesce(sum(outcome = 'denied'), 0),
       coalesce(sum(outcome = 'failed'), 0),
       coalesce(sum(outcome = 'skipped'), 0),
       (SELECT count(*) FROM rule),
       (SELECT count(*) FROM rule WHERE outcome = 'failed'),
       (SELECT count(*) FROM evaluation)
FROM scope;
