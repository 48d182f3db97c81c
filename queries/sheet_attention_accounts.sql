-- summary: The five accounts with the most open findings in a run, waived ones left out.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- column account_name: name of the account in that run
-- column account_id: 12 digits
-- column environment: prod, nonprod or unclassified
-- column reading: whole or part of its scopes were read
-- column non_compliant: open findings that no waiver accepts
-- column waived: further open findings, which a waiver accepts
-- column ratio: compliant / (compliant + non-compliant)
-- column ratio_after_waivers: the same, waived findings counted as compliant
-- column new_findings: findings since the run before, returned ones too; NULL in the first run
-- column resolved_findings: findings that are compliant again
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
pair AS MATERIALIZED (
    SELECT group_id FROM this UNION ALL SELECT previous_group_id FROM this),
all_counted AS MATERIALIZED (
    SELECT group_id, account_id, compliant, non_compliant, waived, not_applicable
    FROM compliance_by_account
    WHERE :owner IS NULL AND group_id IN (SELECT group_id FROM pair)
    UNION ALL
    SELECT group_id, account_id, sum(compliant), sum(non_compliant), sum(waived),
           sum(not_applicable)
    FROM tallies
    WHERE :owner IS NOT NULL AND group_id IN (SELECT group_id FROM pair)
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)
    GROUP BY group_id, account_id),
counted AS MATERIALIZED (
    SELECT *,
           CAST(compliant AS REAL) / nullif(compliant + non_compliant, 0) AS ratio,
           CAST(compliant + waived AS REAL) / nullif(compliant + non_compliant, 0)
               AS ratio_after_waivers
    FROM all_counted),
accounts AS MATERIALIZED (
    SELECT group_id,
           account_id,
           account_name,
           environment,
           sum(outcome = 'scanned') AS scanned,
           sum(outcome <> 'skipped') AS wanted
    FROM coverage
    WHERE group_id IN (SELECT group_id FROM pair)
    GROUP BY group_id, account_id),
all_moves AS (
    -- by the run's name where there is one: then only its changes are looked up
    SELECT change, environment, account_id, account_name,
           iif(:owner IS NULL, NULL, owner) AS owner
    FROM changes WHERE group_id = :group_id
    UNION ALL
    SELECT change, environment, account_id, account_name,
           iif(:owner IS NULL, NULL, owner) AS owner
    FROM changes WHERE :group_id IS NULL AND group_id = (SELECT group_id FROM this)),
moves AS (
    SELECT * FROM all_moves
    WHERE (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)),
moved AS MATERIALIZED (
    SELECT account_id,
           sum(change IN ('new', 'reopened')) AS new_findings,
           sum(change = 'resolved') AS resolved_findings
    FROM moves
    GROUP BY account_id)
SELECT a.account_name,
       a.account_id,
       a.environment,
       CASE WHEN a.scanned < a.wanted THEN 'part' ELSE 'whole' END AS reading,
       c.non_compliant - c.waived AS non_compliant,
       c.waived,
       c.ratio,
       c.ratio_after_waivers,
       CASE WHEN h.previous_group_id IS NOT NULL
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN h.previous_group_id IS NOT NULL
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings
FROM this h
JOIN accounts a ON a.group_id = h.group_id
JOIN counted c ON c.group_id = h.group_id AND c.account_id = a.account_id
LEFT JOIN moved m ON m.account_id = a.account_id
WHERE c.non_compliant > c.waived
  AND (:environment IS NULL OR a.environment = :environment)
  AND (:account IS NULL OR :account IN (a.account_id, a.account_name))
ORDER BY 5 DESC, a.environment = 'prod' DESC, a.account_name, a.account_id
LIMIT 5;
