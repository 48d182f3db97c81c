-- What differs from the history at this run: another state or annotation, or not known to it …
INSERT INTO changed (rule_key, resource_key, mode, next_run, compliance, annotation_key,
                     old_began, old_ended, old_compliance, old_annotation_key)
SELECT n.rule_key, n.resource_key, n.mode, m.next_run, n.compliance, n.annotation_key,
       i.began, i.ended, i.compliance, i.annotation_key
FROM (SELECT * FROM map_rule WHERE NOT is_fresh ORDER BY rule_key) m
CROSS JOIN incoming n ON n.rule_key = m.rule_key
LEFT JOIN interval i ON i.rule_key = n.rule_key AND i.resource_key = n.resource_key
                    AND i.mode = n.mode AND i.began <= :run_no
                    AND (i.ended IS NULL OR i.ended > :run_no)
WHERE i.compliance IS NOT n.compliance OR i.annotation_key IS NOT n.annotation_key;

-- … or known to it and no longer reported.
INSERT INTO changed (rule_key, resource_key, mode, next_run,
                     old_began, old_ended, old_compliance, old_annotation_key)
SELECT i.rule_key, i.resource_key, i.mode, m.next_run,
       i.began, i.ended, i.compliance, i.annotation_key
FROM (SELECT * FROM map_rule WHERE NOT is_fresh ORDER BY rule_key) m
CROSS JOIN interval i ON i.rule_key = m.rule_key AND i.began <= :run_no
                     AND (i.ended IS NULL OR i.ended > :run_no)
WHERE NOT EXISTS (SELECT 1 FROM incoming n
                  WHERE n.rule_key = i.rule_key AND n.resource_key = i.resource_key
                    AND n.mode = i.mode);
