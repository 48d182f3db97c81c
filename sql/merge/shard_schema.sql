-- What is in the attached shard and should not be, or should be and is not; no row = as it must be.
-- :expected is the schema of a fresh shard: the texts of its objects in order, joined by newlines.
SELECT count(*)
FROM (SELECT coalesce(group_concat(sql, char(10)), '') AS found
      FROM (SELECT sql FROM shard.sqlite_schema WHERE sql IS NOT NULL ORDER BY name))
WHERE found IS NOT :expected;
