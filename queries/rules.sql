-- summary: Compliance of a run by rule group, most findings first.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- column rule_group: the rule's name without the random suffix it has in each account
-- column compliant: COMPLIANT evaluations
-- column non_compliant: NON_COMPLIANT evaluations
-- column not_applicable: NOT_APPLICABLE evaluations
-- column ratio: compliant / (compliant + non_compliant); NULL where there is nothing to divide
-- column ratio_after_waivers: the same, waived findings counted as compliant
-- column waived: non-compliant evaluations that a waiver accepts
-- column unread: scanned accounts and regions in which the rule could not be read
WITH picked AS (
    SELECT run_no FROM run
    WHERE group_id = coalesce(:group_id,
                              (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1))
),
part AS (
    SELECT c.rule_group_key, c.compliant, c.non_compliant, c.not_applicable, c.waived, 0 AS unread
    FROM count_rule c
    WHERE c.run_no = (SELECT run_no FROM picked)
      AND (:environment IS NULL OR c.environment = :environment)
    UNION ALL
    SELECT ru.rule_group_key, 0, 0, 0, 0, 1
    FROM run_rule x
    JOIN rule ru ON ru.rule_key = x.rule_key
    JOIN scope s ON s.scope_key = ru.scope_key
    JOIN run_account ra ON ra.run_no = x.run_no AND ra.account_key = s.account_key
    WHERE x.run_no = (SELECT run_no FROM picked)
      AND x.outcome = 'failed'
      AND (:environment IS NULL OR ra.environment = :environment)
)
SELECT g.name AS rule_group,
       sum(p.compliant) AS compliant,
       sum(p.non_compliant) AS non_compliant,
       sum(p.not_applicable) AS not_applicable,
       CAST(sum(p.compliant) AS REAL) / nullif(sum(p.compliant + p.non_compliant), 0) AS ratio,
       CAST(sum(p.compliant + p.waived) AS REAL) / nullif(sum(p.compliant + p.non_compliant), 0)
           AS ratio_after_waivers,
       sum(p.waived) AS waived,
       sum(p.unread) AS unread
FROM part p
JOIN rule_group g ON g.rule_group_key = p.rule_group_key
GROUP BY g.rule_group_key
ORDER BY sum(p.non_compliant) DESC, g.name;
