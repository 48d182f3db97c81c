INSERT INTO resource (scope_key, resource_type_key, name) VALUES (?1, ?2, ?3);
