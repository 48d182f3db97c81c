-- What the shard says by rule, and of tags, counted while nobody waits for it. It goes into the
-- shard's file, which is our own copy by now, and was checked before.
PRAGMA shard.journal_mode = OFF;
PRAGMA shard.synchronous = OFF;
CREATE TABLE shard.rule_total (
    rule_key INTEGER PRIMARY KEY,
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

-- Tags of resources: each combination once, as a JSON object.
CREATE TABLE shard.tagged (
    -- A resource whose tags were read.
    resource_key INTEGER PRIMARY KEY,
    scope_key INTEGER NOT NULL,
    tags TEXT NOT NULL
) STRICT;
INSERT INTO shard.tagged
SELECT r.resource_key, r.scope_key,
       json_group_object(t.tag_key, t.value) FILTER (WHERE t.tag_key IS NOT NULL)
FROM shard.resource r
LEFT JOIN shard.resource_tag t ON t.resource_key = r.resource_key
WHERE r.tags = 2
GROUP BY r.resource_key;
CREATE TABLE shard.told_tag_set (
    tag_set_key INTEGER PRIMARY KEY,
    tags TEXT NOT NULL UNIQUE
) STRICT;
INSERT OR IGNORE INTO shard.told_tag_set (tags) SELECT tags FROM shard.tagged;
CREATE TABLE shard.told_tags (
    -- The same in numbers.
    resource_key INTEGER PRIMARY KEY,
    scope_key INTEGER NOT NULL,
    tag_set_key INTEGER NOT NULL
) STRICT;
INSERT INTO shard.told_tags
SELECT t.resource_key, t.scope_key, s.tag_set_key
FROM shard.tagged t CROSS JOIN shard.told_tag_set s ON s.tags = t.tags;

CREATE TABLE shard.tagless_scope (
    -- A scope in which some tags were wanted, and none could be read. An account as such has none.
    scope_key INTEGER PRIMARY KEY
) STRICT;
INSERT OR IGNORE INTO shard.tagless_scope
SELECT r.scope_key
FROM shard.resource r
CROSS JOIN shard.resource_type t ON t.resource_type_key = r.resource_type_key
WHERE r.tags = 1 AND t.name <> 'AWS::::Account';
DELETE FROM shard.tagless_scope WHERE scope_key IN (SELECT scope_key FROM shard.tagged);
