DELETE FROM evaluation WHERE rule_key = :rule;
UPDATE rule SET outcome = :outcome, error_code = :error_code, message = :message
WHERE rule_key = :rule;
