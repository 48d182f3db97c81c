-- summary: How each account stood in a run; accounts that could not be read have no figures.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- column account_name: name of the account in that run
-- column account_id: 12 digits
-- column environment: prod, nonprod or unclassified
-- column compliant: compliant evaluations; NULL where nothing of the account was read
-- column non_compliant: open findings
-- column waived: of these, what a waiver accepts
-- column not_applicable: evaluations that count for nothing
-- column ratio: compliant / (compliant + non-compliant); NULL where there is nothing to divide
-- column ratio_after_waivers: the same, waived findings counted as compliant
-- column previous_ratio: the ratio in the run before
-- column change: of the ratio since the run before; NULL when fewer or more regions were read then
-- column reading: whole, part or none of its scopes and rules were read; out: left out on purpose
-- column new_findings: findings since the run before, returned ones too; NULL in the first run
-- column resolved_findings: findings that are compliant again
-- column scopes_scanned: its regions that were read
-- column scopes_wanted: its regions that should have been read
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
           sum(outcome <> 'skipped') AS wanted,
           sum(outcome = 'scanned' AND rules_failed > 0) AS partly
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
       CASE WHEN a.scanned > 0 THEN coalesce(c.compliant, 0) END AS compliant,
       CASE WHEN a.scanned > 0 THEN coalesce(c.non_compliant, 0) END AS non_compliant,
       CASE WHEN a.scanned > 0 THEN coalesce(c.waived, 0) END AS waived,
       CASE WHEN a.scanned > 0 THEN coalesce(c.not_applicable, 0) END AS not_applicable,
       c.ratio,
       c.ratio_after_waivers,
       b.ratio AS previous_ratio,
       CASE WHEN p.scanned = a.scanned THEN c.ratio - b.ratio END AS change,
       CASE WHEN a.wanted = 0 THEN 'out'
            WHEN a.scanned = 0 THEN 'none'
            WHEN a.scanned < a.wanted OR a.partly > 0 THEN 'part'
            ELSE 'whole' END AS reading,
       CASE WHEN a.scanned > 0 AND h.previous_group_id IS NOT NULL
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN a.scanned > 0 AND h.previous_group_id IS NOT NULL
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings,
       a.scanned AS scopes_scanned,
       a.wanted AS scopes_wanted
FROM this h
JOIN accounts a ON a.group_id = h.group_id
LEFT JOIN accounts p ON p.group_id = h.previous_group_id AND p.account_id = a.account_id
LEFT JOIN counted c ON c.group_id = h.group_id AND c.account_id = a.account_id
LEFT JOIN counted b ON b.group_id = h.previous_group_id AND b.account_id = a.account_id
LEFT JOIN moved m ON m.account_id = a.account_id
WHERE (:environment IS NULL OR a.environment = :environment)
  AND (:account IS NULL OR :account IN (a.account_id, a.account_name))
  AND (:owner IS NULL OR c.account_id IS NOT NULL)
ORDER BY CASE a.environment WHEN 'prod' THEN 1 WHEN 'nonprod' THEN 2 ELSE 3 END,
         a.wanted = 0, c.ratio IS NOT NULL, c.ratio, a.account_name, a.account_id;
