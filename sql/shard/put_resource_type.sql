INSERT INTO resource_type (name) VALUES (?1);
