-- What became of the scopes and rules of the shard in this run.

-- Rules that the scan which counts could not read, though an earlier scan had.
INSERT OR REPLACE INTO rescue (run_no, rule_key, shard_id)
SELECT :run_no, r.rule_key, k.shard_id
FROM shard.rule l
JOIN map_scope m ON m.shard_key = l.scope_key AND m.takes_scope
JOIN rule r ON r.scope_key = m.scope_key AND r.name = l.name
JOIN run_scope k ON k.run_no = :run_no AND k.scope_key = m.scope_key AND k.outcome = 'scanned'
WHERE l.outcome = 'failed'
  AND NOT EXISTS (SELECT 1 FROM run_rule x WHERE x.run_no = :run_no AND x.rule_key = r.rule_key
                    AND x.outcome IN ('failed', 'rescued'));

INSERT OR REPLACE INTO run_rule (run_no, rule_key, outcome, read_at)
SELECT :run_no, r.rule_key, 'rescued', k.finished_at
FROM shard.rule l
JOIN map_scope m ON m.shard_key = l.scope_key AND m.takes_scope
JOIN rule r ON r.scope_key = m.scope_key AND r.name = l.name
JOIN run_scope k ON k.run_no = :run_no AND k.scope_key = m.scope_key AND k.outcome = 'scanned'
WHERE l.outcome = 'failed'
  AND NOT EXISTS (SELECT 1 FROM run_rule x WHERE x.run_no = :run_no AND x.rule_key = r.rule_key
                    AND x.outcome IN ('failed', 'rescued'));

DELETE FROM run_rule
WHERE run_no = :run_no AND outcome <> 'rescued'
  AND EXISTS (SELECT 1 FROM rule r CROSS JOIN map_scope m ON m.scope_key = r.scope_key
              WHERE r.rule_key = run_rule.rule_key AND m.takes_scope);

INSERT OR REPLACE INTO run_rule (run_no, rule_key, outcome, read_at)
SELECT :run_no, rule_key, 'rescued', finished_at FROM map_rule WHERE NOT takes_scope;

INSERT OR REPLACE INTO rescue (run_no, rule_key, shard_id)
SELECT :run_no, rule_key, :shard_id FROM map_rule WHERE NOT takes_scope;

-- What the scan that counts read itself, or no longer lists, needs no rescue.
DELETE FROM run_rule
WHERE run_no = :run_no AND outcome = 'rescued'
  AND EXISTS (SELECT 1 FROM rule r CROSS JOIN map_scope m ON m.scope_key = r.scope_key
              WHERE r.rule_key = run_rule.rule_key AND m.takes_scope
                AND NOT EXISTS (SELECT 1 FROM shard.rule l
                                WHERE l.scope_key = m.shard_key AND l.name = r.name
                                  AND l.outcome = 'failed'));

DELETE FROM rescue
WHERE run_no = :run_no
  AND EXISTS (SELECT 1 FROM rule r CROSS JOIN map_scope m ON m.scope_key = r.scope_key
              WHERE r.rule_key = rescue.rule_key AND m.takes_scope)
  AND NOT EXISTS (SELECT 1 FROM run_rule x
                  WHERE x.run_no = :run_no AND x.rule_key = rescue.rule_key
                    AND x.outcome = 'rescued');

INSERT OR IGNORE INTO run_rule (run_no, rule_key, outcome, read_at, error_code, message)
SELECT :run_no, r.rule_key, l.outcome, s.finished_at, l.error_code, l.message
FROM shard.rule l
JOIN shard.scope s ON s.scope_key = l.scope_key
JOIN map_scope m ON m.shard_key = l.scope_key AND m.takes_scope
JOIN rule r ON r.scope_key = m.scope_key AND r.name = l.name
WHERE l.outcome <> 'read';

INSERT OR REPLACE INTO run_scope (run_no, scope_key, outcome, recorder, error_code, message,
                                  rules, rules_failed, evaluations, finished_at, shard_id)
SELECT :run_no, m.scope_key, s.outcome, s.recorder, s.error_code, s.message,
       (SELECT count(*) FROM shard.rule r WHERE r.scope_key = s.scope_key),
       0, 0, s.finished_at, :shard_id
FROM shard.scope s
JOIN map_scope m ON m.shard_key = s.scope_key
WHERE m.takes_scope;

-- Names as the shard tells them, of accounts that no plan names.
INSERT INTO run_account (run_no, account_key, name, environment, org_path)
SELECT :run_no, a.account_key, max(s.account_name), 'unclassified', ''
FROM shard.scope s JOIN account a ON a.account_id = s.account_id
WHERE a.account_id NOT IN (SELECT account_id FROM planned_account)
GROUP BY a.account_key
    ON CONFLICT (run_no, account_key) DO UPDATE SET name = max(name, excluded.name);
