SELECT resource_key, wants_tags FROM resource
WHERE scope_key = ?1 AND resource_type_key = ?2 AND name = ?3;
