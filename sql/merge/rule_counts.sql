-- What a run says, counted by rule: the ground on which waivers and rollups stand. Only rules that
-- were read in this run.
CREATE TEMP TABLE IF NOT EXISTS rule_count (
    rule_key INTEGER PRIMARY KEY,
    evaluations INTEGER NOT NULL, -- of both modes
    compliant INTEGER NOT NULL, -- DETECTIVE ones, as are the next two
    non_compliant INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL
);
DELETE FROM rule_count;
INSERT INTO rule_count
SELECT t.rule_key, t.evaluations, t.compliant, t.non_compliant, t.not_applicable
FROM told_rule t
CROSS JOIN rule r ON r.rule_key = t.rule_key
CROSS JOIN run_scope k ON k.run_no = :run_no AND k.scope_key = r.scope_key
                      AND k.outcome = 'scanned'
WHERE t.run_no = :run_no
  AND NOT EXISTS (SELECT 1 FROM run_rule x
                  WHERE x.run_no = :run_no AND x.rule_key = t.rule_key AND x.outcome = 'failed');

-- Those that no shard told of this time, and runs after this one.
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
WHERE NOT EXISTS (SELECT 1 FROM told_rule t WHERE t.rule_key = r.rule_key AND t.run_no = :run_no)
  AND NOT EXISTS (SELECT 1 FROM run_rule x
                  WHERE x.run_no = :run_no AND x.rule_key = r.rule_key AND x.outcome = 'failed')
GROUP BY r.rule_key;
