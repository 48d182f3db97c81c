-- Schema version 2: waivers, the chain of histories, and what was pruned.

CREATE TABLE waiver (
    -- A line of waivers.csv, as some run found it: findings that somebody accepts for a while.
    -- In patterns, * stands for any run of characters and ? for one; an empty one for anything.
    waiver_key INTEGER PRIMARY KEY, -- its number in this database
    account TEXT NOT NULL, -- pattern of account ids or names
    region TEXT NOT NULL, -- pattern of regions
    rule TEXT NOT NULL, -- pattern of rule groups or rule names
    resource TEXT NOT NULL, -- pattern of resource ids
    reason TEXT NOT NULL, -- why it is accepted
    owner TEXT NOT NULL, -- who answers for that; '' when it does not say
    expires TEXT NOT NULL, -- YYYY-MM-DD: the last day on which it holds
    UNIQUE (account, region, rule, resource, reason, owner, expires)
) STRICT;

CREATE TABLE run_waiver (
    -- A waiver in a run.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    waiver_key INTEGER NOT NULL REFERENCES waiver, -- the waiver
    line INTEGER, -- of waivers.csv, the first of equal ones; NULL: it was not in the file, or the
        -- run came late and did not look, and yet it held
    findings INTEGER NOT NULL, -- rollup: findings that it accepts in this run
    findings_unread INTEGER NOT NULL, -- rollup: those it accepted before, where this run could not
        -- read
    PRIMARY KEY (run_no, waiver_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE waiver_problem (
    -- A line of waivers.csv that a run could not use.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    line INTEGER NOT NULL, -- of waivers.csv
    message TEXT NOT NULL, -- what is wrong with it
    PRIMARY KEY (run_no, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE accepted (
    -- A DETECTIVE finding that a waiver accepts, from run to run. Holds for the runs in
    -- [began, ended) in which the finding is open and on whose date the waiver has not expired.
    rule_key INTEGER NOT NULL REFERENCES rule, -- who says it
    resource_key INTEGER NOT NULL REFERENCES resource, -- of what
    began INTEGER NOT NULL REFERENCES run, -- the run from which on the waiver accepts it
    ended INTEGER REFERENCES run, -- the run from which on it does not; NULL while it does
    waiver_key INTEGER NOT NULL REFERENCES waiver, -- of several that match, the one that holds
        -- longest, then the first in the file
    PRIMARY KEY (rule_key, resource_key, began)
) STRICT, WITHOUT ROWID;

CREATE TABLE predecessor (
    -- The histories that this one was built upon, one after the other, as they were published.
    place INTEGER PRIMARY KEY, -- 1 is the first that is known
    key TEXT NOT NULL UNIQUE, -- of the object in the store: a name that is never used again
    bytes INTEGER NOT NULL, -- of it
    sha256 TEXT NOT NULL, -- of it, 64 hexadecimal digits
    group_id TEXT NOT NULL, -- of the newest run in it
    schema_version INTEGER NOT NULL -- of it
) STRICT;

CREATE TABLE pruned (
    -- What was removed to save room: states that had ended before a run. What is told of that run
    -- and later ones is whole; earlier ones keep their counts, but no evaluations.
    before_run INTEGER PRIMARY KEY REFERENCES run, -- the first run that is whole
    intervals INTEGER NOT NULL -- states that were removed
) STRICT;

DROP VIEW runs;
CREATE VIEW runs AS
-- One row is a run.
SELECT r.group_id,
       r.scan_date,
       r.started_at,
       r.finished_at,
       -- 1 when every planned scope was scanned, or skipped on purpose
       NOT EXISTS (SELECT 1 FROM run_scope s
                   WHERE s.run_no = r.run_no
                     AND s.outcome NOT IN ('scanned', 'skipped')) AS complete,
       (SELECT count(*) FROM run_scope s WHERE s.run_no = r.run_no) AS scopes_planned,
       (SELECT count(*) FROM run_scope s
        WHERE s.run_no = r.run_no AND s.outcome = 'scanned') AS scopes_scanned,
       (SELECT coalesce(sum(s.evaluations), 0) FROM run_scope s
        WHERE s.run_no = r.run_no) AS evaluations,
       -- the run before this one; NULL for the first
       (SELECT p.group_id FROM run p WHERE p.run_no < r.run_no
        ORDER BY p.run_no DESC LIMIT 1) AS previous_group_id,
       -- 1 is the first run
       row_number() OVER (ORDER BY r.run_no) AS ordinal,
       -- 1 when its evaluations were removed to save room, and only its counts are left
       r.run_no < coalesce((SELECT max(p.before_run) FROM pruned p), 0) AS pruned
FROM run r;

DROP VIEW evaluations;
CREATE VIEW evaluations AS
-- One row is an evaluation in a run, as if each run had been stored whole. Name a group_id: all
-- runs together are many rows.
SELECT r.group_id,
       r.scan_date,
       a.account_id,
       ra.name AS account_name,
       ra.environment,
       s.region,
       ru.name AS rule_name,
       g.name AS rule_group, -- the same rule across accounts and regions
       t.name AS resource_type,
       re.name AS resource_id,
       CASE i.compliance WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                         ELSE 'NOT_APPLICABLE' END AS compliance,
       n.text AS annotation,
       (SELECT o.value FROM rule_tag o
        WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
          AND (o.ended IS NULL OR o.ended > r.run_no)) AS owner,
       b.scan_date AS since, -- when this state was first seen
       CASE i.mode WHEN 0 THEN 'DETECTIVE' ELSE 'PROACTIVE' END AS mode,
       -- the waiver that accepts this finding in this run: inside, see `waivers`; NULL = none
       CASE WHEN i.compliance = 1 AND i.mode = 0 THEN
           (SELECT x.waiver_key
            FROM accepted x CROSS JOIN waiver w ON w.waiver_key = x.waiver_key
            WHERE x.rule_key = i.rule_key AND x.resource_key = i.resource_key
              AND x.began <= r.run_no AND (x.ended IS NULL OR x.ended > r.run_no)
              AND w.expires >= r.scan_date) END AS waiver_key
FROM run r
JOIN run_scope rs ON rs.run_no = r.run_no AND rs.outcome = 'scanned'
JOIN scope s ON s.scope_key = rs.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
JOIN rule ru ON ru.scope_key = s.scope_key
JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
JOIN interval i ON i.rule_key = ru.rule_key AND i.began <= r.run_no
               AND (i.ended IS NULL OR i.ended > r.run_no)
JOIN run b ON b.run_no = i.began
JOIN resource re ON re.resource_key = i.resource_key
JOIN resource_type t ON t.resource_type_key = re.resource_type_key
LEFT JOIN annotation n ON n.annotation_key = i.annotation_key
WHERE +r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0)
  AND NOT EXISTS (SELECT 1 FROM run_rule x
                  WHERE x.run_no = r.run_no AND x.rule_key = ru.rule_key
                    AND x.outcome = 'failed');

DROP VIEW findings;
CREATE VIEW findings AS
-- One row is an open finding: a NON_COMPLIANT evaluation of the newest run.
SELECT e.group_id,
       e.scan_date,
       e.account_id,
       e.account_name,
       e.environment,
       e.region,
       e.rule_name,
       e.rule_group,
       e.resource_type,
       e.resource_id,
       e.compliance,
       e.annotation,
       e.owner,
       e.since,
       e.mode,
       -- runs in which it has been open, this one included
       (SELECT count(*) FROM run r WHERE r.scan_date >= e.since) AS age_runs,
       CAST(julianday(e.scan_date) - julianday(e.since) AS INTEGER) AS age_days,
       w.waiver_key IS NOT NULL AS waived, -- 1 while a waiver accepts it
       w.expires AS waiver_expires, -- the last day on which it does
       w.reason AS waiver_reason,
       w.owner AS waiver_owner
FROM current_evaluations e
LEFT JOIN waiver w ON w.waiver_key = e.waiver_key
WHERE e.compliance = 'NON_COMPLIANT' AND e.mode = 'DETECTIVE';

DROP VIEW compliance_by_owner;
CREATE VIEW compliance_by_owner AS
-- One row is an owner in the newest run; '' stands for evaluations that no tag gives an owner.
SELECT coalesce(owner, '') AS owner,
       sum(compliance = 'COMPLIANT') AS compliant,
       sum(compliance = 'NON_COMPLIANT') AS non_compliant,
       CAST(sum(compliance = 'COMPLIANT') AS REAL)
           / nullif(sum(compliance IN ('COMPLIANT', 'NON_COMPLIANT')), 0) AS ratio,
       CAST(sum(compliance = 'COMPLIANT') + count(waiver_key) AS REAL)
           / nullif(sum(compliance IN ('COMPLIANT', 'NON_COMPLIANT')), 0) AS ratio_after_waivers
FROM current_evaluations
WHERE mode = 'DETECTIVE'
GROUP BY 1;

DROP VIEW changes;
CREATE VIEW changes AS
-- One row is a finding that differs between a run and the one before it: new, resolved, reopened,
-- or gone (no longer reported, which is not resolved). What could not be read has not changed.
SELECT r.group_id,
       (SELECT p.group_id FROM run p WHERE p.run_no < r.run_no
        ORDER BY p.run_no DESC LIMIT 1) AS previous_group_id,
       b.change,
       a.account_id,
       ra.name AS account_name,
       ra.environment,
       s.region,
       ru.name AS rule_name,
       t.name AS resource_type,
       re.name AS resource_id,
       CASE b.before WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                     WHEN 2 THEN 'NOT_APPLICABLE' END AS compliance_before,
       CASE b.after WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                    WHEN 2 THEN 'NOT_APPLICABLE' END AS compliance_after,
       g.name AS rule_group
FROM run r
JOIN finding_boundary b ON b.run_no = r.run_no
JOIN rule ru ON ru.rule_key = b.rule_key
JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
JOIN scope s ON s.scope_key = ru.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
JOIN resource re ON re.resource_key = b.resource_key
JOIN resource_type t ON t.resource_type_key = re.resource_type_key
WHERE +r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0);

CREATE VIEW waivers AS
-- One row is a line of waivers.csv in a run, and what it accepted there.
SELECT r.group_id,
       r.scan_date,
       k.line, -- NULL: it was not in the file as the run found it, and yet it held
       -- expired: it holds no longer. unused: no open finding is accepted by it. expiring: it ends
       -- within 30 days. active: none of these. refused: the line could not be used
       CASE WHEN w.expires < r.scan_date THEN 'expired'
            WHEN k.findings + k.findings_unread = 0 THEN 'unused'
            WHEN w.expires <= date(r.scan_date, '+30 days') THEN 'expiring'
            ELSE 'active' END AS state,
       w.account, -- patterns; '' = any
       w.region,
       w.rule,
       w.resource,
       w.reason,
       w.owner,
       w.expires, -- the last day on which it holds
       k.findings, -- that it accepts in this run
       k.findings_unread, -- that it accepted before, where this run could not read
       NULL AS message -- what is wrong with a refused line
FROM run_waiver k
JOIN run r ON r.run_no = k.run_no
JOIN waiver w ON w.waiver_key = k.waiver_key
UNION ALL
SELECT r.group_id, r.scan_date, p.line, 'refused', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       0, 0, p.message
FROM waiver_problem p
JOIN run r ON r.run_no = p.run_no;
