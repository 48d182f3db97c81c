-- summary: How each region stood in a run, most open findings first.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- column region: AWS region
-- column scopes_wanted: accounts that should have been read there
-- column scopes_scanned: accounts that were read there
-- column reading: whole, part or none of these were read; out: all were left out on purpose
-- column compliant: compliant evaluations
-- column non_compliant: open findings
-- column waived: of these, what a waiver accepts
-- column not_applicable: evaluations that count for nothing
-- column ratio: compliant / (compliant + non-compliant); NULL where there is nothing to divide
-- column ratio_after_waivers: the same, waived findings counted as compliant
-- column new_findings: findings since the run before, returned ones too; NULL in the first run
-- column resolved_findings: findings that are compliant again
-- column oldest_finding: when the finding that has been open for longest was first seen
-- column oldest_days: days from then to this run
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
told AS MATERIALIZED (
    SELECT region, compliant, non_compliant, waived, not_applicable, oldest_finding
    FROM compliance_by_rule_in_scope
    WHERE :owner IS NULL AND group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
    UNION ALL
    SELECT region, compliant, non_compliant, waived, not_applicable, oldest_finding
    FROM tallies
    WHERE :owner IS NOT NULL AND group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND coalesce(owner, '') = :owner),
summed AS MATERIALIZED (
    SELECT region,
           sum(compliant) AS compliant,
           sum(non_compliant) AS non_compliant,
           sum(waived) AS waived,
           sum(not_applicable) AS not_applicable,
           CAST(sum(compliant) AS REAL) / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio,
           CAST(sum(compliant) + sum(waived) AS REAL)
               / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio_after_waivers,
           min(oldest_finding) AS oldest_finding
    FROM told GROUP BY region),
scopes AS MATERIALIZED (
    SELECT region, sum(outcome = 'scanned') AS scanned, sum(outcome <> 'skipped') AS wanted
    FROM coverage
    WHERE group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
    GROUP BY region),
all_moves AS (
    -- by the run's name where there is one: then only its changes are looked up
    SELECT change, environment, account_id, account_name, region,
           iif(:owner IS NULL, NULL, owner) AS owner
    FROM changes WHERE group_id = :group_id
    UNION ALL
    SELECT change, environment, account_id, account_name, region,
           iif(:owner IS NULL, NULL, owner) AS owner
    FROM changes WHERE :group_id IS NULL AND group_id = (SELECT group_id FROM this)),
moves AS (
    SELECT * FROM all_moves
    WHERE (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)),
moved AS MATERIALIZED (
    SELECT region,
           sum(change IN ('new', 'reopened')) AS new_findings,
           sum(change = 'resolved') AS resolved_findings
    FROM moves
    GROUP BY region)
SELECT k.region,
       k.wanted AS scopes_wanted,
       k.scanned AS scopes_scanned,
       CASE WHEN k.wanted = 0 THEN 'out'
            WHEN k.scanned = 0 THEN 'none'
            WHEN k.scanned < k.wanted THEN 'part'
            ELSE 'whole' END AS reading,
       CASE WHEN k.scanned > 0 THEN coalesce(s.compliant, 0) END AS compliant,
       CASE WHEN k.scanned > 0 THEN coalesce(s.non_compliant, 0) END AS non_compliant,
       CASE WHEN k.scanned > 0 THEN coalesce(s.waived, 0) END AS waived,
       CASE WHEN k.scanned > 0 THEN coalesce(s.not_applicable, 0) END AS not_applicable,
       s.ratio,
       s.ratio_after_waivers,
       CASE WHEN h.previous_group_id IS NOT NULL AND k.scanned > 0
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN h.previous_group_id IS NOT NULL AND k.scanned > 0
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings,
       s.oldest_finding,
       CAST(julianday(h.scan_date) - julianday(s.oldest_finding) AS INTEGER) AS oldest_days
FROM scopes k
CROSS JOIN this h
LEFT JOIN summed s ON s.region = k.region
LEFT JOIN moved m ON m.region = k.region
WHERE :owner IS NULL OR s.region IS NOT NULL
ORDER BY coalesce(s.non_compliant, 0) DESC, k.region;
