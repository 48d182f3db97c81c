-- summary: What differs between any two runs: new, resolved, reopened or gone findings.
-- param from: the earlier run; the one before :to when absent
-- param to: the later run; the newest when absent
-- param change: only new, resolved, reopened or gone
-- param environment: only prod, nonprod or unclassified accounts
-- column change: new, resolved, reopened (a finding once before), or gone (no longer reported)
-- column account_id: 12 digits
-- column account_name: as it was in the later run
-- column environment: prod, nonprod or unclassified, as it was in the later run
-- column region: where the resource is
-- column rule_name: as AWS Config names it there
-- column rule_group: the same without its random suffix
-- column resource_type: like AWS::S3::Bucket
-- column resource_id: as AWS Config names the resource
-- column compliance_before: last known in the earlier run; NULL when it was not reported
-- column compliance_after: in the later run; NULL when it is not reported
-- column group_id: the later run
-- column previous_group_id: the earlier run
--
-- What was not read in the later run has not changed: it is neither resolved nor gone. Of what was
-- not read in the earlier run, the state last known then counts. Of runs that were pruned, nothing
-- is told.
WITH whole AS (
    SELECT run_no, group_id FROM run
    WHERE run_no >= coalesce((SELECT max(before_run) FROM pruned), 0)
),
later AS (
    SELECT run_no, group_id FROM whole
    WHERE group_id = coalesce(:to,
                              (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1))
),
earlier AS (
    SELECT p.run_no, p.group_id FROM whole p, later l
    WHERE p.group_id = :from
       OR (:from IS NULL AND p.run_no = (SELECT max(b.run_no) FROM run b
                                         WHERE b.run_no < l.run_no))
),
pair AS (
    SELECT e.run_no AS from_no, e.group_id AS from_id, l.run_no AS to_no, l.group_id AS to_id
    FROM earlier e, later l
),
held_before AS (
    -- open findings of the earlier run
    SELECT i.rule_key, i.resource_key FROM pair p
    JOIN interval i ON i.began <= p.from_no AND (i.ended IS NULL OR i.ended > p.from_no)
    WHERE i.compliance = 1 AND i.mode = 0
),
held_after AS (
    -- open findings of the later run
    SELECT i.rule_key, i.resource_key FROM pair p
    JOIN interval i ON i.began <= p.to_no AND (i.ended IS NULL OR i.ended > p.to_no)
    WHERE i.compliance = 1 AND i.mode = 0
),
moved AS (
    SELECT rule_key, resource_key, 1 AS opened FROM (SELECT * FROM held_after
                                                     EXCEPT SELECT * FROM held_before)
    UNION ALL
    SELECT rule_key, resource_key, 0 FROM (SELECT * FROM held_before
                                           EXCEPT SELECT * FROM held_after)
),
told AS (
    SELECT m.rule_key, m.resource_key, m.opened, p.from_id, p.to_id, p.to_no,
           ru.scope_key, ru.name AS rule_name, ru.rule_group_key,
           (SELECT b.compliance FROM interval b
            WHERE b.rule_key = m.rule_key AND b.resource_key = m.resource_key AND b.mode = 0
              AND b.began <= p.from_no AND (b.ended IS NULL OR b.ended > p.from_no)) AS before,
           (SELECT a.compliance FROM interval a
            WHERE a.rule_key = m.rule_key AND a.resource_key = m.resource_key AND a.mode = 0
              AND a.began <= p.to_no AND (a.ended IS NULL OR a.ended > p.to_no)) AS after,
           EXISTS (SELECT 1 FROM interval o
                   WHERE o.rule_key = m.rule_key AND o.resource_key = m.resource_key
                     AND o.mode = 0 AND o.compliance = 1
                     AND o.ended <= min(p.from_no, p.to_no)) AS was_open
    FROM pair p
    CROSS JOIN moved m
    JOIN rule ru ON ru.rule_key = m.rule_key
    JOIN run_scope rs ON rs.run_no = p.to_no AND rs.scope_key = ru.scope_key
                     AND rs.outcome = 'scanned'
    WHERE NOT EXISTS (SELECT 1 FROM run_rule x
                      WHERE x.run_no = p.to_no AND x.rule_key = m.rule_key
                        AND x.outcome = 'failed')
),
named AS (
    SELECT t.*,
           CASE WHEN t.opened AND t.was_open THEN 'reopened'
                WHEN t.opened THEN 'new'
                WHEN t.after IS NULL THEN 'gone'
                ELSE 'resolved' END AS change
    FROM told t
)
SELECT n.change,
       a.account_id,
       ra.name AS account_name,
       ra.environment,
       s.region,
       n.rule_name,
       g.name AS rule_group,
       y.name AS resource_type,
       re.name AS resource_id,
       CASE n.before WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                     WHEN 2 THEN 'NOT_APPLICABLE' END AS compliance_before,
       CASE n.after WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                    WHEN 2 THEN 'NOT_APPLICABLE' END AS compliance_after,
       n.to_id AS group_id,
       n.from_id AS previous_group_id
FROM named n
JOIN scope s ON s.scope_key = n.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = n.to_no AND ra.account_key = s.account_key
JOIN rule_group g ON g.rule_group_key = n.rule_group_key
JOIN resource re ON re.resource_key = n.resource_key
JOIN resource_type y ON y.resource_type_key = re.resource_type_key
WHERE (:change IS NULL OR n.change = :change)
  AND (:environment IS NULL OR ra.environment = :environment)
ORDER BY CASE n.change WHEN 'new' THEN 1 WHEN 'reopened' THEN 2 WHEN 'resolved' THEN 3 ELSE 4 END,
         a.account_id, s.region, n.rule_name, y.name, re.name;
