-- summary: The waivers of a run, and what each of them accepted.
-- param group_id: the run; the newest when absent
-- param state: only active, expiring, unused, expired or refused ones
-- param owner: only those that this owner answers for
-- column line: of waivers.csv; NULL when the waiver was not in it, and still held
-- column state: expired; unused: it accepts no open finding; expiring: within 30 days; active; refused: the line could not be used
-- column account: pattern of account ids or names; '' = any
-- column region: pattern of regions; '' = any
-- column rule: pattern of rules or rule groups; '' = any
-- column resource: pattern of resource ids; '' = any
-- column reason: why the findings are accepted
-- column owner: who answers for that
-- column expires: the last day on which it holds
-- column findings: findings that it accepts in this run
-- column findings_unread: findings it accepted before, where this run could not read
-- column message: what is wrong with a refused line
SELECT line, state, account, region, rule, resource, reason, owner, expires, findings,
       findings_unread, message
FROM waivers
WHERE group_id = coalesce(:group_id,
                          (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1))
  AND (:state IS NULL OR state = :state)
  AND (:owner IS NULL OR owner = :owner)
ORDER BY line IS NULL, line, expires, reason;
