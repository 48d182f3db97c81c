-- Schema version 5: views for reports. `changes` looks up the findings of the run that is asked for,
-- and of no other, if its group_id is named as it is (a value or parameter, no subquery). Views of
-- ratios tell how many findings are waived, and those of rules whose they are.

DROP VIEW changes;
DROP VIEW finding_boundary;
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
       (SELECT o.value FROM rule_tag o
        WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
          AND (o.ended IS NULL OR o.ended > r.run_no)) AS owner -- NULL when no tag names one
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
       (SELECT o.value FROM rule_tag o
        WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
          AND (o.ended IS NULL OR o.ended > r.run_no))
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

DROP VIEW rule_coverage;
CREATE VIEW rule_coverage AS
-- One row is a rule of a scanned scope that told nothing in a run: it could not be read, or it had
-- insufficient data.
SELECT r.group_id,
       a.account_id,
       ra.name AS account_name,
       ra.environment,
       s.region,
       ru.name AS rule_name,
       g.name AS rule_group,
       x.outcome,
       x.error_code,
       x.message,
       (SELECT o.value FROM rule_tag o
        WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
          AND (o.ended IS NULL OR o.ended > r.run_no)) AS owner -- NULL when no tag names one
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
SELECT r.group_id,
       r.scan_date,
       c.environment,
       c.compliant,
       c.non_compliant,
       c.not_applicable,
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers,
       c.waived -- of the non-compliant ones
FROM count_environment c
JOIN run r ON r.run_no = c.run_no;

DROP VIEW compliance_by_rule;
CREATE VIEW compliance_by_rule AS
-- One row is a run, a rule group and an environment.
SELECT r.group_id,
       r.scan_date,
       c.environment,
       c.compliant,
       c.non_compliant,
       c.not_applicable,
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers,
       g.name AS rule_group,
       c.waived -- of the non-compliant ones
FROM count_rule c
JOIN run r ON r.run_no = c.run_no
JOIN rule_group g ON g.rule_group_key = c.rule_group_key;

DROP VIEW compliance_by_account;
CREATE VIEW compliance_by_account AS
-- One row is a run and an account. An account of which nothing could be read has no ratio.
SELECT r.group_id,
       r.scan_date,
       ra.environment,
       coalesce(c.compliant, 0) AS compliant,
       coalesce(c.non_compliant, 0) AS non_compliant,
       coalesce(c.not_applicable, 0) AS not_applicable,
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers,
       a.account_id,
       ra.name AS account_name,
       (SELECT count(*) FROM run_scope k JOIN scope s ON s.scope_key = k.scope_key
        WHERE k.run_no = ra.run_no AND s.account_key = ra.account_key
          AND k.outcome = 'scanned') AS scopes_scanned,
       (SELECT count(*) FROM run_scope k JOIN scope s ON s.scope_key = k.scope_key
        WHERE k.run_no = ra.run_no AND s.account_key = ra.account_key) AS scopes_planned,
       coalesce(c.waived, 0) AS waived -- of the non-compliant ones
FROM run_account ra
JOIN run r ON r.run_no = ra.run_no
JOIN account a ON a.account_key = ra.account_key
LEFT JOIN count_account c ON c.run_no = ra.run_no AND c.account_key = ra.account_key;

CREATE VIEW compliance_by_rule_in_scope AS
-- One row is a run and a rule of a scope in which it was read: counts of DETECTIVE evaluations,
-- from the intervals. Everything else can be summed up from these, for any owner or region; ask for
-- one run at a time.
SELECT r.group_id,
       r.scan_date,
       a.account_id, -- 12 digits
       ra.name AS account_name, -- as it was in that run
       ra.environment, -- prod, nonprod or unclassified, as it was in that run
       s.region,
       ru.name AS rule_name, -- as AWS names it there
       g.name AS rule_group, -- the same rule across accounts and regions
       (SELECT o.value FROM rule_tag o
        WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
          AND (o.ended IS NULL OR o.ended > r.run_no)) AS owner, -- NULL when no tag names one
       (SELECT count(*) FROM interval i
        WHERE i.rule_key = ru.rule_key AND i.mode = 0 AND i.compliance = 0
          AND i.began <= r.run_no AND (i.ended IS NULL OR i.ended > r.run_no)) AS compliant,
       (SELECT count(*) FROM interval i
        WHERE i.rule_key = ru.rule_key AND i.mode = 0 AND i.compliance = 1
          AND i.began <= r.run_no AND (i.ended IS NULL OR i.ended > r.run_no)) AS non_compliant,
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
