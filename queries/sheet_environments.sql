-- summary: How each environment stood in a run, what changed since the run before, and its findings.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- column environment: prod, nonprod or unclassified
-- column accounts: accounts in it
-- column reading: whole, part or none of it was read; out: left out on purpose; empty: no accounts
-- column compliant: compliant evaluations; NULL where nothing was read
-- column non_compliant: non-compliant evaluations: open findings
-- column waived: of these, what a waiver accepts
-- column not_applicable: evaluations that count for nothing
-- column ratio: compliant / (compliant + non-compliant), 0 to 1; NULL where there is nothing to divide
-- column ratio_after_waivers: the same, waived findings counted as compliant
-- column change: of the ratio since the run before
-- column new_findings: findings that were not there in the run before; NULL in the first run
-- column reopened_findings: the same, of those that had been findings once before
-- column resolved_findings: findings of the run before that are compliant or not applicable now
-- column gone_findings: findings of the run before of which nothing is reported any more
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
environments (place, environment) AS (
    VALUES (1, 'prod'), (2, 'nonprod'), (3, 'unclassified')),
scopes AS MATERIALIZED (
    SELECT environment,
           count(DISTINCT account_id) AS accounts,
           sum(outcome = 'scanned') AS scanned,
           sum(outcome <> 'skipped') AS wanted,
           sum(outcome = 'scanned' AND rules_failed > 0) AS partly
    FROM coverage
    WHERE group_id = (SELECT group_id FROM this)
      AND (:account IS NULL OR :account IN (account_id, account_name))
    GROUP BY environment),
pair AS MATERIALIZED (
    SELECT group_id FROM this UNION ALL SELECT previous_group_id FROM this),
counted AS MATERIALIZED (
    SELECT group_id, environment, compliant, non_compliant, waived, not_applicable
    FROM compliance_by_environment
    WHERE :account IS NULL AND :owner IS NULL AND group_id IN (SELECT group_id FROM pair)
    UNION ALL
    SELECT group_id, environment, sum(compliant), sum(non_compliant), sum(waived),
           sum(not_applicable)
    FROM compliance_by_rule_in_scope
    WHERE :account IS NOT NULL AND :owner IS NULL
      AND group_id IN (SELECT group_id FROM pair)
      AND :account IN (account_id, account_name)
    GROUP BY group_id, environment
    UNION ALL
    SELECT group_id, environment, sum(compliant), sum(non_compliant), sum(waived),
           sum(not_applicable)
    FROM tallies
    WHERE :owner IS NOT NULL AND group_id IN (SELECT group_id FROM pair)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND coalesce(owner, '') = :owner
    GROUP BY group_id, environment),
rated AS MATERIALIZED (
    SELECT *,
           CAST(compliant AS REAL) / nullif(compliant + non_compliant, 0) AS ratio,
           CAST(compliant + waived AS REAL) / nullif(compliant + non_compliant, 0)
               AS ratio_after_waivers
    FROM counted),
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
    SELECT environment,
           sum(change = 'new') AS new_findings,
           sum(change = 'reopened') AS reopened_findings,
           sum(change = 'resolved') AS resolved_findings,
           sum(change = 'gone') AS gone_findings
    FROM moves GROUP BY environment)
SELECT e.environment,
       coalesce(s.accounts, 0) AS accounts,
       CASE WHEN s.accounts IS NULL THEN 'empty'
            WHEN s.wanted = 0 THEN 'out'
            WHEN s.scanned = 0 THEN 'none'
            WHEN s.scanned < s.wanted OR s.partly > 0 THEN 'part'
            ELSE 'whole' END AS reading,
       CASE WHEN s.scanned > 0 THEN coalesce(c.compliant, 0) END AS compliant,
       CASE WHEN s.scanned > 0 THEN coalesce(c.non_compliant, 0) END AS non_compliant,
       CASE WHEN s.scanned > 0 THEN coalesce(c.waived, 0) END AS waived,
       CASE WHEN s.scanned > 0 THEN coalesce(c.not_applicable, 0) END AS not_applicable,
       c.ratio,
       c.ratio_after_waivers,
       c.ratio - b.ratio AS change,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN coalesce(m.reopened_findings, 0) END AS reopened_findings,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN coalesce(m.gone_findings, 0) END AS gone_findings
FROM environments e
CROSS JOIN this h
LEFT JOIN scopes s ON s.environment = e.environment
LEFT JOIN rated c ON c.environment = e.environment AND c.group_id = h.group_id
LEFT JOIN rated b ON b.environment = e.environment AND b.group_id = h.previous_group_id
LEFT JOIN moved m ON m.environment = e.environment
WHERE (:environment IS NULL OR e.environment = :environment)
  AND (:account IS NULL OR s.accounts > 0)
ORDER BY e.place;
