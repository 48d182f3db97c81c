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
tagged AS MATERIALIZED (
    -- the resources whose tags, as they were last known in the run, name an owner
    SELECT m.resource_key, o.value AS owner
    FROM run r
    CROSS JOIN resource_tag_set m ON m.began <= r.run_no
    CROSS JOIN tag o ON o.tag_set_key = m.tag_set_key AND o.tag_key = r.owner_tag AND o.value <> ''
    WHERE r.group_id = (SELECT group_id FROM this)
      AND NOT EXISTS (SELECT 1 FROM resource_tag_set l
                      WHERE l.scope_key = m.scope_key AND l.resource_key = m.resource_key
                        AND l.began > m.began AND l.began <= r.run_no)),
-- Owners are numbers: these are sorted by in millions.
owners AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY owner) AS owner_no, owner
    FROM (SELECT '' AS owner
          UNION SELECT owner FROM tagged
          UNION SELECT o.value
                FROM run r
                CROSS JOIN rule_tag o ON o.tag_key = r.owner_tag
                WHERE r.group_id = (SELECT group_id FROM this))),
owned AS MATERIALIZED (
    SELECT t.resource_key, n.owner_no
    FROM tagged t CROSS JOIN owners n ON n.owner = t.owner),
rules AS MATERIALIZED (
    -- those that were read
    SELECT ru.rule_key, ru.rule_group_key, s.account_key, r.run_no, n.owner_no
    FROM run r
    CROSS JOIN run_scope k ON k.run_no = r.run_no AND k.outcome = 'scanned'
    CROSS JOIN scope s ON s.scope_key = k.scope_key
    CROSS JOIN account a ON a.account_key = s.account_key
    CROSS JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
    CROSS JOIN rule ru ON ru.scope_key = s.scope_key
    LEFT JOIN rule_tag o ON o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag
                        AND o.began <= r.run_no AND (o.ended IS NULL OR o.ended > r.run_no)
    CROSS JOIN owners n ON n.owner = coalesce(o.value, '')
    WHERE r.group_id = (SELECT group_id FROM this)
      AND NOT (SELECT pruned FROM this)
      AND NOT EXISTS (SELECT 1 FROM run_rule x
                      WHERE x.run_no = r.run_no AND x.rule_key = ru.rule_key
                        AND x.outcome = 'failed')
      AND (:environment IS NULL OR ra.environment = :environment)
      AND (:account IS NULL OR :account IN (a.account_id, ra.name))),
told AS (
    SELECT coalesce(t.owner_no, p.owner_no) AS owner_no,
           p.rule_group_key,
           p.account_key,
           sum(i.compliance = 0) AS compliant,
           sum(i.compliance = 1) AS non_compliant,
           0 AS waived,
           sum(i.compliance = 2) AS not_applicable,
           min(iif(i.compliance = 1, i.began, NULL)) AS oldest
    FROM rules p
    CROSS JOIN interval i ON i.rule_key = p.rule_key AND i.mode = 0 AND i.began <= p.run_no
                         AND (i.ended IS NULL OR i.ended > p.run_no)
    LEFT JOIN owned t ON t.resource_key = i.resource_key
    GROUP BY p.account_key, p.rule_group_key, 1 -- what differs most comes first: quick to sort
    UNION ALL
    SELECT coalesce(t.owner_no, p.owner_no), p.rule_group_key, p.account_key, 0, 0, 1, 0, NULL
    FROM rules p
    CROSS JOIN accepted x ON x.rule_key = p.rule_key AND x.began <= p.run_no
                         AND (x.ended IS NULL OR x.ended > p.run_no)
    CROSS JOIN run r ON r.run_no = p.run_no
    CROSS JOIN waiver w ON w.waiver_key = x.waiver_key AND w.expires >= r.scan_date
    CROSS JOIN interval i ON i.rule_key = x.rule_key AND i.resource_key = x.resource_key
                         AND i.mode = 0 AND i.compliance = 1
                         AND i.began <= p.run_no AND (i.ended IS NULL OR i.ended > p.run_no)
    LEFT JOIN owned t ON t.resource_key = x.resource_key
    UNION ALL
    -- a rule is its owner's, whoever owns the resources
    SELECT owner_no, rule_group_key, account_key, 0, 0, 0, 0, NULL FROM rules),
counted AS MATERIALIZED (
    SELECT owner_no,
           count(DISTINCT rule_group_key) AS rules,
           count(DISTINCT account_key) AS accounts,
           sum(compliant) AS compliant,
           sum(non_compliant) AS non_compliant,
           sum(waived) AS waived,
           sum(not_applicable) AS not_applicable,
           min(oldest) AS oldest
    FROM told
    GROUP BY owner_no),
summed AS MATERIALIZED (
    SELECT o.owner,
           c.*,
           CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
           CAST(c.compliant + c.waived AS REAL) / nullif(c.compliant + c.non_compliant, 0)
               AS ratio_after_waivers,
           (SELECT b.scan_date FROM run b WHERE b.run_no = c.oldest) AS oldest_finding
    FROM counted c
    CROSS JOIN owners o ON o.owner_no = c.owner_no
    WHERE :owner IS NULL OR o.owner = :owner),
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
all_moves AS (
    -- by the run's name where there is one: then only its changes are looked up
    SELECT change, environment, account_id, account_name, owner
    FROM changes WHERE group_id = :group_id
    UNION ALL
    SELECT change, environment, account_id, account_name, owner
    FROM changes WHERE :group_id IS NULL AND group_id = (SELECT group_id FROM this)),
moves AS (
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
