-- summary: How each account stood in a run; accounts that could not be read have no figures.
-- param group_id: the run; the newest when absent
-- column account_name: name of the account in that run
-- column account_id: 12 digits
-- column environment: prod, nonprod or unclassified
-- column compliant: compliant evaluations; NULL where nothing of the account was read
-- column non_compliant: open findings
-- column not_applicable: evaluations that count for nothing
-- column ratio: compliant / (compliant + non-compliant); NULL where there is nothing to divide
-- column previous_ratio: the same in the run before
-- column change: of the ratio since the run before; NULL when fewer or more regions were read then
-- column reading: whole, part or none of its scopes were read; out: it was left out on purpose
-- column new_findings: findings since the run before, returned ones too; NULL in the first run
-- column resolved_findings: findings that are compliant again
-- column scopes_scanned: its regions that were read
-- column scopes_wanted: its regions that should have been read
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
before AS MATERIALIZED (
    SELECT account_id, ratio, scopes_scanned FROM compliance_by_account
    WHERE group_id = (SELECT previous_group_id FROM this)),
scopes AS MATERIALIZED (
    SELECT account_id, sum(outcome = 'scanned') AS scanned, sum(outcome <> 'skipped') AS wanted
    FROM coverage WHERE group_id = (SELECT group_id FROM this)
    GROUP BY account_id),
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
    GROUP BY account_id)
SELECT c.account_name,
       c.account_id,
       c.environment,
       CASE WHEN s.scanned > 0 THEN c.compliant END AS compliant,
       CASE WHEN s.scanned > 0 THEN c.non_compliant END AS non_compliant,
       CASE WHEN s.scanned > 0 THEN c.not_applicable END AS not_applicable,
       c.ratio,
       b.ratio AS previous_ratio,
       CASE WHEN b.scopes_scanned = c.scopes_scanned THEN c.ratio - b.ratio END AS change,
       CASE WHEN coalesce(s.wanted, 0) = 0 THEN 'out'
            WHEN s.scanned = 0 THEN 'none'
            WHEN s.scanned < s.wanted THEN 'part'
            ELSE 'whole' END AS reading,
       CASE WHEN s.scanned > 0 AND h.previous_group_id IS NOT NULL
            THEN coalesce(m.new_findings, 0) END AS new_findings,
       CASE WHEN s.scanned > 0 AND h.previous_group_id IS NOT NULL
            THEN coalesce(m.resolved_findings, 0) END AS resolved_findings,
       coalesce(s.scanned, 0) AS scopes_scanned,
       coalesce(s.wanted, 0) AS scopes_wanted
FROM compliance_by_account c
CROSS JOIN this h
LEFT JOIN before b ON b.account_id = c.account_id
LEFT JOIN scopes s ON s.account_id = c.account_id
LEFT JOIN moved m ON m.account_id = c.account_id
WHERE c.group_id = (SELECT group_id FROM this)
ORDER BY CASE c.environment WHEN 'prod' THEN 1 WHEN 'nonprod' THEN 2 ELSE 3 END,
         coalesce(s.wanted, 0) = 0, c.ratio IS NOT NULL, c.ratio, c.account_name, c.account_id;
