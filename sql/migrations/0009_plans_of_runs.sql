-- Schema version 9: whether a run had a plan, and of which organization it was; views that tell
-- nothing found from not read. For a time, version 8 had the table of this one in place of its own:
-- whichever is there is taken.

CREATE TABLE IF NOT EXISTS run_plan (
    -- The plan of a run, where it has one: what it does not name was left out on purpose. Without
    -- one, what nobody tells of is missing.
    run_no INTEGER PRIMARY KEY REFERENCES run, -- the run
    organization_id TEXT, -- whose accounts it names, like o-a1b2c3d4e5; NULL where they came from a
        -- file, or where the organization would not say
    management_account_id TEXT -- the account that the organization belongs to
) STRICT;

CREATE TABLE IF NOT EXISTS run_organization (
    run_no INTEGER PRIMARY KEY,
    organization_id TEXT,
    management_account_id TEXT
) STRICT;
INSERT OR IGNORE INTO run_plan (run_no, organization_id, management_account_id)
SELECT run_no, organization_id, management_account_id FROM run_organization;

-- Whether other runs had plans was not kept then, and they were told of as if they had.
INSERT OR IGNORE INTO run_plan (run_no)
SELECT run_no FROM run
WHERE NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'runs' AND sql LIKE '%run_plan%');

DROP VIEW runs;
DROP TABLE run_organization;
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
        WHERE s.run_no = r.run_no) AS rules_failed,
       o.organization_id, -- the organization, like o-a1b2c3d4e5; NULL when not known
       o.management_account_id -- the account that the organization belongs to
FROM run r
LEFT JOIN run_plan o ON o.run_no = r.run_no;

DROP VIEW trend;
CREATE VIEW trend AS
-- One row is a run and an environment: how its ratio moved, and what became of its findings. What
-- was not read is NULL.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       c.environment, -- prod, nonprod or unclassified, as it was in that run
       -- compliant / (compliant + non_compliant)
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       -- in the run before
       CAST(b.compliant AS REAL) / nullif(b.compliant + b.non_compliant, 0) AS previous_ratio,
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           - CAST(b.compliant AS REAL) / nullif(b.compliant + b.non_compliant, 0)
           AS change, -- ratio - previous_ratio
       CASE WHEN c.was_read THEN c.new_findings END AS new_findings, -- new and reopened
       -- since the run before; not those that are gone
       CASE WHEN c.was_read THEN c.resolved_findings END AS resolved_findings,
       -- NON_COMPLIANT evaluations
       CASE WHEN c.was_read THEN c.non_compliant END AS open_findings
FROM (SELECT e.*,
             EXISTS (SELECT 1
                     FROM run_scope k
                     CROSS JOIN scope s ON s.scope_key = k.scope_key
                     CROSS JOIN run_account ra ON ra.run_no = k.run_no
                                              AND ra.account_key = s.account_key
                     WHERE k.run_no = e.run_no AND k.outcome = 'scanned'
                       AND ra.environment = e.environment) AS was_read
      FROM count_environment e) c
JOIN run r ON r.run_no = c.run_no
LEFT JOIN count_environment b
       ON b.run_no = (SELECT max(p.run_no) FROM run p WHERE p.run_no < c.run_no)
      AND b.environment = c.environment;

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
       (SELECT count(*) FROM run r
        WHERE r.run_no >= (SELECT b.run_no FROM run b WHERE b.group_id = e.since_group_id))
           AS age_runs,
       -- days for which it has been open
       CAST(julianday(e.scan_date) - julianday(e.since) AS INTEGER) AS age_days,
       w.waiver_key IS NOT NULL AS waived, -- 1 while a waiver accepts it
       w.expires AS waiver_expires, -- the last day on which it does
       w.reason AS waiver_reason, -- why it is accepted
       w.owner AS waiver_owner -- who answers for that
FROM current_evaluations e
LEFT JOIN waiver w ON w.waiver_key = e.waiver_key
WHERE e.compliance = 'NON_COMPLIANT' AND e.mode = 'DETECTIVE';

DROP VIEW changes;
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
CROSS JOIN interval i ON i.began = r.run_no AND i.compliance = 1 AND i.mode = 0
CROSS JOIN rule ru ON ru.rule_key = i.rule_key
CROSS JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
CROSS JOIN scope s ON s.scope_key = ru.scope_key
CROSS JOIN account a ON a.account_key = s.account_key
CROSS JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
CROSS JOIN resource re ON re.resource_key = i.resource_key
CROSS JOIN resource_type t ON t.resource_type_key = re.resource_type_key
WHERE +r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0)
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
CROSS JOIN interval i ON i.ended = r.run_no AND i.compliance = 1 AND i.mode = 0
LEFT JOIN interval n ON n.rule_key = i.rule_key AND n.resource_key = i.resource_key
                    AND n.mode = 0 AND n.began = i.ended
CROSS JOIN rule ru ON ru.rule_key = i.rule_key
CROSS JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
CROSS JOIN scope s ON s.scope_key = ru.scope_key
CROSS JOIN account a ON a.account_key = s.account_key
CROSS JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
CROSS JOIN resource re ON re.resource_key = i.resource_key
CROSS JOIN resource_type t ON t.resource_type_key = re.resource_type_key
WHERE +r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0);
