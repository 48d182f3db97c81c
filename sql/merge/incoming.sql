-- The evaluations that count, in the history's keys. One that names a resource of another scope is
-- left out, and so counts as refused.
INSERT INTO incoming (rule_key, resource_key, mode, compliance, annotation_key)
SELECT m.rule_key, r.resource_key, e.mode, e.compliance, a.annotation_key
FROM map_rule m
JOIN shard.evaluation e ON e.rule_key = m.shard_key
JOIN map_resource r ON r.shard_key = e.resource_key AND r.scope_key = m.scope_key
LEFT JOIN map_annotation a ON a.shard_key = e.annotation_key;
