-- summary: How the compliance of each environment moved from run to run.
-- param group_id: the last run to show; the newest when absent
-- param environment: only prod, nonprod or unclassified
-- column group_id: the run
-- column scan_date: its date
-- column environment: prod, nonprod or unclassified
-- column ratio: compliant / (compliant + non_compliant); NULL where there is nothing to divide
-- column previous_ratio: the same of the run before
-- column change: ratio - previous_ratio
-- column new_findings: findings since the run before, new or reopened
-- column resolved_findings: findings resolved since the run before
-- column open_findings: NON_COMPLIANT evaluations
SELECT t.group_id, t.scan_date, t.environment, t.ratio, t.previous_ratio, t.change,
       t.new_findings, t.resolved_findings, t.open_findings
FROM trend t
JOIN run k ON k.group_id = t.group_id
WHERE k.run_no <= (SELECT p.run_no FROM run p
                   WHERE p.group_id =
                         coalesce(:group_id,
                                  (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1)))
  AND (:environment IS NULL OR t.environment = :environment)
ORDER BY k.run_no, CASE t.environment WHEN 'prod' THEN 1 WHEN 'nonprod' THEN 2 ELSE 3 END;
