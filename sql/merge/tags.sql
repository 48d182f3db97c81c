-- Tags of the rules that were read, from run to run: as evaluations are, set for this run and for no
-- other run that was read. A rule that had nothing to tell, or is gone, has none.
INSERT INTO changed_tag (rule_key, tag_key, next_run, value, old_began, old_ended, old_value)
SELECT m.rule_key, n.tag_key, m.next_run, n.value, h.began, h.ended, h.value
FROM map_rule m
CROSS JOIN shard.rule_tag n ON n.rule_key = m.shard_key
LEFT JOIN rule_tag h ON h.rule_key = m.rule_key AND h.tag_key = n.tag_key AND h.began <= :run_no
                    AND (h.ended IS NULL OR h.ended > :run_no)
WHERE h.value IS NOT n.value;

INSERT INTO changed_tag (rule_key, tag_key, next_run, old_began, old_ended, old_value)
SELECT m.rule_key, h.tag_key, m.next_run, h.began, h.ended, h.value
FROM map_rule m
CROSS JOIN rule_tag h ON h.rule_key = m.rule_key AND h.began <= :run_no
                     AND (h.ended IS NULL OR h.ended > :run_no)
WHERE NOT EXISTS (SELECT 1 FROM shard.rule_tag n
                  WHERE n.rule_key = m.shard_key AND n.tag_key = h.tag_key);

-- The old value is cut at the run; what it says from the next run on stays.
INSERT INTO rule_tag (rule_key, tag_key, began, ended, value)
SELECT rule_key, tag_key, next_run, old_ended, old_value
FROM changed_tag
WHERE next_run IS NOT NULL AND old_began IS NOT NULL
  AND (old_ended IS NULL OR old_ended > next_run);

DELETE FROM rule_tag
WHERE (rule_key, tag_key, began)
    IN (SELECT rule_key, tag_key, old_began FROM changed_tag WHERE old_began = :run_no);

UPDATE rule_tag
SET ended = :run_no
WHERE (rule_key, tag_key, began)
    IN (SELECT rule_key, tag_key, old_began FROM changed_tag WHERE old_began < :run_no);

-- The new one goes on from before and into what follows, where these say the same.
UPDATE changed_tag
SET began = coalesce((SELECT h.began FROM rule_tag h
                      WHERE h.rule_key = changed_tag.rule_key AND h.tag_key = changed_tag.tag_key
                        AND h.ended = :run_no AND h.value = changed_tag.value), :run_no),
    later_began = (SELECT h.began FROM rule_tag h
                   WHERE h.rule_key = changed_tag.rule_key AND h.tag_key = changed_tag.tag_key
                     AND h.began = changed_tag.next_run AND h.value = changed_tag.value),
    ended = next_run
WHERE value IS NOT NULL;

UPDATE changed_tag
SET ended = (SELECT h.ended FROM rule_tag h
             WHERE h.rule_key = changed_tag.rule_key AND h.tag_key = changed_tag.tag_key
               AND h.began = changed_tag.later_began)
WHERE later_began IS NOT NULL;

DELETE FROM rule_tag
WHERE (rule_key, tag_key, began)
    IN (SELECT rule_key, tag_key, later_began FROM changed_tag WHERE later_began IS NOT NULL);

INSERT OR REPLACE INTO rule_tag (rule_key, tag_key, began, ended, value)
SELECT rule_key, tag_key, began, ended, value FROM changed_tag WHERE value IS NOT NULL;
