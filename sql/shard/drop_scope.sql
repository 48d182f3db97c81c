-- Half a scope is none: removes what was read of it.
DELETE FROM evaluation WHERE rule_key IN (SELECT rule_key FROM rule WHERE scope_key = :scope);
DELETE FROM rule_tag WHERE rule_key IN (SELECT rule_key FROM rule WHERE scope_key = :scope);
DELETE FROM temp.untagged WHERE scope_key = :scope;
DELETE FROM temp.resource_tag
WHERE resource_key IN (SELECT resource_key FROM resource WHERE scope_key = :scope);
DELETE FROM resource WHERE scope_key = :scope;
DELETE FROM rule WHERE scope_key = :scope;
UPDATE scope SET duplicates = 0 WHERE scope_key = :scope;
