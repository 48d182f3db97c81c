-- What the attached shard says that no scanner writes, and that the CHECKs of its tables let through:
-- SQLite's length() and GLOB stop at a character U+0000. The first such column; no row = none.
-- is_text(x): UTF-8 without U+0000. is_time(x): 2026-11-22T06:00:00.000Z, so that texts compare as
-- times do. Both are functions of the connection that checks.
SELECT 'info' AS name FROM shard.info WHERE NOT is_text(name) OR NOT is_text(value)
UNION ALL
SELECT 'info' FROM shard.info WHERE name IN ('started_at', 'finished_at') AND NOT is_time(value)
UNION ALL
SELECT 'scope' FROM shard.scope
WHERE scope_key <= 0 OR NOT is_text(account_id) OR NOT is_text(account_name) OR NOT is_text(region)
   OR NOT is_text(outcome) OR NOT is_text(recorder) OR NOT is_text(error_code)
   OR NOT is_text(message)
UNION ALL
SELECT 'scope.finished_at' FROM shard.scope WHERE NOT is_time(finished_at)
UNION ALL
SELECT 'rule' FROM shard.rule
WHERE rule_key <= 0 OR NOT is_text(name) OR NOT is_text(source_owner)
   OR NOT is_text(source_identifier) OR NOT is_text(outcome) OR NOT is_text(error_code)
   OR NOT is_text(message)
UNION ALL
SELECT 'rule_tag' FROM shard.rule_tag WHERE NOT is_text(tag_key) OR NOT is_text(value)
UNION ALL
SELECT 'resource_type' FROM shard.resource_type WHERE resource_type_key <= 0 OR NOT is_text(name)
UNION ALL
SELECT 'tag_set' FROM shard.tag_set
WHERE tag_set_key <= 0 OR NOT is_text(tags)
   OR instr(replace(tags, '\\', ''), '\u0000') > 0 -- an escape of U+0000, at which JSON is cut
UNION ALL
SELECT 'tag_set' FROM shard.tag_set s, json_each(iif(json_valid(s.tags), s.tags, '{}')) j
WHERE NOT is_text(j.key) OR (j.type = 'text' AND NOT is_text(j.value))
UNION ALL
SELECT 'resource' FROM shard.resource WHERE resource_key <= 0 OR NOT is_text(name)
UNION ALL
SELECT 'annotation' FROM shard.annotation WHERE annotation_key <= 0 OR NOT is_text(text)
LIMIT 1;
