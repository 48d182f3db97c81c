-- What the shard says by rule, and of tags, counted while nobody waits for it. It goes into the
-- shard's file, which is our own copy by now, and was checked before.
PRAGMA shard.journal_mode = OFF;
PRAGMA shard.synchronous = OFF;
CREATE TABLE shard.rule_total (
    rule_key INTEGER PRIMARY KEY,
    evaluations INTEGER NOT NULL, -- of both modes
    compliant INTEGER NOT NULL, -- DETECTIVE ones, as are the next two
    non_compliant INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL
) STRICT;
INSERT INTO shard.rule_total
SELECT e.rule_key, count(*),
       count(*) FILTER (WHERE e.compliance = 0 AND e.mode = 0),
       count(*) FILTER (WHERE e.compliance = 1 AND e.mode = 0),
       count(*) FILTER (WHERE e.compliance = 2 AND e.mode = 0)
FROM shard.evaluation e
GROUP BY e.rule_key;

-- Tags of resources: each combination once, as a JSON object; no more of one than anybody has.
CREATE TABLE shard.told_tags (
    -- A resource whose tags were read.
    resource_key INTEGER PRIMARY KEY,
    tags TEXT NOT NULL
) STRICT;
INSERT INTO shard.told_tags
SELECT r.resource_key,
       (SELECT json_group_object(t.tag_key, t.value)
        FROM (SELECT x.tag_key, x.value FROM shard.resource_tag x
              WHERE x.resource_key = r.resource_key
              ORDER BY x.tag_key LIMIT 100) t)
FROM shard.resource r
WHERE r.tags = 2;
CREATE TABLE shard.told_tag_set (
    tags TEXT NOT NULL UNIQUE
) STRICT;
INSERT OR IGNORE INTO shard.told_tag_set SELECT tags FROM shard.told_tags;
CREATE TABLE shard.tagless_scope (
    -- A scope in which some tags were wanted, and none could be read. An account as such has none.
    scope_key INTEGER PRIMARY KEY
) STRICT;
INSERT OR IGNORE INTO shard.tagless_scope
SELECT r.scope_key
FROM shard.resource r
CROSS JOIN shard.resource_type t ON t.resource_type_key = r.resource_type_key
WHERE r.tags = 1 AND t.name <> 'AWS::::Account';
DELETE FROM shard.tagless_scope
WHERE scope_key IN (SELECT r.scope_key
                    FROM shard.told_tags n
                    CROSS JOIN shard.resource r ON r.resource_key = n.resource_key);
