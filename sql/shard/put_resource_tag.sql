-- No more of one resource than AWS lets anybody have, twice over.
INSERT INTO temp.resource_tag (resource_key, tag_key, value)
SELECT ?1, ?2, ?3
WHERE (SELECT count(*) FROM temp.resource_tag WHERE resource_key = ?1) < 100
    ON CONFLICT (resource_key, tag_key) DO UPDATE SET value = excluded.value;
