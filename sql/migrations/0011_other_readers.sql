-- Schema version 11: a history that SQLite since 3.34 opens, and DuckDB reads.
--
-- Tables were STRICT, which SQLite knows since 3.37. What that kept is a CHECK now. The bytes of
-- rows stay the same, so the text of the schema alone changes: see "making other kinds of table
-- schema changes" in https://www.sqlite.org/lang_altertable.html. The program allows that for this
-- file.
UPDATE sqlite_master
SET sql = (SELECT substr(sql, 1, instr(sql, char(10) || ') STRICT') - 1)
                  || char(10) || '    , CHECK ('
                  || group_concat('typeof(' || c.name || ') '
                                  || iif(c."notnull" OR c.pk, '= ''' || lower(c.type) || '''',
                                         'IN (''' || lower(c.type) || ''', ''null'')'),
                                  char(10) || '        AND ')
                  || ')' || char(10) || ')'
                  || iif(sql LIKE '%STRICT, WITHOUT ROWID', ' WITHOUT ROWID', '')
           FROM pragma_table_info(sqlite_master.name) c)
WHERE type = 'table' AND instr(sql, char(10) || ') STRICT') > 0;

-- Views in words that both understand: CROSS JOIN without ON (which keeps the order of tables in
-- SQLite), numbers instead of truth values, DOUBLE instead of REAL (4 bytes in DuckDB), and no
-- functions of dates. The number of a day is 367 * year - 7 * (year + (month + 9) / 12) / 4
-- + 275 * month / 9 + day, right from March 1900 to February 2100; what is divided is a multiple
-- of the divisor, as DuckDB's divisions give fractions.
DROP VIEW evaluations;
DROP VIEW current_evaluations;
DROP VIEW findings;
DROP VIEW waivers;
DROP VIEW tallies;
DROP VIEW compliance_by_rule_in_scope;
DROP VIEW compliance_by_owner;
DROP VIEW trend;
DROP VIEW changes;
DROP VIEW runs;
DROP VIEW coverage;
DROP VIEW compliance_by_environment;
DROP VIEW compliance_by_rule;
DROP VIEW compliance_by_account;

CREATE VIEW evaluations AS
-- One row is an evaluation in a run, as if each run had been stored whole. Name a group_id: all
-- runs together are many rows.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       a.account_id, -- 12 digits
       ra.name AS account_name, -- as it was in that run
       ra.environment, -- prod, nonprod or unclassified, as it was in that run
       s.region, -- like eu-west-1
       ru.name AS rule_name, -- as AWS names it there
       g.name AS rule_group, -- the same rule across accounts and regions
       t.name AS resource_type, -- AWS::S3::Bucket
       re.name AS resource_id, -- as AWS Config names it
       -- COMPLIANT, NON_COMPLIANT or NOT_APPLICABLE
       CASE i.compliance WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                         ELSE 'NOT_APPLICABLE' END AS compliance,
       n.text AS annotation, -- what the rule says of it; NULL when it says nothing
       -- the resource's, or else the rule's; NULL when no tag names one
       coalesce(
           (SELECT nullif(o.value, '') FROM tag o
            WHERE o.tag_key = r.owner_tag
              AND o.tag_set_key = (SELECT x.tag_set_key FROM resource_tag_set x
                                   WHERE x.scope_key = s.scope_key
                                     AND x.resource_key = i.resource_key
                                     AND x.began <= r.run_no
                                   ORDER BY x.began DESC LIMIT 1)),
           (SELECT o.value FROM rule_tag o
            WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
              AND (o.ended IS NULL OR o.ended > r.run_no))) AS owner,
       b.scan_date AS since, -- when this state was first seen
       -- DETECTIVE; PROACTIVE ones count nowhere
       CASE i.mode WHEN 0 THEN 'DETECTIVE' ELSE 'PROACTIVE' END AS mode,
       b.group_id AS since_group_id, -- the run that was the first to see this state
       -- the waiver that accepts this finding in this run: inside, see `waivers`; NULL = none
       CASE WHEN i.compliance = 1 AND i.mode = 0 THEN
           (SELECT x.waiver_key
            FROM accepted x CROSS JOIN waiver w
            WHERE w.waiver_key = x.waiver_key
              AND x.rule_key = i.rule_key AND x.resource_key = i.resource_key
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

CREATE VIEW current_evaluations AS
-- One row is an evaluation in the newest run.
SELECT * FROM evaluations
WHERE group_id = (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1);

CREATE VIEW findings AS
-- One row is an open finding: a NON_COMPLIANT evaluation of the newest run.
SELECT e.group_id, -- the run
       e.scan_date, -- its date
       e.account_id, -- 12 digits
       e.account_name, -- as it was in that run
       e.environment, -- prod, nonprod or unclassified, as it was in that run
       e.region, -- like eu-west-1
       e.rule_name, -- as AWS names it there
       e.rule_group, -- the same rule across accounts and regions
       e.resource_type, -- AWS::S3::Bucket
       e.resource_id, -- as AWS Config names it
       e.compliance, -- NON_COMPLIANT
       e.annotation, -- what the rule says of it; NULL when it says nothing
       e.owner, -- NULL when no tag names one
       e.since, -- when this state was first seen
       e.mode, -- DETECTIVE
       -- runs in which it has been open, this one included
       (SELECT count(*) FROM run r
        WHERE r.run_no >= (SELECT b.run_no FROM run b WHERE b.group_id = e.since_group_id))
           AS age_runs,
       -- days for which it has been open
       CAST(367 * CAST(substr(e.scan_date, 1, 4) AS INTEGER)
            - ((7 * (CAST(substr(e.scan_date, 1, 4) AS INTEGER)
                     + CASE WHEN substr(e.scan_date, 6, 2) >= '03' THEN 1 ELSE 0 END))
               - (7 * (CAST(substr(e.scan_date, 1, 4) AS INTEGER)
                       + CASE WHEN substr(e.scan_date, 6, 2) >= '03' THEN 1 ELSE 0 END)) % 4) / 4
            + (275 * CAST(substr(e.scan_date, 6, 2) AS INTEGER)
               - (275 * CAST(substr(e.scan_date, 6, 2) AS INTEGER)) % 9) / 9
            + CAST(substr(e.scan_date, 9, 2) AS INTEGER)
            - (367 * CAST(substr(e.since, 1, 4) AS INTEGER)
               - ((7 * (CAST(substr(e.since, 1, 4) AS INTEGER)
                        + CASE WHEN substr(e.since, 6, 2) >= '03' THEN 1 ELSE 0 END))
                  - (7 * (CAST(substr(e.since, 1, 4) AS INTEGER)
                          + CASE WHEN substr(e.since, 6, 2) >= '03' THEN 1 ELSE 0 END)) % 4) / 4
               + (275 * CAST(substr(e.since, 6, 2) AS INTEGER)
                  - (275 * CAST(substr(e.since, 6, 2) AS INTEGER)) % 9) / 9
               + CAST(substr(e.since, 9, 2) AS INTEGER)) AS INTEGER) AS age_days,
       CAST(w.waiver_key IS NOT NULL AS INTEGER) AS waived, -- 1 while a waiver accepts it
       w.expires AS waiver_expires, -- the last day on which it does
       w.reason AS waiver_reason, -- why it is accepted
       w.owner AS waiver_owner -- who answers for that
FROM current_evaluations e
LEFT JOIN waiver w ON w.waiver_key = e.waiver_key
WHERE e.compliance = 'NON_COMPLIANT' AND e.mode = 'DETECTIVE';

CREATE VIEW waivers AS
-- One row is a line of waivers.csv in a run, and what it accepted there.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       k.line, -- NULL: it was not in the file as the run found it, and yet it held
       -- expired: it holds no longer. unused: no open finding is accepted by it. expiring: it ends
       -- within 30 days. active: none of these. refused: the line could not be used
       CASE WHEN w.expires < r.scan_date THEN 'expired'
            WHEN k.findings + k.findings_unread = 0 THEN 'unused'
            WHEN e.day - d.day <= 30 THEN 'expiring'
            ELSE 'active' END AS state,
       w.account, -- pattern of ids or names; '' = any
       w.region, -- pattern of regions; '' = any
       w.rule, -- pattern of rule groups or names
       w.resource, -- pattern of resource ids
       w.reason, -- why it is accepted
       w.owner, -- who answers for that; '' when it does not say
       w.expires, -- the last day on which it holds
       k.findings, -- that it accepts in this run
       k.findings_unread, -- that it accepted before, where this run could not read
       NULL AS message -- what is wrong with a refused line
FROM run_waiver k
JOIN run r ON r.run_no = k.run_no
JOIN waiver w ON w.waiver_key = k.waiver_key
JOIN (SELECT run_no,
             367 * CAST(substr(scan_date, 1, 4) AS INTEGER)
                 - ((7 * (CAST(substr(scan_date, 1, 4) AS INTEGER)
                          + CASE WHEN substr(scan_date, 6, 2) >= '03' THEN 1 ELSE 0 END))
                    - (7 * (CAST(substr(scan_date, 1, 4) AS INTEGER)
                            + CASE WHEN substr(scan_date, 6, 2) >= '03' THEN 1 ELSE 0 END)) % 4) / 4
                 + (275 * CAST(substr(scan_date, 6, 2) AS INTEGER)
                    - (275 * CAST(substr(scan_date, 6, 2) AS INTEGER)) % 9) / 9
                 + CAST(substr(scan_date, 9, 2) AS INTEGER) AS day
      FROM run) d ON d.run_no = k.run_no
JOIN (SELECT waiver_key,
             367 * CAST(substr(expires, 1, 4) AS INTEGER)
                 - ((7 * (CAST(substr(expires, 1, 4) AS INTEGER)
                          + CASE WHEN substr(expires, 6, 2) >= '03' THEN 1 ELSE 0 END))
                    - (7 * (CAST(substr(expires, 1, 4) AS INTEGER)
                            + CASE WHEN substr(expires, 6, 2) >= '03' THEN 1 ELSE 0 END)) % 4) / 4
                 + (275 * CAST(substr(expires, 6, 2) AS INTEGER)
                    - (275 * CAST(substr(expires, 6, 2) AS INTEGER)) % 9) / 9
                 + CAST(substr(expires, 9, 2) AS INTEGER) AS day
      FROM waiver) e ON e.waiver_key = k.waiver_key
UNION ALL
SELECT r.group_id, r.scan_date, p.line, 'refused', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       0, 0, p.message
FROM waiver_problem p
JOIN run r ON r.run_no = p.run_no;

CREATE VIEW tallies AS
-- One row is a DETECTIVE evaluation in a run, as numbers that may be summed up. Resources of one
-- rule may have several owners: what is counted by owner is counted here. Name a group_id.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       a.account_id, -- 12 digits
       ra.name AS account_name, -- as it was in that run
       ra.environment, -- prod, nonprod or unclassified, as it was in that run
       s.region, -- like eu-west-1
       ru.name AS rule_name, -- as AWS names it there
       g.name AS rule_group, -- the same rule across accounts and regions
       -- the resource's, or else the rule's; NULL when no tag names one
       coalesce(
           (SELECT nullif(o.value, '') FROM tag o
            WHERE o.tag_key = r.owner_tag
              AND o.tag_set_key = (SELECT x.tag_set_key FROM resource_tag_set x
                                   WHERE x.scope_key = s.scope_key
                                     AND x.resource_key = i.resource_key
                                     AND x.began <= r.run_no
                                   ORDER BY x.began DESC LIMIT 1)),
           (SELECT o.value FROM rule_tag o
            WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
              AND (o.ended IS NULL OR o.ended > r.run_no))) AS owner,
       CAST(i.compliance = 0 AS INTEGER) AS compliant, -- 1 when it is COMPLIANT
       CAST(i.compliance = 1 AS INTEGER) AS non_compliant, -- 1 when it is NON_COMPLIANT: a finding
       CAST(i.compliance = 2 AS INTEGER) AS not_applicable, -- 1 when it is NOT_APPLICABLE
       -- 1 when it is a finding that a waiver accepts
       CAST(i.compliance = 1
           AND EXISTS (SELECT 1
                       FROM accepted x CROSS JOIN waiver w
                       WHERE w.waiver_key = x.waiver_key
                         AND x.rule_key = i.rule_key AND x.resource_key = i.resource_key
                         AND x.began <= r.run_no AND (x.ended IS NULL OR x.ended > r.run_no)
                         AND w.expires >= r.scan_date) AS INTEGER) AS waived,
       -- when it was first seen, if it is a finding
       CASE i.compliance WHEN 1 THEN
           (SELECT b.scan_date FROM run b WHERE b.run_no = i.began) END AS oldest_finding
FROM run r
CROSS JOIN run_scope k
CROSS JOIN scope s
CROSS JOIN account a
CROSS JOIN run_account ra
CROSS JOIN rule ru
CROSS JOIN rule_group g
CROSS JOIN interval i
WHERE k.run_no = r.run_no
  AND k.outcome = 'scanned'
  AND s.scope_key = k.scope_key
  AND a.account_key = s.account_key
  AND ra.run_no = r.run_no
  AND ra.account_key = s.account_key
  AND ru.scope_key = s.scope_key
  AND g.rule_group_key = ru.rule_group_key
  AND i.rule_key = ru.rule_key
  AND i.mode = 0
  AND i.began <= r.run_no
  AND (i.ended IS NULL OR i.ended > r.run_no)
  AND +r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0)
  AND NOT EXISTS (SELECT 1 FROM run_rule x
                  WHERE x.run_no = r.run_no AND x.rule_key = ru.rule_key
                    AND x.outcome = 'failed');

CREATE VIEW compliance_by_rule_in_scope AS
-- One row is a run and a rule of a scope in which it was read: counts of DETECTIVE evaluations,
-- from the intervals. Everything else can be summed up from these, for any account or region; for
-- owners see `tallies`. Ask for one run at a time.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       a.account_id, -- 12 digits
       ra.name AS account_name, -- as it was in that run
       ra.environment, -- prod, nonprod or unclassified, as it was in that run
       s.region, -- like eu-west-1
       ru.name AS rule_name, -- as AWS names it there
       g.name AS rule_group, -- the same rule across accounts and regions
       (SELECT o.value FROM rule_tag o
        WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
          AND (o.ended IS NULL OR o.ended > r.run_no)) AS owner, -- by the rule's tags
       -- COMPLIANT evaluations
       (SELECT count(*) FROM interval i
        WHERE i.rule_key = ru.rule_key AND i.mode = 0 AND i.compliance = 0
          AND i.began <= r.run_no AND (i.ended IS NULL OR i.ended > r.run_no)) AS compliant,
       -- NON_COMPLIANT ones: findings
       (SELECT count(*) FROM interval i
        WHERE i.rule_key = ru.rule_key AND i.mode = 0 AND i.compliance = 1
          AND i.began <= r.run_no AND (i.ended IS NULL OR i.ended > r.run_no)) AS non_compliant,
       -- NOT_APPLICABLE ones
       (SELECT count(*) FROM interval i
        WHERE i.rule_key = ru.rule_key AND i.mode = 0 AND i.compliance = 2
          AND i.began <= r.run_no AND (i.ended IS NULL OR i.ended > r.run_no)) AS not_applicable,
       -- of the non-compliant ones
       (SELECT count(*)
        FROM accepted x
        CROSS JOIN waiver w
        CROSS JOIN interval i
        WHERE w.waiver_key = x.waiver_key
          AND w.expires >= r.scan_date
          AND i.rule_key = x.rule_key
          AND i.resource_key = x.resource_key
          AND i.mode = 0
          AND i.compliance = 1
          AND i.began <= r.run_no
          AND (i.ended IS NULL OR i.ended > r.run_no)
          AND x.rule_key = ru.rule_key
          AND x.began <= r.run_no AND (x.ended IS NULL OR x.ended > r.run_no)) AS waived,
       -- when the finding that has been open for longest was first seen; NULL when none is open
       (SELECT b.scan_date FROM run b
        WHERE b.run_no = (SELECT min(i.began) FROM interval i
                          WHERE i.rule_key = ru.rule_key AND i.mode = 0 AND i.compliance = 1
                            AND i.began <= r.run_no
                            AND (i.ended IS NULL OR i.ended > r.run_no))) AS oldest_finding
FROM run r
CROSS JOIN run_scope k
CROSS JOIN scope s
CROSS JOIN account a
CROSS JOIN run_account ra
CROSS JOIN rule ru
CROSS JOIN rule_group g
WHERE k.run_no = r.run_no
  AND k.outcome = 'scanned'
  AND s.scope_key = k.scope_key
  AND a.account_key = s.account_key
  AND ra.run_no = r.run_no
  AND ra.account_key = s.account_key
  AND ru.scope_key = s.scope_key
  AND g.rule_group_key = ru.rule_group_key
  AND +r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0)
  AND NOT EXISTS (SELECT 1 FROM run_rule x
                  WHERE x.run_no = r.run_no AND x.rule_key = ru.rule_key
                    AND x.outcome = 'failed');

CREATE VIEW compliance_by_owner AS
-- One row is an owner in the newest run; '' stands for evaluations that no tag gives an owner. Tags
-- are read of resources that are not compliant: who is named by these alone has findings, and what
-- was always compliant counts for the owner of the rule.
SELECT coalesce(owner, '') AS owner, -- the tag's value
       sum(compliance = 'COMPLIANT') AS compliant, -- COMPLIANT evaluations
       sum(compliance = 'NON_COMPLIANT') AS non_compliant, -- NON_COMPLIANT ones: findings
       -- compliant / (compliant + non_compliant)
       CAST(sum(compliance = 'COMPLIANT') AS DOUBLE)
           / nullif(sum(compliance IN ('COMPLIANT', 'NON_COMPLIANT')), 0) AS ratio,
       -- the same, where accepted findings count as compliant
       CAST(sum(compliance = 'COMPLIANT') + count(waiver_key) AS DOUBLE)
           / nullif(sum(compliance IN ('COMPLIANT', 'NON_COMPLIANT')), 0) AS ratio_after_waivers
FROM current_evaluations
WHERE mode = 'DETECTIVE'
GROUP BY 1;

CREATE VIEW trend AS
-- One row is a run and an environment: how its ratio moved, and what became of its findings. What
-- was not read is NULL.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       c.environment, -- prod, nonprod or unclassified, as it was in that run
       -- compliant / (compliant + non_compliant)
       CAST(c.compliant AS DOUBLE) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       -- in the run before
       CAST(b.compliant AS DOUBLE) / nullif(b.compliant + b.non_compliant, 0) AS previous_ratio,
       CAST(c.compliant AS DOUBLE) / nullif(c.compliant + c.non_compliant, 0)
           - CAST(b.compliant AS DOUBLE) / nullif(b.compliant + b.non_compliant, 0)
           AS change, -- ratio - previous_ratio
       CASE WHEN c.was_read THEN c.new_findings END AS new_findings, -- new and reopened
       -- since the run before; not those that are gone
       CASE WHEN c.was_read THEN c.resolved_findings END AS resolved_findings,
       -- NON_COMPLIANT evaluations
       CASE WHEN c.was_read THEN c.non_compliant END AS open_findings
FROM (SELECT e.*,
             EXISTS (SELECT 1
                     FROM run_scope k
                     CROSS JOIN scope s
                     CROSS JOIN run_account ra
                     WHERE s.scope_key = k.scope_key
                       AND ra.run_no = k.run_no
                       AND ra.account_key = s.account_key
                       AND k.run_no = e.run_no AND k.outcome = 'scanned'
                       AND ra.environment = e.environment) AS was_read
      FROM count_environment e) c
JOIN run r ON r.run_no = c.run_no
LEFT JOIN count_environment b
       ON b.run_no = (SELECT max(p.run_no) FROM run p WHERE p.run_no < c.run_no)
      AND b.environment = c.environment;

CREATE VIEW changes AS
-- One row is a finding that differs between a run and the one before it: new, resolved, reopened,
-- or gone (no longer reported, which is not resolved). What could not be read has not changed.
SELECT r.group_id, -- the run
       (SELECT p.group_id FROM run p WHERE p.run_no < r.run_no
        ORDER BY p.run_no DESC LIMIT 1) AS previous_group_id, -- the run before it
       -- reopened: it had been a finding once before
       CASE WHEN EXISTS (SELECT 1 FROM interval p
                         WHERE p.rule_key = i.rule_key AND p.resource_key = i.resource_key
                           AND p.mode = 0 AND p.compliance = 1 AND p.began < i.began)
            THEN 'reopened' ELSE 'new' END AS change,
       a.account_id, -- 12 digits
       ra.name AS account_name, -- as it was in that run
       ra.environment, -- prod, nonprod or unclassified, as it was in that run
       s.region, -- where the resource is
       ru.name AS rule_name, -- as AWS names it there
       t.name AS resource_type, -- AWS::S3::Bucket
       re.name AS resource_id, -- as AWS Config names it
       -- as last known before this run; NULL when it was not reported
       CASE (SELECT p.compliance FROM interval p
             WHERE p.rule_key = i.rule_key AND p.resource_key = i.resource_key AND p.mode = 0
               AND p.ended = i.began)
            WHEN 0 THEN 'COMPLIANT' WHEN 2 THEN 'NOT_APPLICABLE' END AS compliance_before,
       'NON_COMPLIANT' AS compliance_after, -- in this run; NULL when it is not reported
       g.name AS rule_group, -- the same rule across accounts and regions
       -- the resource's, or else the rule's; NULL when no tag names one
       coalesce(
           (SELECT nullif(o.value, '') FROM tag o
            WHERE o.tag_key = r.owner_tag
              AND o.tag_set_key = (SELECT x.tag_set_key FROM resource_tag_set x
                                   WHERE x.scope_key = s.scope_key
                                     AND x.resource_key = i.resource_key
                                     AND x.began <= r.run_no
                                   ORDER BY x.began DESC LIMIT 1)),
           (SELECT o.value FROM rule_tag o
            WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
              AND (o.ended IS NULL OR o.ended > r.run_no))) AS owner
FROM run r
CROSS JOIN interval i
CROSS JOIN rule ru
CROSS JOIN rule_group g
CROSS JOIN scope s
CROSS JOIN account a
CROSS JOIN run_account ra
CROSS JOIN resource re
CROSS JOIN resource_type t
WHERE i.began = r.run_no
  AND i.compliance = 1
  AND i.mode = 0
  AND ru.rule_key = i.rule_key
  AND g.rule_group_key = ru.rule_group_key
  AND s.scope_key = ru.scope_key
  AND a.account_key = s.account_key
  AND ra.run_no = r.run_no
  AND ra.account_key = s.account_key
  AND re.resource_key = i.resource_key
  AND t.resource_type_key = re.resource_type_key
  AND +r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0)
  AND +r.run_no > (SELECT min(run_no) FROM run)
UNION ALL
SELECT r.group_id,
       (SELECT p.group_id FROM run p WHERE p.run_no < r.run_no
        ORDER BY p.run_no DESC LIMIT 1),
       CASE WHEN n.compliance IS NULL THEN 'gone' ELSE 'resolved' END,
       a.account_id, ra.name, ra.environment, s.region, ru.name, t.name, re.name,
       'NON_COMPLIANT',
       CASE n.compliance WHEN 0 THEN 'COMPLIANT' WHEN 2 THEN 'NOT_APPLICABLE' END,
       g.name,
       coalesce(
           (SELECT nullif(o.value, '') FROM tag o
            WHERE o.tag_key = r.owner_tag
              AND o.tag_set_key = (SELECT x.tag_set_key FROM resource_tag_set x
                                   WHERE x.scope_key = s.scope_key
                                     AND x.resource_key = i.resource_key
                                     AND x.began <= r.run_no
                                   ORDER BY x.began DESC LIMIT 1)),
           (SELECT o.value FROM rule_tag o
            WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
              AND (o.ended IS NULL OR o.ended > r.run_no)))
FROM run r
CROSS JOIN interval i
LEFT JOIN interval n ON n.rule_key = i.rule_key AND n.resource_key = i.resource_key
                    AND n.mode = 0 AND n.began = i.ended
CROSS JOIN rule ru
CROSS JOIN rule_group g
CROSS JOIN scope s
CROSS JOIN account a
CROSS JOIN run_account ra
CROSS JOIN resource re
CROSS JOIN resource_type t
WHERE i.ended = r.run_no
  AND i.compliance = 1
  AND i.mode = 0
  AND ru.rule_key = i.rule_key
  AND g.rule_group_key = ru.rule_group_key
  AND s.scope_key = ru.scope_key
  AND a.account_key = s.account_key
  AND ra.run_no = r.run_no
  AND ra.account_key = s.account_key
  AND re.resource_key = i.resource_key
  AND t.resource_type_key = re.resource_type_key
  AND +r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0);

CREATE VIEW runs AS
-- One row is a run.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       r.started_at, -- when its first shard was begun
       r.finished_at, -- when its last shard was finished
       -- 1 when every planned scope was scanned, or skipped on purpose. Rules may have failed even
       -- so: see rules_failed
       CAST(NOT EXISTS (SELECT 1 FROM run_scope s
                   WHERE s.run_no = r.run_no
                     AND s.outcome NOT IN ('scanned', 'skipped')) AS INTEGER) AS complete,
       -- accounts and regions that are part of it
       (SELECT count(*) FROM run_scope s WHERE s.run_no = r.run_no) AS scopes_planned,
       -- those of them that were read
       (SELECT count(*) FROM run_scope s
        WHERE s.run_no = r.run_no AND s.outcome = 'scanned') AS scopes_scanned,
       (SELECT coalesce(sum(s.evaluations), 0) FROM run_scope s
        WHERE s.run_no = r.run_no) AS evaluations, -- evaluations that were read
       -- the run before this one; NULL for the first
       (SELECT p.group_id FROM run p WHERE p.run_no < r.run_no
        ORDER BY p.run_no DESC LIMIT 1) AS previous_group_id,
       -- 1 is the first run
       row_number() OVER (ORDER BY r.run_no) AS ordinal,
       -- 1 when its evaluations were removed to save room, and only its counts are left
       CAST(r.run_no < coalesce((SELECT max(p.before_run) FROM pruned p), 0) AS INTEGER) AS pruned,
       -- rules of scanned scopes that could not be read: unknown, whatever `complete` says
       (SELECT coalesce(sum(s.rules_failed), 0) FROM run_scope s
        WHERE s.run_no = r.run_no) AS rules_failed,
       o.organization_id, -- the organization, like o-a1b2c3d4e5; NULL when not known
       o.management_account_id -- the account that the organization belongs to
FROM run r
LEFT JOIN run_plan o ON o.run_no = r.run_no;

CREATE VIEW coverage AS
-- One row is a scope in a run: whether it was read, and if not, why.
SELECT r.group_id, -- the run
       a.account_id, -- 12 digits
       ra.name AS account_name, -- as it was in that run
       ra.environment, -- prod, nonprod or unclassified, as it was in that run
       s.region, -- like eu-west-1
       k.outcome, -- scanned, denied, failed, skipped or missing: no shard told of it
       k.recorder, -- on, stopped (results are old) or none; NULL when not known
       k.error_code, -- AWS's, where it gave one
       k.message, -- why it was not read
       k.rules, -- rules there
       k.rules_failed, -- rules of these that could not be read
       k.evaluations, -- that were read there
       -- the newest run up to this one in which it was read; NULL = never
       (SELECT l.scan_date FROM run_scope p JOIN run l ON l.run_no = p.run_no
        WHERE p.scope_key = k.scope_key AND p.outcome = 'scanned' AND p.run_no <= k.run_no
        ORDER BY p.run_no DESC LIMIT 1) AS last_scanned,
       -- 1 when tags of resources were read, or none had to be; 0: owners are those known before;
       -- NULL when it was not scanned
       CASE k.outcome WHEN 'scanned' THEN
           CAST(NOT EXISTS (SELECT 1 FROM tags_unread u
                       WHERE u.run_no = k.run_no AND u.scope_key = k.scope_key) AS INTEGER)
            END AS tags_read
FROM run_scope k
JOIN run r ON r.run_no = k.run_no
JOIN scope s ON s.scope_key = k.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = k.run_no AND ra.account_key = s.account_key;

CREATE VIEW compliance_by_environment AS
-- One row is a run and an environment. Ratios count COMPLIANT and NON_COMPLIANT only; NULL where
-- there is nothing to divide.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       c.environment, -- prod, nonprod or unclassified, as it was in that run
       c.compliant, -- COMPLIANT evaluations
       c.non_compliant, -- NON_COMPLIANT ones: findings
       c.not_applicable, -- NOT_APPLICABLE ones
       -- compliant / (compliant + non_compliant)
       CAST(c.compliant AS DOUBLE) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS DOUBLE) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers, -- the same, where accepted findings count as compliant
       c.waived -- of the non-compliant ones
FROM count_environment c
JOIN run r ON r.run_no = c.run_no;

CREATE VIEW compliance_by_rule AS
-- One row is a run, a rule group and an environment.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       c.environment, -- prod, nonprod or unclassified, as it was in that run
       c.compliant, -- COMPLIANT evaluations
       c.non_compliant, -- NON_COMPLIANT ones: findings
       c.not_applicable, -- NOT_APPLICABLE ones
       -- compliant / (compliant + non_compliant)
       CAST(c.compliant AS DOUBLE) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS DOUBLE) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers, -- the same, where accepted findings count as compliant
       g.name AS rule_group, -- the same rule across accounts and regions
       c.waived -- of the non-compliant ones
FROM count_rule c
JOIN run r ON r.run_no = c.run_no
JOIN rule_group g ON g.rule_group_key = c.rule_group_key;

CREATE VIEW compliance_by_account AS
-- One row is a run and an account. An account of which nothing could be read has no ratio.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       ra.environment, -- prod, nonprod or unclassified, as it was in that run
       coalesce(c.compliant, 0) AS compliant, -- COMPLIANT evaluations
       coalesce(c.non_compliant, 0) AS non_compliant, -- NON_COMPLIANT ones: findings
       coalesce(c.not_applicable, 0) AS not_applicable, -- NOT_APPLICABLE ones
       -- compliant / (compliant + non_compliant)
       CAST(c.compliant AS DOUBLE) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS DOUBLE) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers, -- the same, where accepted findings count as compliant
       a.account_id, -- 12 digits
       ra.name AS account_name, -- as it was in that run
       (SELECT count(*) FROM run_scope k JOIN scope s ON s.scope_key = k.scope_key
        WHERE k.run_no = ra.run_no AND s.account_key = ra.account_key
          AND k.outcome = 'scanned') AS scopes_scanned, -- those of them that were read
       -- accounts in a region that are part of it
       (SELECT count(*) FROM run_scope k JOIN scope s ON s.scope_key = k.scope_key
        WHERE k.run_no = ra.run_no AND s.account_key = ra.account_key) AS scopes_planned,
       coalesce(c.waived, 0) AS waived -- of the non-compliant ones
FROM run_account ra
JOIN run r ON r.run_no = ra.run_no
JOIN account a ON a.account_key = ra.account_key
LEFT JOIN count_account c ON c.run_no = ra.run_no AND c.account_key = ra.account_key;
