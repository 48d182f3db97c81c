-- What the shard says by rule, and of tags, counted while nobody waits for it. It goes into the
-- shard's file, which is our own copy by now, and was checked before.
PRAGMA shard.journal_mode = OFF;
PRAGMA shard.synchronous = OFF;
CREATE TABLE shard.rule_total (
    rule_key INTEGER PRIMARY KEY CHECK (rule_key > 0), -- see rules.sql
    evaluations INTEGER NOT NULL, -- of both modes
    compliant INTEGER NOT NULL, -- DETECTIVE ones, as are the next two
    non_compliant INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL,
    strays INTEGER NOT NULL -- evaluations that name a resource of another scope
) STRICT;
INSERT INTO shard.rule_total
SELECT u.rule_key, count(*),
       count(*) FILTER (WHERE e.compliance = 0 AND e.mode = 0),
       count(*) FILTER (WHERE e.compliance = 1 AND e.mode = 0),
       count(*) FILTER (WHERE e.compliance = 2 AND e.mode = 0),
       count(*) FILTER (WHERE r.scope_key <> u.scope_key)
FROM shard.rule u
CROSS JOIN shard.evaluation e ON e.rule_key = u.rule_key
CROSS JOIN shard.resource r ON r.resource_key = e.resource_key
GROUP BY u.rule_key;

-- Combinations of tags as the history writes them: texts in the order of their keys, no more of one
-- than anybody has.
CREATE TABLE shard.told_tag_set (
    tag_set_key INTEGER PRIMARY KEY,
    tags TEXT NOT NULL -- not so where the shard has no JSON, which is then refused
) STRICT;
INSERT INTO shard.told_tag_set
SELECT s.tag_set_key,
       CASE WHEN json_valid(s.tags) THEN
           (SELECT json_group_object(t.key, t.value)
            FROM (SELECT j.key, max(j.value) AS value
                  FROM json_each(s.tags) j
                  WHERE j.type = 'text' AND length(j.key) BETWEEN 1 AND 128
                    AND length(j.value) <= 256
                  GROUP BY j.key ORDER BY j.key LIMIT 100) t)
       END
FROM shard.tag_set s;

CREATE TABLE shard.tagless_scope (
    -- A scope in which some tags were wanted, and none could be read. An account as such has none.
    scope_key INTEGER PRIMARY KEY
) STRICT;
INSERT OR IGNORE INTO shard.tagless_scope
SELECT r.scope_key
FROM shard.resource r
CROSS JOIN shard.resource_type t ON t.resource_type_key = r.resource_type_key
WHERE r.wants_tags AND r.tag_set_key IS NULL AND t.name <> 'AWS::::Account';
DELETE FROM shard.tagless_scope
WHERE scope_key IN (SELECT scope_key FROM shard.resource WHERE tag_set_key IS NOT NULL);
