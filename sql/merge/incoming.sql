-- The evaluations that count, in the history's keys. One that names a resource of another scope is
-- left out, and so counts as refused.

-- Of rules that the history knows nothing of, they are intervals already.
INSERT INTO interval (rule_key, resource_key, mode, began, ended, compliance, annotation_key)
SELECT m.rule_key, r.resource_key, e.mode, :run_no, m.next_run, e.compliance, a.annotation_key
FROM (SELECT * FROM map_rule WHERE is_fresh ORDER BY rule_key) m
CROSS JOIN shard.evaluation e ON e.rule_key = m.shard_key
CROSS JOIN map_resource r ON r.shard_key = e.resource_key AND r.scope_key = m.scope_key
LEFT JOIN map_annotation a ON a.shard_key = e.annotation_key;

-- Of all others, they are compared with it first.
INSERT INTO incoming (rule_key, resource_key, mode, compliance, annotation_key)
SELECT m.rule_key, r.resource_key, e.mode, e.compliance, a.annotation_key
FROM (SELECT * FROM map_rule WHERE NOT is_fresh ORDER BY rule_key) m
CROSS JOIN shard.evaluation e ON e.rule_key = m.shard_key
CROSS JOIN map_resource r ON r.shard_key = e.resource_key AND r.scope_key = m.scope_key
LEFT JOIN map_annotation a ON a.shard_key = e.annotation_key;
