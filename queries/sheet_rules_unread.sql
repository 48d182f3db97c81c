-- summary: The rules of a run's scanned scopes that told nothing: failed, or without data.
-- param group_id: the run; the newest when absent
-- param environment: only prod, nonprod or unclassified accounts
-- param account: only this account: its id or its name
-- param owner: only what this owner owns by the tags of rules; '' = what nobody owns
-- column outcome: failed (it could not be read) or insufficient_data (it has nothing to tell yet)
-- column rule_group: the rule, the same across accounts and regions
-- column account_name: name of the account in that run
-- column account_id: 12 digits
-- column environment: prod, nonprod or unclassified
-- column region: AWS region
-- column error_code: AWS's
-- column message: why it could not be read
-- column owner: from the owner tag; NULL when no tag names one
-- column rule_name: the rule as AWS names it in that account and region
WITH this AS MATERIALIZED (
    SELECT * FROM runs WHERE :group_id IS NULL OR group_id = :group_id
    ORDER BY ordinal DESC LIMIT 1)
SELECT c.outcome,
       c.rule_group,
       c.account_name,
       c.account_id,
       c.environment,
       c.region,
       c.error_code,
       c.message,
       c.owner,
       c.rule_name
FROM rule_coverage c
WHERE c.group_id = (SELECT group_id FROM this)
  AND (:environment IS NULL OR c.environment = :environment)
  AND (:account IS NULL OR :account IN (c.account_id, c.account_name))
  AND (:owner IS NULL OR coalesce(c.owner, '') = :owner)
ORDER BY c.outcome, c.rule_group, c.account_name, c.account_id, c.region, c.rule_name;
