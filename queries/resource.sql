-- summary: The story of one resource: every state that a rule saw it in, and from when to when.
-- param resource: its id, as AWS Config names it; nothing is shown without
-- param account: only in this account
-- param rule: only this rule or rule group
-- column account_id: 12 digits
-- column region: where the resource is
-- column resource_type: like AWS::S3::Bucket
-- column resource_id: as AWS Config names the resource
-- column rule_name: as AWS Config names it there
-- column rule_group: the same without its random suffix
-- column compliance: COMPLIANT, NON_COMPLIANT or NOT_APPLICABLE
-- column since: the run that saw this state first
-- column until: the run in which it was no longer so; NULL while it is the last one known
-- column annotation: the last thing that the rule said of this state
-- column mode: DETECTIVE, or PROACTIVE: before the resource was made
SELECT a.account_id,
       s.region,
       t.name AS resource_type,
       re.name AS resource_id,
       ru.name AS rule_name,
       g.name AS rule_group,
       CASE i.compliance WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                         ELSE 'NOT_APPLICABLE' END AS compliance,
       b.group_id AS since,
       e.group_id AS until,
       n.text AS annotation,
       CASE i.mode WHEN 0 THEN 'DETECTIVE' ELSE 'PROACTIVE' END AS mode
FROM resource re
JOIN resource_type t ON t.resource_type_key = re.resource_type_key
JOIN scope s ON s.scope_key = re.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN rule ru ON ru.scope_key = re.scope_key
JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
JOIN interval i ON i.rule_key = ru.rule_key AND i.resource_key = re.resource_key
JOIN run b ON b.run_no = i.began
LEFT JOIN run e ON e.run_no = i.ended
LEFT JOIN annotation n ON n.annotation_key = i.annotation_key
WHERE re.name = :resource
  AND (:account IS NULL OR a.account_id = :account)
  AND (:rule IS NULL OR :rule IN (ru.name, g.name))
ORDER BY a.account_id, s.region, t.name, re.name, ru.name, i.mode, i.began;
