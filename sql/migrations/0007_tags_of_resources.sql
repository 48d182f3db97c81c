-- Schema version 7: tags of resources. An owner is the one that the resource's tags name, or else
-- the one that the rule's tags name. Tags are read of resources that are not compliant; what was
-- read of one holds until something else is read.

CREATE TABLE tag_set (
    -- What some resources are tagged with, each combination once; '{}' where there is no tag.
    tag_set_key INTEGER PRIMARY KEY, -- its number in this database
    tags TEXT NOT NULL UNIQUE -- all of it as a JSON object
) STRICT;

CREATE TABLE tag (
    -- A tag of such a combination.
    tag_set_key INTEGER NOT NULL REFERENCES tag_set, -- the combination
    tag_key TEXT NOT NULL, -- with its prefix: mox.owner
    value TEXT NOT NULL, -- what the tag says
    PRIMARY KEY (tag_set_key, tag_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_tag_set (
    -- The tags that were read of a resource, from run to run. They were read in the runs of
    -- [began, ended) in which tags of its scope were; in others, what was read last still holds.
    scope_key INTEGER NOT NULL REFERENCES scope, -- where the resource is
    resource_key INTEGER NOT NULL REFERENCES resource, -- what is tagged
    began INTEGER NOT NULL REFERENCES run, -- the run in which just these tags were first read
    ended INTEGER REFERENCES run, -- the run in which they were not; NULL while they are
    tag_set_key INTEGER NOT NULL REFERENCES tag_set, -- the tags
    PRIMARY KEY (scope_key, resource_key, began)
) STRICT, WITHOUT ROWID;

CREATE TABLE tags_unread (
    -- A scope that was scanned in a run, and that let no tags of its resources be read.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    scope_key INTEGER NOT NULL REFERENCES scope, -- the scope
    PRIMARY KEY (run_no, scope_key)
) STRICT, WITHOUT ROWID;

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
       -- in the run before; NULL when it was not reported
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
        ORDER BY p.run_no DESC LIMIT 1) AS last_scanned,
       -- 1 when tags of resources were read, or none had to be; 0: owners are those known before;
       -- NULL when it was not scanned
       CASE k.outcome WHEN 'scanned' THEN
           NOT EXISTS (SELECT 1 FROM tags_unread u
                       WHERE u.run_no = k.run_no AND u.scope_key = k.scope_key) END AS tags_read
FROM run_scope k
JOIN run r ON r.run_no = k.run_no
JOIN scope s ON s.scope_key = k.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = k.run_no AND ra.account_key = s.account_key;

DROP VIEW compliance_by_owner;
CREATE VIEW compliance_by_owner AS
-- One row is an owner in the newest run; '' stands for evaluations that no tag gives an owner. Tags
-- are read of resources that are not compliant: who is named by these alone has findings, and what
-- was always compliant counts for the owner of the rule.
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

DROP VIEW compliance_by_rule_in_scope;
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
       i.compliance = 0 AS compliant, -- 1 when it is COMPLIANT
       i.compliance = 1 AS non_compliant, -- 1 when it is NON_COMPLIANT: a finding
       i.compliance = 2 AS not_applicable, -- 1 when it is NOT_APPLICABLE
       -- 1 when it is a finding that a waiver accepts
       i.compliance = 1
           AND EXISTS (SELECT 1
                       FROM accepted x CROSS JOIN waiver w ON w.waiver_key = x.waiver_key
                       WHERE x.rule_key = i.rule_key AND x.resource_key = i.resource_key
                         AND x.began <= r.run_no AND (x.ended IS NULL OR x.ended > r.run_no)
                         AND w.expires >= r.scan_date) AS waived,
       -- when it was first seen, if it is a finding
       CASE i.compliance WHEN 1 THEN
           (SELECT b.scan_date FROM run b WHERE b.run_no = i.began) END AS oldest_finding
FROM run r
CROSS JOIN run_scope k ON k.run_no = r.run_no AND k.outcome = 'scanned'
CROSS JOIN scope s ON s.scope_key = k.scope_key
CROSS JOIN account a ON a.account_key = s.account_key
CROSS JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
CROSS JOIN rule ru ON ru.scope_key = s.scope_key
CROSS JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
CROSS JOIN interval i ON i.rule_key = ru.rule_key AND i.mode = 0 AND i.began <= r.run_no
                     AND (i.ended IS NULL OR i.ended > r.run_no)
WHERE +r.run_no >= coalesce((SELECT max(p.before_run) FROM pruned p), 0)
  AND NOT EXISTS (SELECT 1 FROM run_rule x
                  WHERE x.run_no = r.run_no AND x.rule_key = ru.rule_key
                    AND x.outcome = 'failed');
