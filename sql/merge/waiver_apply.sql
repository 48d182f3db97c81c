-- Makes that change. An acceptance that this run began is as if it had never been; one that it
-- ended goes on when this run, merged again, accepts it after all.
DELETE FROM accepted
WHERE (rule_key, resource_key, began)
    IN (SELECT rule_key, resource_key, began FROM acceptance_end WHERE began = :run_no);

UPDATE accepted
SET ended = :run_no
WHERE (rule_key, resource_key, began)
    IN (SELECT rule_key, resource_key, began FROM acceptance_end WHERE began < :run_no);

UPDATE accepted
SET ended = NULL
WHERE (rule_key, resource_key, began)
    IN (SELECT x.rule_key, x.resource_key, x.began
        FROM acceptance_begin b
        CROSS JOIN accepted x ON x.rule_key = b.rule_key AND x.resource_key = b.resource_key
        WHERE x.ended = :run_no AND x.waiver_key = b.waiver_key);

INSERT INTO accepted (rule_key, resource_key, began, waiver_key)
SELECT b.rule_key, b.resource_key, :run_no, b.waiver_key
FROM acceptance_begin b
WHERE NOT EXISTS (SELECT 1 FROM accepted x
                  WHERE x.rule_key = b.rule_key AND x.resource_key = b.resource_key
                    AND x.ended IS NULL);

DELETE FROM run_waiver WHERE run_no = :run_no;
INSERT INTO run_waiver (run_no, waiver_key, line, findings, findings_unread)
SELECT :run_no, waiver_key, min(line), 0, 0 FROM map_waiver GROUP BY waiver_key;

DELETE FROM waiver_problem WHERE run_no = :run_no;
INSERT INTO waiver_problem (run_no, line, message)
SELECT :run_no, line, message FROM bad_waiver_line;

DELETE FROM waiver
WHERE waiver_key NOT IN (SELECT waiver_key FROM run_waiver)
  AND waiver_key NOT IN (SELECT waiver_key FROM accepted);
