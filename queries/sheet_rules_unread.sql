-- summary: The rules of a run's scanned scopes that told nothing: failed, or without data.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- column outcome: failed (it could not be read) or insufficient_data (it has nothing to tell yet)
-- column rule_group: the rule, the same across accounts and regions
-- column account_name: name of the account in that run
-- column account_id: 12 digits
-- column environment: prod, nonprod or unclassified
-- column region: AWS region
-- column error_code: AWS's
-- column message: why it could not be read
-- column owner: from the owner tag; NULL when no tag names one
-- column last_known_findings: open findings of a failed rule when last read; NULL = none known
-- column last_known_since: date of the run that was first to see the oldest of these
-- column rule_name: the rule as AWS names it in that account and region
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
known AS MATERIALIZED (
    SELECT a.account_id, s.region, ru.name AS rule_name,
           sum(i.compliance = 1) AS findings,
           min(CASE i.compliance WHEN 1 THEN b.scan_date END) AS since
    FROM run r
    CROSS JOIN run_rule x ON x.run_no = r.run_no AND x.outcome = 'failed'
    CROSS JOIN rule ru ON ru.rule_key = x.rule_key
    CROSS JOIN scope s ON s.scope_key = ru.scope_key
    CROSS JOIN account a ON a.account_key = s.account_key
    CROSS JOIN interval i ON i.rule_key = ru.rule_key AND i.mode = 0 AND i.began <= r.run_no
                         AND (i.ended IS NULL OR i.ended > r.run_no)
    CROSS JOIN run b ON b.run_no = i.began
    WHERE r.group_id = (SELECT group_id FROM this)
      AND NOT (SELECT pruned FROM this)
    GROUP BY a.account_id, s.region, ru.name)
SELECT c.outcome,
       c.rule_group,
       c.account_name,
       c.account_id,
       c.environment,
       c.region,
       c.error_code,
       c.message,
       c.owner,
       n.findings AS last_known_findings,
       n.since AS last_known_since,
       c.rule_name
FROM rule_coverage c
LEFT JOIN known n ON n.account_id = c.account_id AND n.region = c.region
                 AND n.rule_name = c.rule_name
WHERE c.group_id = (SELECT group_id FROM this)
  AND (:environment IS NULL OR c.environment = :environment)
  AND (:account IS NULL OR :account IN (c.account_id, c.account_name))
ORDER BY c.outcome, c.rule_group, c.account_name, c.account_id, c.region, c.rule_name;
