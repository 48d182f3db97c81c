-- … and where the next run that was read has the same state, both are one interval.
CREATE TEMP TABLE IF NOT EXISTS joined (
    rule_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    began INTEGER NOT NULL,
    next_began INTEGER NOT NULL,
    next_ended INTEGER,
    annotation_key INTEGER,
    PRIMARY KEY (rule_key, resource_key, mode)
) WITHOUT ROWID;
DELETE FROM joined;
INSERT INTO joined
SELECT i.rule_key, i.resource_key, i.mode, i.began, n.began, n.ended, n.annotation_key
FROM changed c
CROSS JOIN interval i ON i.rule_key = c.rule_key AND i.resource_key = c.resource_key
               AND i.mode = c.mode AND i.began <= :run_no AND i.ended = c.next_run
CROSS JOIN interval n ON n.rule_key = i.rule_key AND n.resource_key = i.resource_key
               AND n.mode = i.mode AND n.began = c.next_run AND n.compliance = i.compliance
WHERE c.next_run IS NOT NULL;

DELETE FROM interval
WHERE (rule_key, resource_key, mode, began)
    IN (SELECT rule_key, resource_key, mode, next_began FROM joined);

UPDATE interval
SET ended = j.next_ended, annotation_key = j.annotation_key
FROM joined j
WHERE interval.rule_key = j.rule_key AND interval.resource_key = j.resource_key
  AND interval.mode = j.mode AND interval.began = j.began;
