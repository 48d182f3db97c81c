-- No row is added when the rule has told of this resource before.
INSERT OR IGNORE INTO evaluation (rule_key, resource_key, mode, compliance, annotation_key)
VALUES (?1, ?2, ?3, ?4, ?5);
