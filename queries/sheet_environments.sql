-- summary: How each environment stood in a run, what changed since the run before, and its findings.
-- param group_id: the run; the newest when absent
-- column environment: prod, nonprod or unclassified
-- column accounts: accounts in it
-- column reading: whole, part or none of its scopes were read; NULL where it has no accounts
-- column compliant: compliant evaluations; NULL where nothing was read
-- column non_compliant: non-compliant evaluations: open findings
-- column not_applicable: evaluations that count for nothing
-- column ratio: compliant / (compliant + non-compliant), 0 to 1; NULL where there is nothing to divide
-- column change: of the ratio since the run before
-- column new_findings: findings since the run before, returned ones too; NULL in the first run
-- column resolved_findings: findings that are compliant again since the run before
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
           sum(outcome <> 'skipped') AS wanted
    FROM coverage WHERE group_id = (SELECT group_id FROM this)
    GROUP BY environment),
moves AS MATERIALIZED (
    -- by the run's name where there is one: then only its changes are looked up
    SELECT * FROM changes WHERE group_id = :group_id
    UNION ALL
    SELECT * FROM changes WHERE :group_id IS NULL AND group_id = (SELECT group_id FROM this)),
gone AS MATERIALIZED (
    SELECT environment, count(*) AS findings
    FROM moves WHERE change = 'gone'
    GROUP BY environment)
SELECT e.environment,
       coalesce(s.accounts, 0) AS accounts,
       CASE WHEN s.scanned = 0 AND s.wanted > 0 THEN 'none'
            WHEN s.scanned < s.wanted THEN 'part'
            WHEN s.scanned IS NOT NULL THEN 'whole' END AS reading,
       CASE WHEN s.scanned > 0 THEN c.compliant END AS compliant,
       CASE WHEN s.scanned > 0 THEN c.non_compliant END AS non_compliant,
       CASE WHEN s.scanned > 0 THEN c.not_applicable END AS not_applicable,
       c.ratio,
       t.change,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN t.new_findings END AS new_findings,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN t.resolved_findings END AS resolved_findings,
       CASE WHEN h.previous_group_id IS NOT NULL AND s.scanned > 0
            THEN coalesce(g.findings, 0) END AS gone_findings
FROM environments e
CROSS JOIN this h
LEFT JOIN scopes s ON s.environment = e.environment
LEFT JOIN compliance_by_environment c ON c.environment = e.environment
                                     AND c.group_id = (SELECT group_id FROM this)
LEFT JOIN trend t ON t.environment = e.environment AND t.group_id = c.group_id
LEFT JOIN gone g ON g.environment = e.environment
ORDER BY e.place;
