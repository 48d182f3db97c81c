-- What this history is built upon becomes the last of its predecessors. One that kept no chain yet
-- begins it with the one before, as latest.json knows it.
INSERT OR IGNORE INTO predecessor (place, key, bytes, sha256, group_id, schema_version)
SELECT coalesce((SELECT max(place) FROM predecessor), 0) + 1, :key, :bytes, :sha256, :group_id,
       :schema_version
WHERE :only_first = 0 OR NOT EXISTS (SELECT 1 FROM predecessor);
