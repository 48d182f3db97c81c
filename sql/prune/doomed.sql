-- States that had ended before the run. One that ended just there stays: `changes` tells of it. So
-- does a finding that came back later: that one is reopened, and not new.
CREATE TEMP TABLE doomed AS
SELECT i.rule_key, i.resource_key, i.mode, i.began
FROM interval i
WHERE i.ended < :before_run
  AND NOT (i.compliance = 1
           AND EXISTS (SELECT 1 FROM interval n
                       WHERE n.rule_key = i.rule_key AND n.resource_key = i.resource_key
                         AND n.mode = i.mode AND n.began > i.began AND n.compliance = 1));
