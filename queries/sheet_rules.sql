-- summary: How each rule stood in a run, over all accounts and regions and by environment.
-- param group_id: the run; the newest when absent
-- column rule_group: the rule, the same across accounts and regions
-- column prod_ratio: compliant / (compliant + non-compliant) in prod; NULL where nothing counts
-- column nonprod_ratio: the same in nonprod
-- column unclassified_ratio: the same in accounts without an environment
-- column compliant: compliant evaluations; NULL where the rule could be read nowhere
-- column non_compliant: open findings
-- column not_applicable: evaluations that count for nothing
-- column ratio: compliant / (compliant + non-compliant) over all environments
-- column previous_ratio: the same in the run before
-- column change: of the ratio since the run before
-- column reading: whole, part or none: whether the rule could be read wherever it is
-- column failed: scopes in which the rule could not be read
-- column no_data: scopes in which the rule had nothing to tell (INSUFFICIENT_DATA)
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
counted AS MATERIALIZED (
    SELECT rule_group,
           max(CASE environment WHEN 'prod' THEN ratio END) AS prod_ratio,
           max(CASE environment WHEN 'nonprod' THEN ratio END) AS nonprod_ratio,
           max(CASE environment WHEN 'unclassified' THEN ratio END) AS unclassified_ratio,
           sum(compliant) AS compliant,
           sum(non_compliant) AS non_compliant,
           sum(not_applicable) AS not_applicable,
           CAST(sum(compliant) AS REAL) / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio
    FROM compliance_by_rule WHERE group_id = (SELECT group_id FROM this)
    GROUP BY rule_group),
before AS MATERIALIZED (
    SELECT rule_group,
           CAST(sum(compliant) AS REAL) / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio
    FROM compliance_by_rule WHERE group_id = (SELECT previous_group_id FROM this)
    GROUP BY rule_group),
silent AS MATERIALIZED (
    SELECT rule_group,
           sum(outcome = 'failed') AS failed,
           sum(outcome = 'insufficient_data') AS no_data
    FROM rule_coverage WHERE group_id = (SELECT group_id FROM this)
    GROUP BY rule_group)
SELECT n.rule_group,
       c.prod_ratio,
       c.nonprod_ratio,
       c.unclassified_ratio,
       c.compliant,
       c.non_compliant,
       c.not_applicable,
       c.ratio,
       b.ratio AS previous_ratio,
       c.ratio - b.ratio AS change,
       CASE WHEN coalesce(s.failed, 0) = 0 THEN 'whole'
            WHEN c.rule_group IS NOT NULL THEN 'part'
            ELSE 'none' END AS reading,
       coalesce(s.failed, 0) AS failed,
       coalesce(s.no_data, 0) AS no_data
FROM (SELECT rule_group FROM counted UNION SELECT rule_group FROM silent) n
LEFT JOIN counted c ON c.rule_group = n.rule_group
LEFT JOIN before b ON b.rule_group = n.rule_group
LEFT JOIN silent s ON s.rule_group = n.rule_group
ORDER BY coalesce(c.non_compliant, 0) DESC, n.rule_group;
