INSERT OR IGNORE INTO planned_account (account_id) VALUES (:account_id);
