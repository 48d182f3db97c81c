UPDATE evaluation SET compliance = :compliance, annotation_key = :annotation
WHERE rule_key = :rule AND resource_key = :resource AND mode = :mode;
UPDATE scope SET duplicates = duplicates + 1
WHERE scope_key = (SELECT scope_key FROM rule WHERE rule_key = :rule);
