-- Leaves what needs not be asked again: scopes that were scanned, and regions that are off.
-- A scope is asked again as a whole when one of its rules may be read then: see drop_unfinished.sql.
-- Of the others there is nothing but their row.
UPDATE scope SET outcome = 'failed', error_code = 'unfinished'
WHERE outcome = 'scanned'
  AND EXISTS (SELECT 1 FROM rule r
              WHERE r.scope_key = scope.scope_key AND r.outcome = 'failed'
                AND may_reread(coalesce(r.error_code, '')) = 'yes');
DELETE FROM scope
WHERE outcome <> 'scanned' AND error_code IS NOT 'region_off' AND error_code IS NOT 'unfinished';
