-- summary: The waivers of a run, and what each of them accepts: those that need a hand come first.
-- param group_id: the run; the newest when absent
-- column state: refused: the line could not be used; expired; expiring: within 30 days; unused: it accepts no open finding; active
-- column account: pattern of account ids or names; NULL = any
-- column region: pattern of regions; NULL = any
-- column rule: pattern of rules or rule groups; NULL = any
-- column resource: pattern of resource ids; NULL = any
-- column reason: why the findings are accepted
-- column owner: who answers for that
-- column expires: the last day on which it holds
-- column days_left: days from this run to then; negative when it has expired
-- column findings: findings that it accepts in this run
-- column findings_unread: findings it accepted before, where this run could not read
-- column line: of waivers.csv; NULL when the waiver was not in it, and still held
-- column message: what is wrong with a refused line
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1)
SELECT w.state,
       nullif(w.account, '') AS account,
       nullif(w.region, '') AS region,
       nullif(w.rule, '') AS rule,
       nullif(w.resource, '') AS resource,
       w.reason,
       nullif(w.owner, '') AS owner,
       w.expires,
       CAST(julianday(w.expires) - julianday(w.scan_date) AS INTEGER) AS days_left,
       w.findings,
       w.findings_unread,
       w.line,
       w.message
FROM waivers w
WHERE w.group_id = (SELECT group_id FROM this)
ORDER BY CASE w.state WHEN 'refused' THEN 1 WHEN 'expired' THEN 2 WHEN 'expiring' THEN 3
                      WHEN 'unused' THEN 4 ELSE 5 END,
         w.expires, w.line IS NULL, w.line, w.reason;
