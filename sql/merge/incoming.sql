-- Evaluations of rules that the history knows nothing of are intervals at once.
INSERT INTO interval (rule_key, resource_key, mode, began, ended, compliance, annotation_key)
SELECT m.rule_key, e.resource_key + m.shift, e.mode, :run_no, m.next_run, e.compliance,
       a.annotation_key
FROM (SELECT * FROM map_rule WHERE shift IS NOT NULL ORDER BY rule_key) m
CROSS JOIN shard.evaluation e ON e.rule_key = m.shard_key
LEFT JOIN map_annotation a ON a.shard_key = e.annotation_key;

INSERT INTO merged (evaluations) VALUES (changes());

-- In a scope that is known, one that names a resource of another scope is left out, and so counts
-- as refused.
INSERT INTO interval (rule_key, resource_key, mode, began, ended, compliance, annotation_key)
SELECT m.rule_key, r.resource_key, e.mode, :run_no, m.next_run, e.compliance, a.annotation_key
FROM (SELECT * FROM map_rule WHERE is_fresh AND shift IS NULL ORDER BY rule_key) m
CROSS JOIN shard.evaluation e ON e.rule_key = m.shard_key
CROSS JOIN map_resource r ON r.shard_key = e.resource_key AND r.scope_key = m.scope_key
LEFT JOIN map_annotation a ON a.shard_key = e.annotation_key;

INSERT INTO merged (evaluations) VALUES (changes());

INSERT INTO refused_rule (rule_key)
SELECT rule_key FROM map_rule
WHERE is_fresh AND (SELECT sum(evaluations) FROM merged)
                   <> (SELECT sum(f.evaluations) FROM map_rule f WHERE f.is_fresh);
