-- Tags of the rules that were read, from run to run, in the newest run that read them. An older run
-- leaves tags alone: what later runs say of them stands.
UPDATE rule_tag
SET ended = :run_no
WHERE ended IS NULL
  AND rule_key IN (SELECT t.rule_key FROM taken_rule t JOIN map_rule m ON m.shard_key = t.shard_key
                   WHERE t.outcome = 'read' AND m.next_run IS NULL)
  AND NOT EXISTS (SELECT 1 FROM taken_rule t JOIN shard.rule_tag n ON n.rule_key = t.shard_key
                  WHERE t.rule_key = rule_tag.rule_key AND n.tag_key = rule_tag.tag_key
                    AND n.value = rule_tag.value);

DELETE FROM rule_tag
WHERE ended = began AND rule_key IN (SELECT rule_key FROM taken_rule);

INSERT INTO rule_tag (rule_key, tag_key, began, value)
SELECT t.rule_key, n.tag_key, :run_no, n.value
FROM taken_rule t
JOIN map_rule m ON m.shard_key = t.shard_key
JOIN shard.rule_tag n ON n.rule_key = t.shard_key
WHERE t.outcome = 'read' AND m.next_run IS NULL
  AND NOT EXISTS (SELECT 1 FROM rule_tag h
                  WHERE h.rule_key = t.rule_key AND h.tag_key = n.tag_key AND h.ended IS NULL);
