-- summary: What changed between a run and the one before; what was not read has not changed.
-- param group_id: the run; the newest when absent
-- param change: only new, resolved, reopened or gone
-- param environment: only prod, nonprod or unclassified accounts
-- column change: new, resolved, reopened, or gone (no longer reported, which is not resolved)
-- column account_id: 12 digits
-- column account_name: as it was in that run
-- column environment: prod, nonprod or unclassified, as it was in that run
-- column region: where the resource is
-- column rule_name: as AWS Config names it there
-- column rule_group: the same without its random suffix
-- column resource_type: like AWS::S3::Bucket
-- column resource_id: as AWS Config names the resource
-- column compliance_before: as last known before this run; NULL when it was not reported
-- column compliance_after: in this run; NULL when it is not reported
-- column group_id: the run
-- column previous_group_id: the run before
SELECT c.change, c.account_id, c.account_name, c.environment, c.region, c.rule_name, c.rule_group,
       c.resource_type, c.resource_id, c.compliance_before, c.compliance_after, c.group_id,
       c.previous_group_id
FROM changes c
WHERE c.group_id = coalesce(:group_id,
                            (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1))
  AND (:change IS NULL OR c.change = :change)
  AND (:environment IS NULL OR c.environment = :environment)
ORDER BY CASE c.change WHEN 'new' THEN 1 WHEN 'reopened' THEN 2 WHEN 'resolved' THEN 3 ELSE 4 END,
         c.account_id, c.region, c.rule_name, c.resource_type, c.resource_id;
