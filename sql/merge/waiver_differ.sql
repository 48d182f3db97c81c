-- What the file and its matches change in the history.
INSERT OR IGNORE INTO waiver (account, region, rule, resource, reason, owner, expires)
SELECT account, region, rule, resource, reason, owner, expires FROM waiver_line ORDER BY line;

CREATE TEMP TABLE IF NOT EXISTS map_waiver (line INTEGER PRIMARY KEY, waiver_key INTEGER NOT NULL);
DELETE FROM map_waiver;
INSERT INTO map_waiver
SELECT l.line, w.waiver_key
FROM waiver_line l
CROSS JOIN waiver w ON (w.account, w.region, w.rule, w.resource, w.reason, w.owner, w.expires)
                     = (l.account, l.region, l.rule, l.resource, l.reason, l.owner, l.expires);

-- What was accepted, of a rule that was read, and is not any more, or by another waiver …
CREATE TEMP TABLE IF NOT EXISTS acceptance_end (
    rule_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    began INTEGER NOT NULL,
    PRIMARY KEY (rule_key, resource_key, began)
) WITHOUT ROWID;
DELETE FROM acceptance_end;
INSERT INTO acceptance_end
SELECT x.rule_key, x.resource_key, x.began
FROM accepted x
CROSS JOIN rule r ON r.rule_key = x.rule_key
CROSS JOIN run_scope k ON k.run_no = :run_no AND k.scope_key = r.scope_key
                      AND k.outcome = 'scanned'
WHERE x.ended IS NULL
  AND NOT EXISTS (SELECT 1 FROM run_rule f
                  WHERE f.run_no = :run_no AND f.rule_key = x.rule_key AND f.outcome = 'failed')
  AND NOT EXISTS (SELECT 1
                  FROM accepting a
                  CROSS JOIN live_waiver w ON w.rank = a.rank
                  CROSS JOIN map_waiver m ON m.line = w.line
                  WHERE a.rule_key = x.rule_key AND a.resource_key = x.resource_key
                    AND m.waiver_key = x.waiver_key);

-- … and what is accepted from now on.
CREATE TEMP TABLE IF NOT EXISTS acceptance_begin (
    rule_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    waiver_key INTEGER NOT NULL,
    PRIMARY KEY (rule_key, resource_key)
) WITHOUT ROWID;
DELETE FROM acceptance_begin;
INSERT INTO acceptance_begin
SELECT a.rule_key, a.resource_key, m.waiver_key
FROM accepting a
CROSS JOIN live_waiver w ON w.rank = a.rank
CROSS JOIN map_waiver m ON m.line = w.line
WHERE NOT EXISTS (SELECT 1 FROM accepted x
                  WHERE x.rule_key = a.rule_key AND x.resource_key = a.resource_key
                    AND x.ended IS NULL AND x.waiver_key = m.waiver_key);
