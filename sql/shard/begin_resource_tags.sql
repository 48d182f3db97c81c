-- Noted once for each scope: to look for the next ones in it again and again takes time that grows
-- with their square. An account has tags, too, but not here.
INSERT INTO temp.untagged (scope_key, resource_key)
SELECT r.scope_key, r.resource_key
FROM resource r
CROSS JOIN resource_type t ON t.resource_type_key = r.resource_type_key
WHERE r.scope_key = :scope AND r.wants_tags AND r.tag_set_key IS NULL
  AND t.name <> 'AWS::::Account';
