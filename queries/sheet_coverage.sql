-- summary: Every scope (an account in a region) of a run: whether it was read, why not, what to do.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- column outcome: scanned, denied, failed, missing (no shard told of it) or skipped (on purpose)
-- column account_name: name of the account in that run
-- column account_id: 12 digits
-- column environment: prod, nonprod or unclassified
-- column region: AWS region
-- column message: why it was not read
-- column error_code: AWS's
-- column what_to_do: NULL when all is well
-- column recorder: on, stopped or none; NULL when not known
-- column rules: rules there; NULL when it was not read
-- column rules_failed: rules of these that could not be read
-- column evaluations: evaluations read there
-- column last_scanned: date of the newest run up to this one in which it was read; NULL = never
-- column unread_since: date of the first run after that in which it was part; NULL where it was read
-- column last_known_findings: open findings of what was not read, when last read; NULL = none known
-- column last_known_since: date of the run that was first to see the oldest of these
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
known AS MATERIALIZED (
    SELECT a.account_id, s.region,
           sum(i.compliance = 1) AS findings,
           min(CASE i.compliance WHEN 1 THEN b.scan_date END) AS since
    FROM run r
    CROSS JOIN run_scope k ON k.run_no = r.run_no
    CROSS JOIN scope s ON s.scope_key = k.scope_key
    CROSS JOIN account a ON a.account_key = s.account_key
    CROSS JOIN rule ru ON ru.scope_key = k.scope_key
    CROSS JOIN interval i ON i.rule_key = ru.rule_key AND i.mode = 0 AND i.began <= r.run_no
                         AND (i.ended IS NULL OR i.ended > r.run_no)
    CROSS JOIN run b ON b.run_no = i.began
    WHERE r.group_id = (SELECT group_id FROM this)
      AND NOT (SELECT pruned FROM this)
      AND (k.outcome <> 'scanned'
           OR EXISTS (SELECT 1 FROM run_rule x
                      WHERE x.run_no = r.run_no AND x.rule_key = ru.rule_key
                        AND x.outcome = 'failed'))
    GROUP BY a.account_id, s.region)
SELECT c.outcome,
       c.account_name,
       c.account_id,
       c.environment,
       c.region,
       c.message,
       c.error_code,
       CASE WHEN c.outcome = 'denied' THEN
                'Let the scanning role read AWS Config in this account (its name, its trust, a '
                || 'service control policy), then scan again.'
            WHEN c.outcome = 'failed' THEN
                'Scan again; if it stays, look up the error code.'
            WHEN c.outcome = 'missing' THEN
                'No shard told of it: scan its shard again and merge the run again.'
            WHEN c.outcome = 'scanned' AND c.recorder = 'none' THEN
                'Turn AWS Config on there: without a recorder nothing is evaluated.'
            WHEN c.outcome = 'scanned' AND c.recorder = 'stopped' THEN
                'Start the recorder of AWS Config there: its results are old.'
            WHEN c.rules_failed > 0 THEN
                'See the sheet Rules not read.' END AS what_to_do,
       c.recorder,
       CASE WHEN c.outcome = 'scanned' THEN c.rules END AS rules,
       CASE WHEN c.outcome = 'scanned' THEN c.rules_failed END AS rules_failed,
       CASE WHEN c.outcome = 'scanned' THEN c.evaluations END AS evaluations,
       c.last_scanned,
       CASE WHEN c.outcome <> 'scanned' THEN
           (SELECT min(r.scan_date)
            FROM account a
            CROSS JOIN scope s ON s.account_key = a.account_key AND s.region = c.region
            CROSS JOIN run_scope k ON k.scope_key = s.scope_key
            CROSS JOIN run r ON r.run_no = k.run_no
            WHERE a.account_id = c.account_id AND r.run_no <= h.run_no
              AND r.run_no > coalesce((SELECT max(p.run_no) FROM run_scope p
                                       WHERE p.scope_key = s.scope_key
                                         AND p.outcome = 'scanned' AND p.run_no <= h.run_no), 0))
       END AS unread_since,
       n.findings AS last_known_findings,
       n.since AS last_known_since
FROM coverage c
CROSS JOIN run h ON h.group_id = c.group_id
LEFT JOIN known n ON n.account_id = c.account_id AND n.region = c.region
WHERE c.group_id = (SELECT group_id FROM this)
  AND (:environment IS NULL OR c.environment = :environment)
  AND (:account IS NULL OR :account IN (c.account_id, c.account_name))
ORDER BY CASE c.outcome WHEN 'denied' THEN 1 WHEN 'failed' THEN 2 WHEN 'missing' THEN 3
                        WHEN 'scanned' THEN 4 ELSE 5 END,
         c.outcome = 'scanned' AND c.recorder IS 'on' AND c.rules_failed = 0,
         c.account_name, c.account_id, c.region;
