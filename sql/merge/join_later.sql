-- Where the next run that was read has the same state, both intervals are one.
INSERT INTO touched (rule_key, resource_key, mode, began, ended, annotation_key, later_began)
SELECT i.rule_key, i.resource_key, i.mode, i.began, n.ended, n.annotation_key, n.began
FROM changed c
CROSS JOIN interval i ON i.rule_key = c.rule_key AND i.resource_key = c.resource_key
                     AND i.mode = c.mode AND i.began <= :run_no
CROSS JOIN interval n ON n.rule_key = i.rule_key AND n.resource_key = i.resource_key
                     AND n.mode = i.mode AND n.began = c.next_run
WHERE i.ended = c.next_run AND n.compliance = i.compliance;

DELETE FROM interval
WHERE (rule_key, resource_key, mode, began)
    IN (SELECT rule_key, resource_key, mode, later_began FROM touched);

UPDATE interval
SET (ended, annotation_key) = (SELECT t.ended, t.annotation_key FROM touched t
                               WHERE t.rule_key = interval.rule_key
                                 AND t.resource_key = interval.resource_key
                                 AND t.mode = interval.mode)
WHERE (rule_key, resource_key, mode, began)
    IN (SELECT rule_key, resource_key, mode, began FROM touched);

DELETE FROM touched;
