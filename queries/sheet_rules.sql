-- summary: How each rule stood in a run, over all accounts and regions and by environment.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- column rule_group: the rule, the same across accounts and regions
-- column prod_ratio: compliant / (compliant + non-compliant) in prod; NULL where nothing counts
-- column nonprod_ratio: the same in nonprod
-- column unclassified_ratio: the same in accounts without an environment
-- column compliant: compliant evaluations; NULL where the rule could be read nowhere
-- column non_compliant: open findings
-- column waived: of these, what a waiver accepts
-- column not_applicable: evaluations that count for nothing
-- column ratio: compliant / (compliant + non-compliant) over all environments
-- column ratio_after_waivers: the same, waived findings counted as compliant
-- column previous_ratio: the ratio in the run before
-- column change: of the ratio since the run before
-- column reading: whole, part or none: whether the rule could be read wherever it is
-- column oldest_finding: when the finding that has been open for longest was first seen
-- column oldest_days: days from then to this run
-- column failed: scopes in which the rule could not be read
-- column no_data: scopes in which the rule had nothing to tell (INSUFFICIENT_DATA)
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
pair AS MATERIALIZED (
    SELECT group_id FROM this UNION ALL SELECT previous_group_id FROM this),
counted AS MATERIALIZED (
    SELECT group_id, rule_group, environment, compliant, non_compliant, waived, not_applicable
    FROM compliance_by_rule
    WHERE :account IS NULL AND :owner IS NULL AND group_id IN (SELECT group_id FROM pair)
      AND (:environment IS NULL OR environment = :environment)
    UNION ALL
    SELECT group_id, rule_group, environment, sum(compliant), sum(non_compliant), sum(waived),
           sum(not_applicable)
    FROM compliance_by_rule_in_scope
    WHERE :account IS NOT NULL AND :owner IS NULL
      AND group_id IN (SELECT group_id FROM pair)
      AND (:environment IS NULL OR environment = :environment)
      AND :account IN (account_id, account_name)
    GROUP BY group_id, rule_group, environment
    UNION ALL
    SELECT group_id, rule_group, environment, sum(compliant), sum(non_compliant), sum(waived),
           sum(not_applicable)
    FROM tallies
    WHERE :owner IS NOT NULL AND group_id IN (SELECT group_id FROM pair)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND coalesce(owner, '') = :owner
    GROUP BY group_id, rule_group, environment),
by_rule AS MATERIALIZED (
    SELECT group_id,
           rule_group,
           sum(compliant) AS compliant,
           sum(non_compliant) AS non_compliant,
           sum(waived) AS waived,
           sum(not_applicable) AS not_applicable,
           CAST(sum(compliant) FILTER (WHERE environment = 'prod') AS REAL)
               / nullif(sum(compliant + non_compliant) FILTER (WHERE environment = 'prod'), 0)
               AS prod_ratio,
           CAST(sum(compliant) FILTER (WHERE environment = 'nonprod') AS REAL)
               / nullif(sum(compliant + non_compliant) FILTER (WHERE environment = 'nonprod'), 0)
               AS nonprod_ratio,
           CAST(sum(compliant) FILTER (WHERE environment = 'unclassified') AS REAL)
               / nullif(sum(compliant + non_compliant)
                            FILTER (WHERE environment = 'unclassified'), 0)
               AS unclassified_ratio,
           CAST(sum(compliant) AS REAL) / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio,
           CAST(sum(compliant) + sum(waived) AS REAL)
               / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio_after_waivers
    FROM counted GROUP BY group_id, rule_group),
silent AS MATERIALIZED (
    SELECT rule_group,
           sum(outcome = 'failed') AS failed,
           sum(outcome = 'insufficient_data') AS no_data
    FROM rule_coverage
    WHERE group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)
    GROUP BY rule_group),
oldest AS MATERIALIZED (
    SELECT rule_group, min(oldest_finding) AS oldest_finding
    FROM compliance_by_rule_in_scope
    WHERE :owner IS NULL AND group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
    GROUP BY rule_group
    UNION ALL
    SELECT rule_group, min(oldest_finding)
    FROM tallies
    WHERE :owner IS NOT NULL AND group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND coalesce(owner, '') = :owner
    GROUP BY rule_group),
names AS MATERIALIZED (
    SELECT rule_group FROM by_rule WHERE group_id = (SELECT group_id FROM this)
    UNION
    SELECT rule_group FROM silent)
SELECT n.rule_group,
       c.prod_ratio,
       c.nonprod_ratio,
       c.unclassified_ratio,
       c.compliant,
       c.non_compliant,
       c.waived,
       c.not_applicable,
       c.ratio,
       c.ratio_after_waivers,
       b.ratio AS previous_ratio,
       c.ratio - b.ratio AS change,
       CASE WHEN coalesce(s.failed, 0) = 0 THEN 'whole'
            WHEN c.rule_group IS NOT NULL THEN 'part'
            ELSE 'none' END AS reading,
       o.oldest_finding,
       CAST(julianday(h.scan_date) - julianday(o.oldest_finding) AS INTEGER) AS oldest_days,
       coalesce(s.failed, 0) AS failed,
       coalesce(s.no_data, 0) AS no_data
FROM names n
CROSS JOIN this h
LEFT JOIN by_rule c ON c.rule_group = n.rule_group AND c.group_id = h.group_id
LEFT JOIN by_rule b ON b.rule_group = n.rule_group AND b.group_id = h.previous_group_id
LEFT JOIN silent s ON s.rule_group = n.rule_group
LEFT JOIN oldest o ON o.rule_group = n.rule_group
ORDER BY coalesce(c.non_compliant, 0) DESC, n.rule_group;
