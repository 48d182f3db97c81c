-- summary: Every open finding of a run: who breaks which rule where, why, since when, and whose it is.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by the tags of rules; '' = what nobody owns
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
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
days AS MATERIALIZED (
    SELECT scan_date, min(ordinal) AS ordinal FROM runs GROUP BY scan_date)
SELECT e.environment,
       e.account_name,
       e.account_id,
       e.region,
       e.rule_group,
       e.resource_type,
       e.resource_id,
       e.annotation,
       e.owner,
       e.since,
       CAST(julianday(e.scan_date) - julianday(e.since) AS INTEGER) AS age_days,
       (SELECT ordinal FROM this) - d.ordinal + 1 AS age_runs,
       w.expires AS waiver_expires,
       w.reason AS waiver_reason,
       w.owner AS waiver_owner,
       e.rule_name
FROM evaluations e
LEFT JOIN days d ON d.scan_date = e.since
LEFT JOIN waiver w ON w.waiver_key = e.waiver_key
WHERE e.group_id = (SELECT group_id FROM this)
  AND e.compliance = 'NON_COMPLIANT' AND e.mode = 'DETECTIVE'
  AND (:environment IS NULL OR e.environment = :environment)
  AND (:account IS NULL OR :account IN (e.account_id, e.account_name))
  AND (:owner IS NULL OR coalesce(e.owner, '') = :owner)
  AND (:since IS NULL OR e.since >= :since)
ORDER BY CASE e.environment WHEN 'prod' THEN 1 WHEN 'nonprod' THEN 2 ELSE 3 END,
         e.account_name, e.account_id, e.region, e.rule_name, e.resource_type, e.resource_id;
