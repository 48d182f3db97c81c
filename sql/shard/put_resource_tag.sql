INSERT INTO resource_tag (resource_key, tag_key, value) VALUES (?1, ?2, ?3)
    ON CONFLICT (resource_key, tag_key) DO UPDATE SET value = excluded.value;
