-- Scopes that the run before has, that were read once, and that are not in the plan of this one (an
-- account that left, a region that is no longer asked for): they are left out on purpose, and a row
-- says so, instead of vanishing with all their findings.

CREATE TEMP TABLE IF NOT EXISTS unplanned (
    scope_key INTEGER PRIMARY KEY,
    account_key INTEGER NOT NULL
);
DELETE FROM unplanned;
INSERT INTO unplanned
SELECT s.scope_key, s.account_key
FROM run_scope p
CROSS JOIN scope s ON s.scope_key = p.scope_key
WHERE p.run_no = (SELECT max(run_no) FROM run WHERE run_no < :run_no)
  AND NOT EXISTS (SELECT 1 FROM run_scope k
                  WHERE k.run_no = :run_no AND k.scope_key = p.scope_key)
  AND EXISTS (SELECT 1 FROM run_scope k
              WHERE k.scope_key = p.scope_key AND k.run_no < :run_no AND k.outcome = 'scanned');

INSERT OR IGNORE INTO run_account (run_no, account_key, name, environment, org_path)
SELECT :run_no, a.account_key, a.name, a.environment, a.org_path
FROM run_account a
WHERE a.run_no = (SELECT max(run_no) FROM run WHERE run_no < :run_no)
  AND a.account_key IN (SELECT account_key FROM unplanned);

INSERT INTO run_scope (run_no, scope_key, outcome, error_code, message, rules, rules_failed,
                       evaluations, finished_at, shard_id)
SELECT :run_no, scope_key, 'skipped', 'NotPlanned',
       'it was in the run before, and is not in the plan of this one', 0, 0, 0, '', ''
FROM unplanned;
