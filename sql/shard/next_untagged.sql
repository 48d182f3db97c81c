SELECT r.resource_key, t.name, r.name
FROM temp.untagged u
CROSS JOIN resource r ON r.resource_key = u.resource_key
CROSS JOIN resource_type t ON t.resource_type_key = r.resource_type_key
WHERE u.scope_key = :scope AND u.resource_key > :after
ORDER BY u.resource_key
LIMIT :max_count;
