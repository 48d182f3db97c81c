-- What differs from the history at this run: another state or annotation, or not known to it …
-- One that names a resource of another scope is set apart by its mode.
INSERT INTO changed (rule_key, resource_key, mode, next_run, compliance, annotation_key,
                     old_began, old_ended, old_compliance, old_annotation_key)
SELECT m.rule_key, coalesce(r.resource_key, e.resource_key),
       iif(r.resource_key IS NULL, e.mode + 2, e.mode), m.next_run, e.compliance, a.annotation_key,
       i.began, i.ended, i.compliance, i.annotation_key
FROM (SELECT * FROM map_rule WHERE NOT is_fresh ORDER BY rule_key) m
CROSS JOIN shard.evaluation e ON e.rule_key = m.shard_key
LEFT JOIN map_resource r ON r.shard_key = e.resource_key AND r.scope_key = m.scope_key
LEFT JOIN map_annotation a ON a.shard_key = e.annotation_key
LEFT JOIN interval i ON i.rule_key = m.rule_key AND i.resource_key = r.resource_key
                    AND i.mode = e.mode AND i.began <= :run_no
                    AND (i.ended IS NULL OR i.ended > :run_no)
WHERE i.compliance IS NOT e.compliance OR i.annotation_key IS NOT a.annotation_key;

INSERT INTO merged (evaluations)
SELECT (SELECT coalesce(sum(evaluations), 0) FROM map_rule WHERE NOT is_fresh)
           - (SELECT count(*) FROM changed WHERE mode > 1);

-- … or known to it and no longer reported. That needs a look at each evaluation only in rules of
-- which more is known than was found again: all that the shard has but what is new or refused.
INSERT INTO shrunk_rule (rule_key)
SELECT m.rule_key
FROM map_rule m
WHERE NOT m.is_fresh
  AND m.evaluations - (SELECT count(*) FROM changed c
                       WHERE c.rule_key = m.rule_key AND c.old_began IS NULL)
      < (SELECT count(*) FROM interval i
         WHERE i.rule_key = m.rule_key AND i.began <= :run_no
           AND (i.ended IS NULL OR i.ended > :run_no));

INSERT OR IGNORE INTO refused_rule (rule_key) SELECT rule_key FROM changed WHERE mode > 1;
DELETE FROM changed WHERE mode > 1;

INSERT INTO incoming (rule_key, resource_key, mode)
SELECT m.rule_key, r.resource_key, e.mode
FROM shrunk_rule g
CROSS JOIN map_rule m ON m.rule_key = g.rule_key
CROSS JOIN shard.evaluation e ON e.rule_key = m.shard_key
CROSS JOIN map_resource r ON r.shard_key = e.resource_key AND r.scope_key = m.scope_key;

INSERT INTO changed (rule_key, resource_key, mode, next_run,
                     old_began, old_ended, old_compliance, old_annotation_key)
SELECT i.rule_key, i.resource_key, i.mode, m.next_run,
       i.began, i.ended, i.compliance, i.annotation_key
FROM shrunk_rule g
CROSS JOIN map_rule m ON m.rule_key = g.rule_key
CROSS JOIN interval i ON i.rule_key = m.rule_key AND i.began <= :run_no
                     AND (i.ended IS NULL OR i.ended > :run_no)
WHERE NOT EXISTS (SELECT 1 FROM incoming n
                  WHERE n.rule_key = i.rule_key AND n.resource_key = i.resource_key
                    AND n.mode = i.mode);
