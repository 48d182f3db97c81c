-- What a run says, counted by rule: the ground on which waivers and rollups stand. Only rules that
-- were read in this run, in the order of their intervals: nothing is sorted.
CREATE TEMP TABLE IF NOT EXISTS rule_count (
    rule_key INTEGER PRIMARY KEY,
    evaluations INTEGER NOT NULL, -- of both modes
    compliant INTEGER NOT NULL, -- DETECTIVE ones, as are the next two
    non_compliant INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL
);
DELETE FROM rule_count;
INSERT INTO rule_count
SELECT r.rule_key, count(*),
       count(*) FILTER (WHERE i.compliance = 0 AND i.mode = 0),
       count(*) FILTER (WHERE i.compliance = 1 AND i.mode = 0),
       count(*) FILTER (WHERE i.compliance = 2 AND i.mode = 0)
FROM rule r
CROSS JOIN run_scope k ON k.run_no = :run_no AND k.scope_key = r.scope_key
                      AND k.outcome = 'scanned'
CROSS JOIN interval i ON i.rule_key = r.rule_key AND i.began <= :run_no
                     AND (i.ended IS NULL OR i.ended > :run_no)
WHERE NOT EXISTS (SELECT 1 FROM run_rule x
                  WHERE x.run_no = :run_no AND x.rule_key = r.rule_key AND x.outcome = 'failed')
GROUP BY r.rule_key;
