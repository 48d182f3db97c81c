-- An annotation that alone changed is updated in place, unless a later run that was read has this
-- same interval: then its annotation is the newer one.
INSERT INTO touched (rule_key, resource_key, mode, began, annotation_key)
SELECT i.rule_key, i.resource_key, i.mode, i.began, n.annotation_key
FROM incoming n
CROSS JOIN map_rule m ON m.rule_key = n.rule_key
CROSS JOIN interval i ON i.rule_key = n.rule_key AND i.resource_key = n.resource_key
                     AND i.mode = n.mode AND i.began <= :run_no
                     AND (i.ended IS NULL OR i.ended > :run_no)
WHERE i.compliance = n.compliance
  AND i.annotation_key IS NOT n.annotation_key
  AND (m.next_run IS NULL OR i.ended <= m.next_run);

UPDATE interval
SET annotation_key = (SELECT t.annotation_key FROM touched t
                      WHERE t.rule_key = interval.rule_key
                        AND t.resource_key = interval.resource_key
                        AND t.mode = interval.mode)
WHERE (rule_key, resource_key, mode, began)
    IN (SELECT rule_key, resource_key, mode, began FROM touched);

DELETE FROM touched;
