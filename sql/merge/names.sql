-- Resources and annotations of the rules that count: the history's keys for the shard's. One look
-- into a text index for each name, none for each evaluation.

INSERT OR IGNORE INTO resource_type (name) SELECT name FROM shard.resource_type ORDER BY name;

INSERT OR IGNORE INTO resource (scope_key, resource_type_key, name)
SELECT m.scope_key, t.resource_type_key, r.name
FROM shard.resource r
JOIN map_scope m ON m.shard_key = r.scope_key
JOIN shard.resource_type y ON y.resource_type_key = r.resource_type_key
JOIN resource_type t ON t.name = y.name
WHERE NOT m.is_same
ORDER BY r.resource_key;

INSERT INTO map_resource (shard_key, resource_key, scope_key)
SELECT r.resource_key, h.resource_key, h.scope_key
FROM shard.resource r
JOIN map_scope m ON m.shard_key = r.scope_key
JOIN shard.resource_type y ON y.resource_type_key = r.resource_type_key
JOIN resource_type t ON t.name = y.name
JOIN resource h ON h.scope_key = m.scope_key AND h.resource_type_key = t.resource_type_key
               AND h.name = r.name
ORDER BY r.resource_key;

INSERT OR IGNORE INTO annotation (text) SELECT text FROM shard.annotation ORDER BY annotation_key;

INSERT INTO map_annotation (shard_key, annotation_key)
SELECT s.annotation_key, a.annotation_key
FROM shard.annotation s JOIN annotation a ON a.text = s.text
ORDER BY s.annotation_key;
