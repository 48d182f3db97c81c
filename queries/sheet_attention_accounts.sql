-- summary: The five accounts with the most open findings in a run.
-- param group_id: the run; the newest when absent
-- column account_name: name of the account in that run
-- column account_id: 12 digits
-- column environment: prod, nonprod or unclassified
-- column reading: whole or part of its scopes were read
-- column non_compliant: open findings
-- column ratio: compliant / (compliant + non-compliant)
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
    SELECT account_id,
           sum(change IN ('new', 'reopened')) AS new_findings,
           sum(change = 'resolved') AS resolved_findings
    FROM moves
    GROUP BY account_id),
scopes AS MATERIALIZED (
    SELECT account_id, sum(outcome = 'scanned') AS scanned, sum(outcome <> 'skipped') AS wanted
    FROM coverage WHERE group_id = (SELECT group_id FROM this)
    GROUP BY account_id)
SELECT c.account_name,
       c.account_id,
       c.environment,
       CASE WHEN s.scanned < s.wanted THEN 'part' ELSE 'whole' END AS reading,
       c.non_compliant,
       c.ratio,
       CASE WHEN h.previous_group_id IS NOT NULL
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN h.previous_group_id IS NOT NULL
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings
FROM compliance_by_account c
CROSS JOIN this h
LEFT JOIN moved m ON m.account_id = c.account_id
LEFT JOIN scopes s ON s.account_id = c.account_id
WHERE c.group_id = (SELECT group_id FROM this) AND c.non_compliant > 0
ORDER BY c.non_compliant DESC, c.environment = 'prod' DESC, c.account_name, c.account_id
LIMIT 5;
