-- Schema version 6: views say what each of their columns is. `runs` tells how many rules could not
-- be read, and `rule_coverage` the last known owner of a rule that tells nothing.

DROP VIEW last_known_evaluations;
CREATE VIEW last_known_evaluations AS
-- One row is the last known state of an evaluation whose scope or rule was not read in the newest
-- run: neither compliant nor resolved, only old.
SELECT a.account_id, -- 12 digits
       s.region, -- like eu-west-1
       ru.name AS rule_name, -- as AWS names it there
       g.name AS rule_group, -- the same rule across accounts and regions
       t.name AS resource_type, -- AWS::S3::Bucket
       re.name AS resource_id, -- as AWS Config names it
       -- COMPLIANT, NON_COMPLIANT or NOT_APPLICABLE
       CASE i.compliance WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                         ELSE 'NOT_APPLICABLE' END AS compliance,
       b.scan_date AS since, -- when this state was first seen
       -- date of the newest run that read the scope; NULL = never
       (SELECT max(l.scan_date) FROM run_scope k JOIN run l ON l.run_no = k.run_no
        WHERE k.scope_key = s.scope_key AND k.outcome = 'scanned') AS last_scanned
FROM scope s
JOIN account a ON a.account_key = s.account_key
JOIN rule ru ON ru.scope_key = s.scope_key
JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
JOIN interval i ON i.rule_key = ru.rule_key AND i.ended IS NULL
JOIN run b ON b.run_no = i.began
JOIN resource re ON re.resource_key = i.resource_key
JOIN resource_type t ON t.resource_type_key = re.resource_type_key
WHERE NOT EXISTS (SELECT 1 FROM run_scope k
                  WHERE k.run_no = (SELECT max(run_no) FROM run)
                    AND k.scope_key = s.scope_key AND k.outcome = 'scanned')
   OR EXISTS (SELECT 1 FROM run_rule x
              WHERE x.run_no = (SELECT max(run_no) FROM run)
                AND x.rule_key = ru.rule_key AND x.outcome = 'failed');

DROP VIEW trend;
CREATE VIEW trend AS
-- One row is a run and an environment: how its ratio moved, and what became of its findings.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       c.environment, -- prod, nonprod or unclassified, as it was in that run
       -- compliant / (compliant + non_compliant)
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       lag(CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0))
           OVER by_time AS previous_ratio, -- in the run before
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           - lag(CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0))
               OVER by_time AS change, -- ratio - previous_ratio
       c.new_findings, -- new and reopened
       c.resolved_findings, -- since the run before; not those that are gone
       c.non_compliant AS open_findings -- NON_COMPLIANT evaluations
FROM count_environment c
JOIN run r ON r.run_no = c.run_no
WINDOW by_time AS (PARTITION BY c.environment ORDER BY c.run_no);

DROP VIEW coverage;
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
        ORDER BY p.run_no DESC LIMIT 1) AS last_scanned
FROM run_scope k
JOIN run r ON r.run_no = k.run_no
JOIN scope s ON s.scope_key = k.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = k.run_no AND ra.account_key = s.account_key;

DROP VIEW runs;
CREATE VIEW runs AS
-- One row is a run.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       r.started_at, -- when its first shard was begun
       r.finished_at, -- when its last shard was finished
       -- 1 when every planned scope was scanned, or skipped on purpose. Rules may have failed even
       -- so: see rules_failed
       NOT EXISTS (SELECT 1 FROM run_scope s
                   WHERE s.run_no = r.run_no
                     AND s.outcome NOT IN ('scanned', 'skipped')) AS complete,
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
       r.run_no < coalesce((SELECT max(p.before_run) FROM pruned p), 0) AS pruned,
       -- rules of scanned scopes that could not be read: unknown, whatever `complete` says
       (SELECT coalesce(sum(s.rules_failed), 0) FROM run_scope s
        WHERE s.run_no = r.run_no) AS rules_failed
FROM run r;

DROP VIEW evaluations;
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
       (SELECT o.value FROM rule_tag o
        WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
          AND (o.ended IS NULL OR o.ended > r.run_no)) AS owner, -- NULL when no tag names one
       b.scan_date AS since, -- when this state was first seen
       -- DETECTIVE; PROACTIVE ones count nowhere
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
       (SELECT count(*) FROM run r WHERE r.scan_date >= e.since) AS age_runs,
       -- days for which it has been open
       CAST(julianday(e.scan_date) - julianday(e.since) AS INTEGER) AS age_days,
       w.waiver_key IS NOT NULL AS waived, -- 1 while a waiver accepts it
       w.expires AS waiver_expires, -- the last day on which it does
       w.reason AS waiver_reason, -- why it is accepted
       w.owner AS waiver_owner -- who answers for that
FROM current_evaluations e
LEFT JOIN waiver w ON w.waiver_key = e.waiver_key
WHERE e.compliance = 'NON_COMPLIANT' AND e.mode = 'DETECTIVE';

DROP VIEW compliance_by_owner;
CREATE VIEW compliance_by_owner AS
-- One row is an owner in the newest run; '' stands for evaluations that no tag gives an owner.
SELECT coalesce(owner, '') AS owner, -- the tag's value
       sum(compliance = 'COMPLIANT') AS compliant, -- COMPLIANT evaluations
       sum(compliance = 'NON_COMPLIANT') AS non_compliant, -- NON_COMPLIANT ones: findings
       -- compliant / (compliant + non_compliant)
       CAST(sum(compliance = 'COMPLIANT') AS REAL)
           / nullif(sum(compliance IN ('COMPLIANT', 'NON_COMPLIANT')), 0) AS ratio,
       -- the same, where accepted findings count as compliant
       CAST(sum(compliance = 'COMPLIANT') + count(waiver_key) AS REAL)
           / nullif(sum(compliance IN ('COMPLIANT', 'NON_COMPLIANT')), 0) AS ratio_after_waivers
FROM current_evaluations
WHERE mode = 'DETECTIVE'
GROUP BY 1;

DROP VIEW waivers;
CREATE VIEW waivers AS
-- One row is a line of waivers.csv in a run, and what it accepted there.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       k.line, -- NULL: it was not in the file as the run found it, and yet it held
       -- expired: it holds no longer. unused: no open finding is accepted by it. expiring: it ends
       -- within 30 days. active: none of these. refused: the line could not be used
       CASE WHEN w.expires < r.scan_date THEN 'expired'
            WHEN k.findings + k.findings_unread = 0 THEN 'unused'
            WHEN w.expires <= date(r.scan_date, '+30 days') THEN 'expiring'
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
UNION ALL
SELECT r.group_id, r.scan_date, p.line, 'refused', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       0, 0, p.message
FROM waiver_problem p
JOIN run r ON r.run_no = p.run_no;

DROP VIEW rule_coverage;
CREATE VIEW rule_coverage AS
-- One row is a rule of a scanned scope that told nothing in a run: it could not be read, or it had
-- insufficient data.
SELECT r.group_id, -- the run
       a.account_id, -- 12 digits
       ra.name AS account_name, -- as it was in that run
       ra.environment, -- prod, nonprod or unclassified, as it was in that run
       s.region, -- like eu-west-1
       ru.name AS rule_name, -- as AWS names it there
       g.name AS rule_group, -- the same rule across accounts and regions
       x.outcome, -- failed, or insufficient_data
       x.error_code, -- AWS's, where it gave one
       x.message, -- why it could not be read
       (SELECT o.value FROM rule_tag o
        WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
        ORDER BY o.began DESC LIMIT 1) AS owner -- NULL when no tag names one
FROM run_rule x
JOIN run r ON r.run_no = x.run_no
JOIN rule ru ON ru.rule_key = x.rule_key
JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
JOIN scope s ON s.scope_key = ru.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = x.run_no AND ra.account_key = s.account_key
WHERE x.outcome <> 'rescued';

DROP VIEW compliance_by_environment;
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
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers, -- the same, where accepted findings count as compliant
       c.waived -- of the non-compliant ones
FROM count_environment c
JOIN run r ON r.run_no = c.run_no;

DROP VIEW compliance_by_rule;
CREATE VIEW compliance_by_rule AS
-- One row is a run, a rule group and an environment.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       c.environment, -- prod, nonprod or unclassified, as it was in that run
       c.compliant, -- COMPLIANT evaluations
       c.non_compliant, -- NON_COMPLIANT ones: findings
       c.not_applicable, -- NOT_APPLICABLE ones
       -- compliant / (compliant + non_compliant)
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers, -- the same, where accepted findings count as compliant
       g.name AS rule_group, -- the same rule across accounts and regions
       c.waived -- of the non-compliant ones
FROM count_rule c
JOIN run r ON r.run_no = c.run_no
JOIN rule_group g ON g.rule_group_key = c.rule_group_key;

DROP VIEW compliance_by_account;
CREATE VIEW compliance_by_account AS
-- One row is a run and an account. An account of which nothing could be read has no ratio.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       ra.environment, -- prod, nonprod or unclassified, as it was in that run
       coalesce(c.compliant, 0) AS compliant, -- COMPLIANT evaluations
       coalesce(c.non_compliant, 0) AS non_compliant, -- NON_COMPLIANT ones: findings
       coalesce(c.not_applicable, 0) AS not_applicable, -- NOT_APPLICABLE ones
       -- compliant / (compliant + non_compliant)
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS REAL) / nullif(c.compliant + c.non_compliant, 0)
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

DROP VIEW compliance_by_rule_in_scope;
CREATE VIEW compliance_by_rule_in_scope AS
-- One row is a run and a rule of a scope in which it was read: counts of DETECTIVE evaluations,
-- from the intervals. Everything else can be summed up from these, for any owner or region; ask for
-- one run at a time.
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
          AND (o.ended IS NULL OR o.ended > r.run_no)) AS owner, -- NULL when no tag names one
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
        CROSS JOIN waiver w ON w.waiver_key = x.waiver_key AND w.expires >= r.scan_date
        CROSS JOIN interval i ON i.rule_key = x.rule_key AND i.resource_key = x.resource_key
                             AND i.mode = 0 AND i.compliance = 1
                             AND i.began <= r.run_no AND (i.ended IS NULL OR i.ended > r.run_no)
        WHERE x.rule_key = ru.rule_key
          AND x.began <= r.run_no AND (x.ended IS NULL OR x.ended > r.run_no)) AS waived,
       -- when the finding that has been open for longest was first seen; NULL when none is open
       (SELECT b.scan_date FROM run b
        WHERE b.run_no = (SELECT min(i.began) FROM interval i
                          WHERE i.rule_key = ru.rule_key AND i.mode = 0 AND i.compliance = 1
                            AND i.began <= r.run_no
                            AND (i.ended IS NULL OR i.ended > r.run_no))) AS oldest_finding
FROM run r
CROSS JOIN run_scope k ON k.run_no = r.run_no AND k.outcome = 'scanned'
CROSS JOIN scope s ON s.scope_key = k.scope_key
CROSS JOIN account a ON a.account_key = s.account_key
CROSS JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
CROSS JOIN rule ru ON ru.scope_key = s.scope_key
CROSS JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
WHERE +r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0)
  AND NOT EXISTS (SELECT 1 FROM run_rule x
                  WHERE x.run_no = r.run_no AND x.rule_key = ru.rule_key
                    AND x.outcome = 'failed');
