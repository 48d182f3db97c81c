-- An annotation that alone changed is updated in place, unless a later run that was read has this
-- same interval: then its annotation is the newer one.
UPDATE interval
SET annotation_key = n.annotation_key
FROM incoming n JOIN map_rule m ON m.rule_key = n.rule_key
WHERE interval.rule_key = n.rule_key
  AND interval.resource_key = n.resource_key
  AND interval.mode = n.mode
  AND interval.began <= :run_no
  AND (interval.ended IS NULL OR interval.ended > :run_no)
  AND interval.compliance = n.compliance
  AND interval.annotation_key IS NOT n.annotation_key
  AND (m.next_run IS NULL OR interval.ended <= m.next_run);
