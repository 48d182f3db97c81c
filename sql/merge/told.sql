-- Of a rule that was merged, the history says of this run just what the shard says; where something
-- was refused it is counted from the intervals.
DELETE FROM told_rule WHERE rule_key IN (SELECT rule_key FROM map_rule);
INSERT INTO told_rule (rule_key, evaluations, compliant, non_compliant, not_applicable, run_no)
SELECT m.rule_key, n.evaluations, n.compliant, n.non_compliant, n.not_applicable, :run_no
FROM map_rule m
CROSS JOIN shard.rule_total n ON n.rule_key = m.shard_key
WHERE m.rule_key NOT IN (SELECT rule_key FROM refused_rule);
