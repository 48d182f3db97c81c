-- summary: The five rules with the most open findings in a run, waived ones left out.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- column rule_group: the rule, the same across accounts and regions
-- column prod: open findings in prod that no waiver accepts
-- column nonprod: the same in nonprod
-- column unclassified: the same in accounts without an environment
-- column non_compliant: the same in all
-- column waived: further open findings, which a waiver accepts
-- column ratio: compliant / (compliant + non-compliant) over all environments
-- column ratio_after_waivers: the same, waived findings counted as compliant
-- column new_findings: findings since the run before, returned ones too; NULL in the first run
-- column resolved_findings: findings that are compliant again
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
all_moves AS (
    -- by the run's name where there is one: then only its changes are looked up
    SELECT change, environment, account_id, account_name, rule_group,
           iif(:owner IS NULL, NULL, owner) AS owner
    FROM changes WHERE group_id = :group_id
    UNION ALL
    SELECT change, environment, account_id, account_name, rule_group,
           iif(:owner IS NULL, NULL, owner) AS owner
    FROM changes WHERE :group_id IS NULL AND group_id = (SELECT group_id FROM this)),
moves AS (
    SELECT * FROM all_moves
    WHERE (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)),
moved AS MATERIALIZED (
    SELECT rule_group,
           sum(change IN ('new', 'reopened')) AS new_findings,
           sum(change = 'resolved') AS resolved_findings
    FROM moves
    GROUP BY rule_group),
worst AS MATERIALIZED (
    SELECT rule_group,
           sum(non_compliant - waived) FILTER (WHERE environment = 'prod') AS prod,
           sum(non_compliant - waived) FILTER (WHERE environment = 'nonprod') AS nonprod,
           sum(non_compliant - waived) FILTER (WHERE environment = 'unclassified') AS unclassified,
           sum(non_compliant - waived) AS non_compliant,
           sum(waived) AS waived,
           CAST(sum(compliant) AS REAL) / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio,
           CAST(sum(compliant) + sum(waived) AS REAL)
               / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio_after_waivers
    FROM counted WHERE group_id = (SELECT group_id FROM this)
    GROUP BY rule_group
    HAVING sum(non_compliant - waived) > 0
    ORDER BY sum(non_compliant - waived) DESC,
             coalesce(sum(non_compliant - waived) FILTER (WHERE environment = 'prod'), 0) DESC,
             rule_group
    LIMIT 5)
SELECT w.rule_group,
       w.prod,
       w.nonprod,
       w.unclassified,
       w.non_compliant,
       w.waived,
       w.ratio,
       w.ratio_after_waivers,
       CASE WHEN h.previous_group_id IS NOT NULL
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN h.previous_group_id IS NOT NULL
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings
FROM worst w
CROSS JOIN this h
LEFT JOIN moved m ON m.rule_group = w.rule_group
ORDER BY w.non_compliant DESC, coalesce(w.prod, 0) DESC, w.rule_group;
