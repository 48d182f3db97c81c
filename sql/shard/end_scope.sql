UPDATE scope
SET outcome = :outcome, recorder = :recorder, error_code = :error_code, message = :message,
    finished_at = :now
WHERE scope_key = :scope;
