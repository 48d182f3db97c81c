-- Scopes that were begun and have not ended, with what was read of them: half a scope is none.
DELETE FROM evaluation
WHERE rule_key IN (SELECT rule_key FROM rule
                   WHERE scope_key IN (SELECT scope_key FROM scope
                                       WHERE error_code = 'unfinished'));
DELETE FROM rule_tag
WHERE rule_key IN (SELECT rule_key FROM rule
                   WHERE scope_key IN (SELECT scope_key FROM scope
                                       WHERE error_code = 'unfinished'));
DELETE FROM resource
WHERE scope_key IN (SELECT scope_key FROM scope WHERE error_code = 'unfinished');
DELETE FROM rule WHERE scope_key IN (SELECT scope_key FROM scope WHERE error_code = 'unfinished');
DELETE FROM scope WHERE error_code = 'unfinished';
