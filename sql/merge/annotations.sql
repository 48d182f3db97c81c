-- An annotation that alone changed is updated in place, unless a later run that was read has this
-- same interval: then its annotation is the newer one.
INSERT INTO touched (rule_key, resource_key, mode, began, annotation_key)
SELECT rule_key, resource_key, mode, old_began, annotation_key
FROM changed
WHERE compliance = old_compliance AND (next_run IS NULL OR old_ended <= next_run);

UPDATE interval
SET annotation_key = (SELECT t.annotation_key FROM touched t
                      WHERE t.rule_key = interval.rule_key
                        AND t.resource_key = interval.resource_key
                        AND t.mode = interval.mode)
WHERE (rule_key, resource_key, mode, began)
    IN (SELECT rule_key, resource_key, mode, began FROM touched);

DELETE FROM touched;
DELETE FROM changed WHERE compliance = old_compliance;
