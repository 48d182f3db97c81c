-- summary: Every open finding of a run: who breaks which rule where, why, since when, and whose it is.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- param since: only findings first seen on this date or later
-- column environment: prod, nonprod or unclassified
-- column account_name: name of the account in that run
-- column account_id: 12 digits
-- column region: AWS region
-- column rule_group: the rule, the same across accounts and regions
-- column resource_type: as AWS names it: AWS::S3::Bucket
-- column resource_id: as AWS Config names it
-- column annotation: what the rule says about it
-- column owner: from the owner tag; NULL when no tag names one
-- column since: date of the run in which the finding was first seen
-- column age_days: days from then to this run
-- column age_runs: runs in which it has been open, this one included
-- column waiver_expires: the last day on which a waiver accepts it; NULL = none does
-- column waiver_reason: why it does
-- column waiver_owner: who answers for that
-- column rule_name: the rule as AWS names it in that account and region
-- There is no ORDER BY at the end: the rows come as `places` stands, rule by rule, and within a rule
-- as they were first seen. To sort a million of them would take as long as all the rest.
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
places AS MATERIALIZED (
    -- the rules that were read, in their order
    SELECT ru.rule_key, r.run_no, r.scan_date, ra.environment, ra.name AS account_name,
           a.account_id, s.region, ru.name AS rule_name, g.name AS rule_group,
           (SELECT o.value FROM rule_tag o
            WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
              AND (o.ended IS NULL OR o.ended > r.run_no)) AS owner -- where the resource has none
    FROM run r
    CROSS JOIN run_scope k ON k.run_no = r.run_no AND k.outcome = 'scanned'
    CROSS JOIN scope s ON s.scope_key = k.scope_key
    CROSS JOIN account a ON a.account_key = s.account_key
    CROSS JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
    CROSS JOIN rule ru ON ru.scope_key = s.scope_key
    CROSS JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
    WHERE r.group_id = (SELECT group_id FROM this)
      AND NOT (SELECT pruned FROM this)
      AND NOT EXISTS (SELECT 1 FROM run_rule x
                      WHERE x.run_no = r.run_no AND x.rule_key = ru.rule_key
                        AND x.outcome = 'failed')
      AND (:environment IS NULL OR ra.environment = :environment)
      AND (:account IS NULL OR :account IN (a.account_id, ra.name))
    ORDER BY CASE ra.environment WHEN 'prod' THEN 1 WHEN 'nonprod' THEN 2 ELSE 3 END,
             ra.name, a.account_id, s.region, ru.name
    LIMIT -1), -- all; but without a limit SQLite leaves out the order of what is joined
owned AS MATERIALIZED (
    -- the resources whose tags, as they were last known in the run, name an owner
    SELECT m.resource_key, o.value AS owner
    FROM run r
    CROSS JOIN resource_tag_set m ON m.began <= r.run_no
    CROSS JOIN tag o ON o.tag_set_key = m.tag_set_key AND o.tag_key = r.owner_tag AND o.value <> ''
    WHERE r.group_id = (SELECT group_id FROM this)
      AND NOT EXISTS (SELECT 1 FROM resource_tag_set l
                      WHERE l.scope_key = m.scope_key AND l.resource_key = m.resource_key
                        AND l.began > m.began AND l.began <= r.run_no)),
ages AS MATERIALIZED (
    -- of what began in a run
    SELECT b.run_no, b.scan_date,
           CAST(julianday(h.scan_date) - julianday(b.scan_date) AS INTEGER) AS days,
           h.ordinal - (SELECT count(*) FROM run p WHERE p.run_no < b.run_no) AS runs
    FROM this h
    CROSS JOIN run b)
SELECT p.environment,
       p.account_name,
       p.account_id,
       p.region,
       p.rule_group,
       t.name AS resource_type,
       re.name AS resource_id,
       n.text AS annotation,
       coalesce(o.owner, p.owner) AS owner,
       y.scan_date AS since,
       y.days AS age_days,
       y.runs AS age_runs,
       w.expires AS waiver_expires,
       w.reason AS waiver_reason,
       w.owner AS waiver_owner,
       p.rule_name
FROM places p
CROSS JOIN interval i ON i.rule_key = p.rule_key AND i.mode = 0 AND i.compliance = 1
                     AND i.began <= p.run_no AND (i.ended IS NULL OR i.ended > p.run_no)
CROSS JOIN ages y ON y.run_no = i.began
CROSS JOIN resource re ON re.resource_key = i.resource_key
CROSS JOIN resource_type t ON t.resource_type_key = re.resource_type_key
LEFT JOIN annotation n ON n.annotation_key = i.annotation_key
LEFT JOIN accepted x ON x.rule_key = i.rule_key AND x.resource_key = i.resource_key
                    AND x.began <= p.run_no AND (x.ended IS NULL OR x.ended > p.run_no)
LEFT JOIN waiver w ON w.waiver_key = x.waiver_key AND w.expires >= p.scan_date
LEFT JOIN owned o ON o.resource_key = i.resource_key
WHERE (:owner IS NULL OR coalesce(o.owner, p.owner, '') = :owner)
  AND (:since IS NULL OR y.scan_date >= :since);
