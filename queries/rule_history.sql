-- summary: How the compliance of one rule group, or of each, moved from run to run.
-- param rule_group: the rule's name without its random suffix; all of them when absent
-- param environment: only prod, nonprod or unclassified accounts
-- column rule_group: the rule's name without its random suffix
-- column group_id: the run
-- column scan_date: its date
-- column compliant: COMPLIANT evaluations
-- column non_compliant: NON_COMPLIANT evaluations
-- column not_applicable: NOT_APPLICABLE evaluations
-- column ratio: compliant / (compliant + non_compliant); NULL where there is nothing to divide
SELECT g.name AS rule_group,
       r.group_id,
       r.scan_date,
       sum(c.compliant) AS compliant,
       sum(c.non_compliant) AS non_compliant,
       sum(c.not_applicable) AS not_applicable,
       CAST(sum(c.compliant) AS REAL) / nullif(sum(c.compliant + c.non_compliant), 0) AS ratio
FROM count_rule c
JOIN run r ON r.run_no = c.run_no
JOIN rule_group g ON g.rule_group_key = c.rule_group_key
WHERE (:rule_group IS NULL OR g.name = :rule_group)
  AND (:environment IS NULL OR c.environment = :environment)
GROUP BY g.rule_group_key, r.run_no
ORDER BY g.name, r.run_no;
