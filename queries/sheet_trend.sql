-- summary: Compliance and findings of every run up to one, oldest first.
-- param group_id: the run; the newest when absent
-- column scan_date: date of the run
-- column group_id: the run
-- column prod_ratio: compliant / (compliant + non-compliant) in prod; NULL where nothing was read
-- column nonprod_ratio: the same in nonprod
-- column unclassified_ratio: the same in accounts without an environment
-- column open_findings: non-compliant evaluations of the run
-- column new_findings: findings since the run before, those that came back included
-- column resolved_findings: findings that are compliant again
-- column scopes_scanned: scopes that were read
-- column scopes_planned: scopes that are part of the run
-- column note: which environments were not read, or that scopes are missing; NULL when all is there
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
by_run AS MATERIALIZED (
    SELECT group_id,
           max(CASE environment WHEN 'prod' THEN ratio END) AS prod_ratio,
           max(CASE environment WHEN 'nonprod' THEN ratio END) AS nonprod_ratio,
           max(CASE environment WHEN 'unclassified' THEN ratio END) AS unclassified_ratio,
           sum(open_findings) AS open_findings,
           sum(new_findings) AS new_findings,
           sum(resolved_findings) AS resolved_findings
    FROM trend GROUP BY group_id),
unread AS MATERIALIZED (
    SELECT ra.run_no,
           max(ra.environment = 'prod') AS prod,
           max(ra.environment = 'nonprod') AS nonprod
    FROM run_account ra
    WHERE NOT EXISTS (SELECT 1 FROM count_environment c
                      WHERE c.run_no = ra.run_no AND c.environment = ra.environment
                        AND c.compliant + c.non_compliant > 0)
    GROUP BY ra.run_no)
SELECT r.scan_date,
       r.group_id,
       b.prod_ratio,
       b.nonprod_ratio,
       b.unclassified_ratio,
       b.open_findings,
       CASE WHEN r.ordinal > 1 THEN b.new_findings END AS new_findings,
       CASE WHEN r.ordinal > 1 THEN b.resolved_findings END AS resolved_findings,
       r.scopes_scanned,
       r.scopes_planned,
       CASE WHEN u.prod AND u.nonprod THEN 'Prod and Non-Prod not read'
            WHEN u.prod THEN 'Prod not read'
            WHEN u.nonprod THEN 'Non-Prod not read'
            WHEN NOT r.complete THEN 'Some scopes not read' END AS note
FROM runs r
LEFT JOIN by_run b ON b.group_id = r.group_id
LEFT JOIN unread u ON u.run_no = (SELECT x.run_no FROM run x WHERE x.group_id = r.group_id)
WHERE r.ordinal <= (SELECT ordinal FROM this)
ORDER BY r.ordinal;
