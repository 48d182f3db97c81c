-- A rule listed twice stays one. The update changes nothing; it makes RETURNING name the row.
INSERT INTO rule (scope_key, name, source_owner, source_identifier, outcome)
VALUES (?1, ?2, ?3, ?4, 'read')
    ON CONFLICT (scope_key, name) DO UPDATE SET name = excluded.name
RETURNING rule_key;
