-- summary: The findings that are new, reopened, resolved or gone in a run, next to the run before.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by tags of resources and rules; '' = what nobody owns
-- column change: new, reopened, resolved or gone (no longer reported, which is not resolved)
-- column environment: prod, nonprod or unclassified
-- column account_name: name of the account in that run
-- column account_id: 12 digits
-- column region: AWS region
-- column rule_group: the rule, the same across accounts and regions
-- column resource_type: as AWS names it: AWS::S3::Bucket
-- column resource_id: as AWS Config names it
-- column owner: from the owner tag; NULL when no tag names one
-- column compliance_before: as last known before this run; NULL where nothing was reported
-- column compliance_after: in this run; NULL where nothing is reported
-- column rule_name: the rule as AWS names it in that account and region
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1),
all_moves AS MATERIALIZED (
    -- by the run's name where there is one: then only its changes are looked up
    SELECT * FROM changes WHERE group_id = :group_id
    UNION ALL
    SELECT * FROM changes WHERE :group_id IS NULL AND group_id = (SELECT group_id FROM this)),
moves AS MATERIALIZED (
    SELECT * FROM all_moves
    WHERE (:environment IS NULL OR environment = :environment)
      AND (:account IS NULL OR :account IN (account_id, account_name))
      AND (:owner IS NULL OR coalesce(owner, '') = :owner))
SELECT c.change,
       c.environment,
       c.account_name,
       c.account_id,
       c.region,
       c.rule_group,
       c.resource_type,
       c.resource_id,
       c.owner,
       c.compliance_before,
       c.compliance_after,
       c.rule_name
FROM moves c
ORDER BY CASE c.change WHEN 'new' THEN 1 WHEN 'reopened' THEN 2 WHEN 'resolved' THEN 3 ELSE 4 END,
         CASE c.environment WHEN 'prod' THEN 1 WHEN 'nonprod' THEN 2 ELSE 3 END,
         c.account_name, c.account_id, c.region, c.rule_name, c.resource_type, c.resource_id;
