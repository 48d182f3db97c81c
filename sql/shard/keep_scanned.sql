-- Leaves what needs not be asked again: scopes that were scanned, and regions that are off. Of the
-- others there is nothing but their row.
DELETE FROM scope WHERE outcome <> 'scanned' AND error_code IS NOT 'region_off';
