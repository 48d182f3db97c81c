-- summary: How what each owner answers for stood in a run, most open findings first.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- column owner: by tags of resources, or else of rules; NULL for what no tag gives an owner
-- column rules: rules it owns or has resources in, the same across accounts and regions counted once
-- column accounts: accounts in which they are
-- column reading: whole or part: whether all its rules in scanned scopes could be read; none: none of them
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
    SELECT owner, rule_group, account_id, compliant, non_compliant, waived, not_applicable,
           oldest_finding
    FROM tallies
    WHERE group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)
    UNION ALL
    -- a rule is its owner's, whoever owns the resources
    SELECT owner, rule_group, account_id, 0, 0, 0, 0, NULL
    FROM compliance_by_rule_in_scope
    WHERE group_id = (SELECT group_id FROM this)
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)),
summed AS MATERIALIZED (
    SELECT coalesce(owner, '') AS owner,
           count(DISTINCT rule_group) AS rules,
           count(DISTINCT account_id) AS accounts,
           sum(compliant) AS compliant,
           sum(non_compliant) AS non_compliant,
           sum(waived) AS waived,
           sum(not_applicable) AS not_applicable,
           CAST(sum(compliant) AS REAL) / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio,
           CAST(sum(compliant) + sum(waived) AS REAL)
               / nullif(sum(compliant) + sum(non_compliant), 0) AS ratio_after_waivers,
           min(oldest_finding) AS oldest_finding
    FROM told GROUP BY 1),
unread AS MATERIALIZED (
    SELECT coalesce(owner, '') AS owner,
           count(DISTINCT rule_group) AS rules,
           count(DISTINCT account_id) AS accounts
    FROM rule_coverage
    WHERE group_id = (SELECT group_id FROM this) AND outcome = 'failed'
      AND (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)
    GROUP BY 1),
all_moves AS MATERIALIZED (
    -- by the run's name where there is one: then only its changes are looked up
    SELECT change, environment, account_id, account_name, owner
    FROM changes WHERE group_id = :group_id
    UNION ALL
    SELECT change, environment, account_id, account_name, owner
    FROM changes WHERE :group_id IS NULL AND group_id = (SELECT group_id FROM this)),
moves AS MATERIALIZED (
    SELECT * FROM all_moves
    WHERE (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner)),
moved AS MATERIALIZED (
    SELECT coalesce(owner, '') AS owner,
           sum(change IN ('new', 'reopened')) AS new_findings,
           sum(change = 'resolved') AS resolved_findings
    FROM moves
    GROUP BY 1)
SELECT nullif(n.owner, '') AS owner,
       coalesce(s.rules, u.rules) AS rules,
       coalesce(s.accounts, u.accounts) AS accounts,
       CASE WHEN u.owner IS NULL THEN 'whole'
            WHEN s.owner IS NULL THEN 'none'
            ELSE 'part' END AS reading,
       s.compliant,
       s.non_compliant,
       s.waived,
       s.not_applicable,
       s.ratio,
       s.ratio_after_waivers,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.owner IS NOT NULL
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.owner IS NOT NULL
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings,
       s.oldest_finding,
       CAST(julianday(h.scan_date) - julianday(s.oldest_finding) AS INTEGER) AS oldest_days
FROM (SELECT owner FROM summed UNION SELECT owner FROM unread) n
CROSS JOIN this h
LEFT JOIN summed s ON s.owner = n.owner
LEFT JOIN unread u ON u.owner = n.owner
LEFT JOIN moved m ON m.owner = n.owner
ORDER BY coalesce(s.non_compliant, 0) DESC, n.owner = '', n.owner;
