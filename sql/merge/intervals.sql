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
FROM changed c
WHERE interval.rule_key = c.rule_key AND interval.resource_key = c.resource_key
  AND interval.mode = c.mode AND interval.began = c.old_began AND c.old_began < :run_no;

-- The new state: goes on from an interval that ended here with the same state …
UPDATE interval
SET ended = c.next_run, annotation_key = c.annotation_key
FROM changed c
WHERE interval.rule_key = c.rule_key AND interval.resource_key = c.resource_key
  AND interval.mode = c.mode AND interval.ended = :run_no
  AND interval.compliance = c.compliance;

-- … or begins here …
INSERT INTO interval (rule_key, resource_key, mode, began, ended, compliance, annotation_key)
SELECT c.rule_key, c.resource_key, c.mode, :run_no, c.next_run, c.compliance, c.annotation_key
FROM changed c
WHERE c.compliance IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM interval i
                  WHERE i.rule_key = c.rule_key AND i.resource_key = c.resource_key
                    AND i.mode = c.mode AND i.began <= :run_no
                    AND (i.ended IS NULL OR i.ended > :run_no));
