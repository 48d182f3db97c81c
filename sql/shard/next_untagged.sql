-- An account has tags, too, but not here.
SELECT r.resource_key, t.name, r.name
FROM resource r
CROSS JOIN resource_type t ON t.resource_type_key = r.resource_type_key
WHERE r.resource_key > :after AND r.scope_key = +:scope AND r.wants_tags
  AND r.tag_set_key IS NULL
  AND t.name <> 'AWS::::Account'
ORDER BY r.resource_key
LIMIT :max_count;
