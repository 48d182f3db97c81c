-- What storing each run whole would cost: the same names and keys as in the history, and a row for
-- each evaluation of each run.
CREATE TABLE IF NOT EXISTS scope (
    scope_key INTEGER PRIMARY KEY, account_id TEXT NOT NULL, region TEXT NOT NULL,
    UNIQUE (account_id, region)
) STRICT;
CREATE TABLE IF NOT EXISTS rule (
    rule_key INTEGER PRIMARY KEY, scope_key INTEGER NOT NULL, name TEXT NOT NULL,
    UNIQUE (scope_key, name)
) STRICT;
CREATE TABLE IF NOT EXISTS resource_type (
    resource_type_key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS resource (
    resource_key INTEGER PRIMARY KEY, scope_key INTEGER NOT NULL,
    resource_type_key INTEGER NOT NULL, name TEXT NOT NULL,
    UNIQUE (scope_key, resource_type_key, name)
) STRICT;
CREATE TABLE IF NOT EXISTS annotation (
    annotation_key INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE IF NOT EXISTS evaluation (
    run_no INTEGER NOT NULL, rule_key INTEGER NOT NULL, resource_key INTEGER NOT NULL,
    mode INTEGER NOT NULL, compliance INTEGER NOT NULL, annotation_key INTEGER,
    PRIMARY KEY (run_no, rule_key, resource_key, mode)
) STRICT, WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS map_scope (
    shard_key INTEGER PRIMARY KEY, scope_key INTEGER NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS map_rule (
    rule_key INTEGER PRIMARY KEY, shard_key INTEGER NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS map_resource (
    shard_key INTEGER PRIMARY KEY, resource_key INTEGER NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS map_annotation (
    shard_key INTEGER PRIMARY KEY, annotation_key INTEGER NOT NULL
);
DELETE FROM map_scope;
DELETE FROM map_rule;
DELETE FROM map_resource;
DELETE FROM map_annotation;

INSERT OR IGNORE INTO scope (account_id, region) SELECT account_id, region FROM shard.scope;
INSERT INTO map_scope
SELECT s.scope_key, h.scope_key
FROM shard.scope s JOIN scope h ON h.account_id = s.account_id AND h.region = s.region;

INSERT OR IGNORE INTO rule (scope_key, name)
SELECT m.scope_key, r.name FROM shard.rule r JOIN map_scope m ON m.shard_key = r.scope_key;
INSERT INTO map_rule
SELECT h.rule_key, r.rule_key
FROM shard.rule r
JOIN map_scope m ON m.shard_key = r.scope_key
JOIN rule h ON h.scope_key = m.scope_key AND h.name = r.name;

INSERT OR IGNORE INTO resource_type (name) SELECT name FROM shard.resource_type;
INSERT OR IGNORE INTO resource (scope_key, resource_type_key, name)
SELECT m.scope_key, t.resource_type_key, r.name
FROM shard.resource r
CROSS JOIN map_scope m ON m.shard_key = r.scope_key
CROSS JOIN shard.resource_type y ON y.resource_type_key = r.resource_type_key
CROSS JOIN resource_type t ON t.name = y.name
ORDER BY r.resource_key;
INSERT INTO map_resource
SELECT r.resource_key, h.resource_key
FROM shard.resource r
CROSS JOIN map_scope m ON m.shard_key = r.scope_key
CROSS JOIN shard.resource_type y ON y.resource_type_key = r.resource_type_key
CROSS JOIN resource_type t ON t.name = y.name
CROSS JOIN resource h ON h.scope_key = m.scope_key AND h.resource_type_key = t.resource_type_key
                     AND h.name = r.name
ORDER BY r.resource_key;

INSERT OR IGNORE INTO annotation (text) SELECT text FROM shard.annotation;
INSERT INTO map_annotation
SELECT s.annotation_key, a.annotation_key FROM shard.annotation s JOIN annotation a ON a.text = s.text;

INSERT INTO evaluation
SELECT :run_no, m.rule_key, r.resource_key, e.mode, e.compliance, a.annotation_key
FROM map_rule m
CROSS JOIN shard.evaluation e ON e.rule_key = m.shard_key
CROSS JOIN map_resource r ON r.shard_key = e.resource_key
LEFT JOIN map_annotation a ON a.shard_key = e.annotation_key;
