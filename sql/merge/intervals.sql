-- Sets what the history says of the changed evaluations at this run, and at no other run that was
-- read. The old interval is cut at the run; what it says from the next run on stays.
INSERT INTO interval (rule_key, resource_key, mode, began, ended, compliance, annotation_key)
SELECT rule_key, resource_key, mode, next_run, old_ended, old_compliance, old_annotation_key
FROM changed
WHERE next_run IS NOT NULL AND old_began IS NOT NULL
  AND (old_ended IS NULL OR old_ended > next_run);

DELETE FROM interval
WHERE (rule_key, resource_key, mode, began)
    IN (SELECT rule_key, resource_key, mode, old_began FROM changed WHERE old_began = :run_no);

UPDATE interval
SET ended = :run_no
WHERE (rule_key, resource_key, mode, began)
    IN (SELECT rule_key, resource_key, mode, old_began FROM changed WHERE old_began < :run_no);

-- The new state goes on from an interval that ended here with the same state …
INSERT INTO touched (rule_key, resource_key, mode, began, ended, annotation_key)
SELECT c.rule_key, c.resource_key, c.mode, i.began, c.next_run, c.annotation_key
FROM changed c
CROSS JOIN interval i ON i.rule_key = c.rule_key AND i.resource_key = c.resource_key
                     AND i.mode = c.mode AND i.began < :run_no
WHERE i.ended = :run_no AND i.compliance = c.compliance;

UPDATE interval
SET (ended, annotation_key) = (SELECT t.ended, t.annotation_key FROM touched t
                               WHERE t.rule_key = interval.rule_key
                                 AND t.resource_key = interval.resource_key
                                 AND t.mode = interval.mode)
WHERE (rule_key, resource_key, mode, began)
    IN (SELECT rule_key, resource_key, mode, began FROM touched);

-- … or begins here.
INSERT INTO interval (rule_key, resource_key, mode, began, ended, compliance, annotation_key)
SELECT c.rule_key, c.resource_key, c.mode, :run_no, c.next_run, c.compliance, c.annotation_key
FROM changed c
WHERE c.compliance IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM touched t
                  WHERE t.rule_key = c.rule_key AND t.resource_key = c.resource_key
                    AND t.mode = c.mode);

DELETE FROM touched;
