SELECT resource_type_key FROM resource_type WHERE name = ?1;
