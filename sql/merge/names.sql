-- Resources and annotations of the rules that count: the history's keys for the shard's. One look
-- into a text index for each name, none for each evaluation.

INSERT OR IGNORE INTO resource_type (name) SELECT name FROM shard.resource_type ORDER BY name;

INSERT INTO map_resource_type (shard_key, resource_type_key)
SELECT s.resource_type_key, t.resource_type_key
FROM shard.resource_type s JOIN resource_type t ON t.name = s.name;

-- Nothing is looked for in a scope of which the history has no resource.
INSERT INTO resource (resource_key, scope_key, resource_type_key, name)
SELECT r.resource_key + m.shift, m.scope_key, t.resource_type_key, r.name
FROM shard.resource r
CROSS JOIN map_scope m ON m.shard_key = r.scope_key AND m.shift IS NOT NULL
CROSS JOIN map_resource_type t ON t.shard_key = r.resource_type_key
ORDER BY r.resource_key;

INSERT INTO map_resource (shard_key, resource_key, scope_key)
SELECT r.resource_key, h.resource_key, h.scope_key
FROM shard.resource r
CROSS JOIN map_scope m ON m.shard_key = r.scope_key AND m.shift IS NULL
CROSS JOIN map_resource_type t ON t.shard_key = r.resource_type_key
CROSS JOIN resource h ON h.scope_key = m.scope_key AND h.resource_type_key = t.resource_type_key
                     AND h.name = r.name
WHERE EXISTS (SELECT 1 FROM map_scope WHERE shift IS NULL)
ORDER BY r.resource_key;

-- Those that were not found are new, and get the next keys one after the other.
INSERT INTO new_resource (shard_key, scope_key, resource_type_key)
SELECT r.resource_key, m.scope_key, t.resource_type_key
FROM shard.resource r
CROSS JOIN map_scope m ON m.shard_key = r.scope_key AND m.shift IS NULL AND NOT m.is_same
CROSS JOIN map_resource_type t ON t.shard_key = r.resource_type_key
WHERE EXISTS (SELECT 1 FROM map_scope WHERE shift IS NULL)
  AND NOT EXISTS (SELECT 1 FROM map_resource x WHERE x.shard_key = r.resource_key)
ORDER BY r.resource_key;

INSERT INTO map_resource (shard_key, resource_key, scope_key)
SELECT n.shard_key, l.resource_key + n.place, n.scope_key
FROM (SELECT coalesce(max(resource_key), 0) AS resource_key FROM resource) l
CROSS JOIN new_resource n;

INSERT INTO resource (scope_key, resource_type_key, name)
SELECT n.scope_key, n.resource_type_key, r.name
FROM new_resource n CROSS JOIN shard.resource r ON r.resource_key = n.shard_key
ORDER BY n.place;

INSERT OR IGNORE INTO annotation (text) SELECT text FROM shard.annotation ORDER BY annotation_key;

INSERT INTO map_annotation (shard_key, annotation_key)
SELECT s.annotation_key, a.annotation_key
FROM shard.annotation s JOIN annotation a ON a.text = s.text
ORDER BY s.annotation_key;
