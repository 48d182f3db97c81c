-- summary: The open findings of the newest run, oldest first.
-- param account: only this account: its id or its name
-- param region: only this region
-- param rule: only this rule or rule group
-- param environment: only prod, nonprod or unclassified accounts
-- param owner: only what this owner owns; '' = what nobody owns
-- column account_id: 12 digits
-- column account_name: as it was in that run
-- column environment: prod, nonprod or unclassified, as it was in that run
-- column region: where the resource is
-- column rule_name: as AWS Config names it there
-- column rule_group: the same without its random suffix
-- column resource_type: like AWS::S3::Bucket
-- column resource_id: as AWS Config names the resource
-- column annotation: what the rule said; NULL when it said nothing
-- column owner: by the tags of the resource, or else of the rule; NULL when none names one
-- column since: date of the run that saw it first
-- column age_runs: runs in which it has been open, the newest included
-- column age_days: days since then
-- column waived: 1 while a waiver accepts it
-- column waiver_expires: the last day on which that waiver holds
-- column waiver_reason: why it was accepted
-- column waiver_owner: who answers for that
SELECT e.account_id, e.account_name, e.environment, e.region, e.rule_name, e.rule_group,
       e.resource_type, e.resource_id, e.annotation, e.owner, e.since, e.age_runs, e.age_days,
       e.waived, e.waiver_expires, e.waiver_reason, e.waiver_owner
FROM findings e
WHERE (:account IS NULL OR :account IN (e.account_id, e.account_name))
  AND (:region IS NULL OR e.region = :region)
  AND (:rule IS NULL OR :rule IN (e.rule_name, e.rule_group))
  AND (:environment IS NULL OR e.environment = :environment)
  AND (:owner IS NULL OR coalesce(e.owner, '') = :owner)
ORDER BY e.since, e.account_id, e.region, e.rule_name, e.resource_type, e.resource_id;
