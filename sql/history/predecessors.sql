-- The chain, the newest first.
SELECT key, bytes, sha256, group_id, schema_version FROM predecessor ORDER BY place DESC;
