-- An account as the plan knows it.
INSERT OR IGNORE INTO account (account_id) VALUES (:account_id);
INSERT INTO run_account (run_no, account_key, name, environment, org_path)
SELECT :run_no, account_key, :name, 'unclassified', :org_path
FROM account WHERE account_id = :account_id
    ON CONFLICT (run_no, account_key) DO UPDATE
    SET name = excluded.name, org_path = excluded.org_path
    WHERE (name, org_path) IS NOT (excluded.name, excluded.org_path);
