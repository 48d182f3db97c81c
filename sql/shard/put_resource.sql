INSERT INTO resource (scope_key, resource_type_key, name, wants_tags) VALUES (?1, ?2, ?3, ?4);
