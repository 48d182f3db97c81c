-- Counts of one run, from the intervals.
CREATE TEMP TABLE IF NOT EXISTS rule_count (
    rule_key INTEGER NOT NULL,
    compliance INTEGER NOT NULL,
    evaluations INTEGER NOT NULL, -- of both modes
    detective INTEGER NOT NULL,
    PRIMARY KEY (rule_key, compliance)
) WITHOUT ROWID;
DELETE FROM rule_count;
INSERT INTO rule_count
SELECT i.rule_key, i.compliance, count(*), sum(i.mode = 0)
FROM interval i
WHERE i.began <= :run_no AND (i.ended IS NULL OR i.ended > :run_no)
GROUP BY i.rule_key, i.compliance;

-- Only rules that were read in this run.
DELETE FROM rule_count
WHERE rule_key NOT IN (SELECT r.rule_key
                       FROM run_scope k JOIN rule r ON r.scope_key = k.scope_key
                       WHERE k.run_no = :run_no AND k.outcome = 'scanned')
   OR rule_key IN (SELECT x.rule_key FROM run_rule x
                   WHERE x.run_no = :run_no AND x.outcome = 'failed');

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
       sum(iif(c.compliance = 0, c.detective, 0)),
       sum(iif(c.compliance = 1, c.detective, 0)),
       sum(iif(c.compliance = 2, c.detective, 0)),
       0
FROM rule_count c
JOIN rule r ON r.rule_key = c.rule_key
JOIN scope s ON s.scope_key = r.scope_key
JOIN run_account ra ON ra.run_no = :run_no AND ra.account_key = s.account_key
GROUP BY r.rule_group_key, ra.environment;

DELETE FROM count_account WHERE run_no = :run_no;
INSERT INTO count_account
SELECT :run_no, s.account_key,
       sum(iif(c.compliance = 0, c.detective, 0)),
       sum(iif(c.compliance = 1, c.detective, 0)),
       sum(iif(c.compliance = 2, c.detective, 0)),
       0
FROM rule_count c
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

CREATE TEMP TABLE IF NOT EXISTS change_count (environment TEXT, change TEXT, findings INTEGER);
DELETE FROM change_count;
INSERT INTO change_count
SELECT ra.environment, b.change, count(*)
FROM finding_boundary b
JOIN rule r ON r.rule_key = b.rule_key
JOIN scope s ON s.scope_key = r.scope_key
JOIN run_account ra ON ra.run_no = :run_no AND ra.account_key = s.account_key
WHERE b.run_no = :run_no
GROUP BY ra.environment, b.change;

UPDATE count_environment
SET new_findings = (SELECT coalesce(sum(findings), 0) FROM change_count c
                    WHERE c.environment = count_environment.environment
                      AND c.change IN ('new', 'reopened')),
    resolved_findings = (SELECT coalesce(sum(findings), 0) FROM change_count c
                         WHERE c.environment = count_environment.environment
                           AND c.change = 'resolved')
WHERE run_no = :run_no;
