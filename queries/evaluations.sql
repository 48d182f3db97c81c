-- summary: Every evaluation of a run, as if each run had been stored whole.
-- param group_id: the run; the newest when absent
-- param account: only this account: its id or its name
-- param region: only this region
-- param rule: only this rule or rule group
-- param environment: only prod, nonprod or unclassified accounts
-- param compliance: only COMPLIANT, NON_COMPLIANT or NOT_APPLICABLE
-- column group_id: the run
-- column scan_date: its date
-- column account_id: 12 digits
-- column account_name: as it was in that run
-- column environment: prod, nonprod or unclassified, as it was in that run
-- column region: where the resource is
-- column rule_name: as AWS Config names it there
-- column rule_group: the same without its random suffix
-- column resource_type: like AWS::S3::Bucket
-- column resource_id: as AWS Config names the resource
-- column compliance: COMPLIANT, NON_COMPLIANT or NOT_APPLICABLE
-- column annotation: what the rule said; NULL when it said nothing
-- column owner: by the tags of the resource, or else of the rule; NULL when none names one
-- column since: date of the run that saw this state first
-- column mode: DETECTIVE, or PROACTIVE: before the resource was made
SELECT e.group_id, e.scan_date, e.account_id, e.account_name, e.environment, e.region,
       e.rule_name, e.rule_group, e.resource_type, e.resource_id, e.compliance, e.annotation,
       e.owner, e.since, e.mode
FROM evaluations e
WHERE e.group_id = coalesce(:group_id,
                            (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1))
  AND (:account IS NULL OR :account IN (e.account_id, e.account_name))
  AND (:region IS NULL OR e.region = :region)
  AND (:rule IS NULL OR :rule IN (e.rule_name, e.rule_group))
  AND (:environment IS NULL OR e.environment = :environment)
  AND (:compliance IS NULL OR e.compliance = :compliance)
ORDER BY e.account_id, e.region, e.rule_name, e.resource_type, e.resource_id, e.mode;
