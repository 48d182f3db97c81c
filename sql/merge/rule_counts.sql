-- What a run says, counted by rule: the ground on which waivers and rollups stand.
CREATE TEMP TABLE IF NOT EXISTS rule_count (
    rule_key INTEGER NOT NULL,
    compliance INTEGER NOT NULL,
    evaluations INTEGER NOT NULL, -- of both modes
    detective INTEGER NOT NULL,
    PRIMARY KEY (rule_key, compliance)
) WITHOUT ROWID;
DELETE FROM rule_count;
INSERT INTO rule_count
SELECT i.rule_key, i.compliance, count(*), sum(i.mode = 0)
FROM interval i
WHERE i.began <= :run_no AND (i.ended IS NULL OR i.ended > :run_no)
GROUP BY i.rule_key, i.compliance;

-- Only rules that were read in this run.
DELETE FROM rule_count
WHERE rule_key NOT IN (SELECT r.rule_key
                       FROM run_scope k JOIN rule r ON r.scope_key = k.scope_key
                       WHERE k.run_no = :run_no AND k.outcome = 'scanned')
   OR rule_key IN (SELECT x.rule_key FROM run_rule x
                   WHERE x.run_no = :run_no AND x.outcome = 'failed');
