-- summary: Compliance of a run by environment, with how much of each was read.
-- param group_id: the run; the newest when absent
-- column environment: prod, nonprod or unclassified
-- column compliant: COMPLIANT evaluations
-- column non_compliant: NON_COMPLIANT evaluations
-- column not_applicable: NOT_APPLICABLE evaluations
-- column ratio: compliant / (compliant + non_compliant); NULL where there is nothing to divide
-- column ratio_after_waivers: the same, waived findings counted as compliant
-- column accounts: accounts of the run
-- column scopes_scanned: accounts and regions that were read
-- column scopes_planned: accounts and regions that were to be read
WITH picked AS (
    SELECT coalesce(:group_id,
                    (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1)) AS group_id
),
place AS (
    SELECT environment,
           count(DISTINCT account_id) AS accounts,
           sum(outcome = 'scanned') AS scopes_scanned,
           count(*) AS scopes_planned
    FROM coverage
    WHERE group_id = (SELECT group_id FROM picked)
    GROUP BY environment
)
SELECT p.environment,
       coalesce(c.compliant, 0) AS compliant,
       coalesce(c.non_compliant, 0) AS non_compliant,
       coalesce(c.not_applicable, 0) AS not_applicable,
       c.ratio,
       c.ratio_after_waivers,
       p.accounts,
       p.scopes_scanned,
       p.scopes_planned
FROM place p
LEFT JOIN compliance_by_environment c ON c.group_id = (SELECT group_id FROM picked)
                                     AND c.environment = p.environment
ORDER BY CASE p.environment WHEN 'prod' THEN 1 WHEN 'nonprod' THEN 2 ELSE 3 END;
