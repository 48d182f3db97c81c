-- summary: The five rules with the most open findings in a run.
-- param group_id: the run; the newest when absent
-- column rule_group: the rule, the same across accounts and regions
-- column prod: open findings in prod
-- column nonprod: open findings in nonprod
-- column unclassified: open findings in accounts without an environment
-- column non_compliant: open findings in all
-- column ratio: compliant / (compliant + non-compliant) over all environments
-- column new_findings: findings since the run before, returned ones too; NULL in the first run
-- column resolved_findings: findings that are compliant again
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
moves AS MATERIALIZED (
    -- by the run's name where there is one: then only its changes are looked up
    SELECT * FROM changes WHERE group_id = :group_id
    UNION ALL
    SELECT * FROM changes WHERE :group_id IS NULL AND group_id = (SELECT group_id FROM this)),
moved AS MATERIALIZED (
    SELECT rule_group,
           sum(change IN ('new', 'reopened')) AS new_findings,
           sum(change = 'resolved') AS resolved_findings
    FROM moves
    GROUP BY rule_group),
worst AS MATERIALIZED (
    SELECT rule_group,
           sum(non_compliant) FILTER (WHERE environment = 'prod') AS prod,
           sum(non_compliant) FILTER (WHERE environment = 'nonprod') AS nonprod,
           sum(non_compliant) FILTER (WHERE environment = 'unclassified') AS unclassified,
           sum(non_compliant) AS non_compliant,
           CAST(sum(compliant) AS REAL) / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio
    FROM compliance_by_rule WHERE group_id = (SELECT group_id FROM this)
    GROUP BY rule_group
    HAVING sum(non_compliant) > 0
    ORDER BY sum(non_compliant) DESC,
             coalesce(sum(non_compliant) FILTER (WHERE environment = 'prod'), 0) DESC, rule_group
    LIMIT 5)
SELECT w.rule_group,
       w.prod,
       w.nonprod,
       w.unclassified,
       w.non_compliant,
       w.ratio,
       CASE WHEN h.previous_group_id IS NOT NULL
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN h.previous_group_id IS NOT NULL
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings
FROM worst w
CROSS JOIN this h
LEFT JOIN moved m ON m.rule_group = w.rule_group
ORDER BY w.non_compliant DESC, coalesce(w.prod, 0) DESC, w.rule_group;
