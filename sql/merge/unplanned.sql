-- Scopes that the run before has, that were read once, and that nothing of this one tells of. Where
-- it has a plan, they are not in it (an account that left, a region that is no longer asked for):
-- left out on purpose. Where it has none, a shard may have been lost: they are missing. A row says
-- so, instead of them vanishing with all their findings.

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
FROM unplanned
WHERE EXISTS (SELECT 1 FROM run_plan WHERE run_no = :run_no)
UNION ALL
SELECT :run_no, scope_key, 'missing', 'NoPlan',
       'it was in the run before, no shard tells of it, and no plan leaves it out', 0, 0, 0, '', ''
FROM unplanned
WHERE NOT EXISTS (SELECT 1 FROM run_plan WHERE run_no = :run_no);
