-- Rollups of one run. Needs rule_count of this run.

-- Findings that were accepted then, by rule and waiver.
CREATE TEMP TABLE IF NOT EXISTS waived_count (
    rule_key INTEGER NOT NULL,
    waiver_key INTEGER NOT NULL,
    findings INTEGER NOT NULL,
    PRIMARY KEY (rule_key, waiver_key)
) WITHOUT ROWID;
DELETE FROM waived_count;
INSERT INTO waived_count
SELECT x.rule_key, x.waiver_key, count(*)
FROM accepted x
CROSS JOIN rule_count c ON c.rule_key = x.rule_key
CROSS JOIN waiver w ON w.waiver_key = x.waiver_key
CROSS JOIN interval i ON i.rule_key = x.rule_key AND i.resource_key = x.resource_key AND i.mode = 0
                     AND i.compliance = 1
                     AND i.began <= :run_no AND (i.ended IS NULL OR i.ended > :run_no)
WHERE x.began <= :run_no AND (x.ended IS NULL OR x.ended > :run_no)
  AND w.expires >= (SELECT scan_date FROM run WHERE run_no = :run_no)
GROUP BY x.rule_key, x.waiver_key;

-- Those that this run could not read, by waiver: accepted before, and not told otherwise.
CREATE TEMP TABLE IF NOT EXISTS unread_waived_count (
    waiver_key INTEGER PRIMARY KEY,
    findings INTEGER NOT NULL
);
DELETE FROM unread_waived_count;
INSERT INTO unread_waived_count
SELECT x.waiver_key, count(*)
FROM accepted x
CROSS JOIN rule r ON r.rule_key = x.rule_key
CROSS JOIN waiver w ON w.waiver_key = x.waiver_key
WHERE x.began <= :run_no AND (x.ended IS NULL OR x.ended > :run_no)
  AND w.expires >= (SELECT scan_date FROM run WHERE run_no = :run_no)
  AND (NOT EXISTS (SELECT 1 FROM run_scope k
                   WHERE k.run_no = :run_no AND k.scope_key = r.scope_key
                     AND k.outcome = 'scanned')
       OR EXISTS (SELECT 1 FROM run_rule f
                  WHERE f.run_no = :run_no AND f.rule_key = x.rule_key
                    AND f.outcome = 'failed'))
GROUP BY x.waiver_key;

DELETE FROM run_waiver WHERE run_no = :run_no AND line IS NULL;
INSERT OR IGNORE INTO run_waiver (run_no, waiver_key, line, findings, findings_unread)
SELECT :run_no, waiver_key, NULL, 0, 0 FROM waived_count
UNION
SELECT :run_no, waiver_key, NULL, 0, 0 FROM unread_waived_count;
UPDATE run_waiver
SET findings = (SELECT coalesce(sum(c.findings), 0) FROM waived_count c
                WHERE c.waiver_key = run_waiver.waiver_key),
    findings_unread = (SELECT coalesce(sum(c.findings), 0) FROM unread_waived_count c
                       WHERE c.waiver_key = run_waiver.waiver_key)
WHERE run_no = :run_no;

UPDATE run_scope
SET evaluations = (SELECT coalesce(sum(c.evaluations), 0)
                   FROM rule r JOIN rule_count c ON c.rule_key = r.rule_key
                   WHERE r.scope_key = run_scope.scope_key),
    rules_failed = (SELECT count(*) FROM run_rule x JOIN rule r ON r.rule_key = x.rule_key
                    WHERE x.run_no = :run_no AND x.outcome = 'failed'
                      AND r.scope_key = run_scope.scope_key)
WHERE run_no = :run_no;

DELETE FROM count_rule WHERE run_no = :run_no;
INSERT INTO count_rule
SELECT :run_no, r.rule_group_key, ra.environment,
       sum(c.compliant), sum(c.non_compliant), sum(c.not_applicable),
       sum(coalesce(v.findings, 0))
FROM rule_count c
LEFT JOIN (SELECT rule_key, sum(findings) AS findings FROM waived_count GROUP BY rule_key) v
       ON v.rule_key = c.rule_key
JOIN rule r ON r.rule_key = c.rule_key
JOIN scope s ON s.scope_key = r.scope_key
JOIN run_account ra ON ra.run_no = :run_no AND ra.account_key = s.account_key
GROUP BY r.rule_group_key, ra.environment;

DELETE FROM count_account WHERE run_no = :run_no;
INSERT INTO count_account
SELECT :run_no, s.account_key,
       sum(c.compliant), sum(c.non_compliant), sum(c.not_applicable),
       sum(coalesce(v.findings, 0))
FROM rule_count c
LEFT JOIN (SELECT rule_key, sum(findings) AS findings FROM waived_count GROUP BY rule_key) v
       ON v.rule_key = c.rule_key
JOIN rule r ON r.rule_key = c.rule_key
JOIN scope s ON s.scope_key = r.scope_key
GROUP BY s.account_key;

-- Every environment that has an account in the run has a row, if only of zeroes.
DELETE FROM count_environment WHERE run_no = :run_no;
INSERT INTO count_environment
SELECT :run_no, ra.environment,
       coalesce(sum(c.compliant), 0), coalesce(sum(c.non_compliant), 0),
       coalesce(sum(c.not_applicable), 0), coalesce(sum(c.waived), 0), 0, 0
FROM run_account ra
LEFT JOIN count_account c ON c.run_no = ra.run_no AND c.account_key = ra.account_key
WHERE ra.run_no = :run_no
GROUP BY ra.environment;

-- Findings that began or ended with this run, by what became of them; the first run has none.
CREATE TEMP TABLE IF NOT EXISTS change_count (environment TEXT, change TEXT, findings INTEGER);
DELETE FROM change_count;
INSERT INTO change_count
SELECT ra.environment, 'new', count(*) -- reopened ones among them
FROM (SELECT 1 FROM run p WHERE p.run_no < :run_no LIMIT 1) -- asked once, not for each finding
CROSS JOIN interval i
CROSS JOIN rule r ON r.rule_key = i.rule_key
CROSS JOIN scope s ON s.scope_key = r.scope_key
CROSS JOIN run_account ra ON ra.run_no = :run_no AND ra.account_key = s.account_key
WHERE i.began = :run_no AND i.compliance = 1 AND i.mode = 0
GROUP BY ra.environment;
INSERT INTO change_count
SELECT ra.environment, 'resolved', count(*) -- and not gone
FROM interval i
CROSS JOIN interval n ON n.rule_key = i.rule_key AND n.resource_key = i.resource_key
                     AND n.mode = 0 AND n.began = i.ended
CROSS JOIN rule r ON r.rule_key = i.rule_key
CROSS JOIN scope s ON s.scope_key = r.scope_key
CROSS JOIN run_account ra ON ra.run_no = :run_no AND ra.account_key = s.account_key
WHERE i.ended = :run_no AND i.compliance = 1 AND i.mode = 0
GROUP BY ra.environment;

UPDATE count_environment
SET new_findings = (SELECT coalesce(sum(findings), 0) FROM change_count c
                    WHERE c.environment = count_environment.environment
                      AND c.change = 'new'),
    resolved_findings = (SELECT coalesce(sum(findings), 0) FROM change_count c
                         WHERE c.environment = count_environment.environment
                           AND c.change = 'resolved')
WHERE run_no = :run_no;
