-- summary: Compliance of a run by owner, most findings first.
-- param group_id: the run; the newest when absent
-- column owner: by tags of the resources, or else of the rules; '' for what no tag gives an owner
-- column compliant: COMPLIANT evaluations
-- column non_compliant: NON_COMPLIANT evaluations
-- column ratio: compliant / (compliant + non_compliant); NULL where there is nothing to divide
-- column ratio_after_waivers: the same, waived findings counted as compliant
SELECT coalesce(e.owner, '') AS owner,
       sum(e.compliance = 'COMPLIANT') AS compliant,
       sum(e.compliance = 'NON_COMPLIANT') AS non_compliant,
       CAST(sum(e.compliance = 'COMPLIANT') AS REAL)
           / nullif(sum(e.compliance IN ('COMPLIANT', 'NON_COMPLIANT')), 0) AS ratio,
       CAST(sum(e.compliance = 'COMPLIANT') + count(e.waiver_key) AS REAL)
           / nullif(sum(e.compliance IN ('COMPLIANT', 'NON_COMPLIANT')), 0) AS ratio_after_waivers
FROM evaluations e
WHERE e.group_id = coalesce(:group_id,
                            (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1))
  AND e.mode = 'DETECTIVE'
GROUP BY 1
ORDER BY 3 DESC, 1;
