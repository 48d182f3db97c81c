-- summary: What a run could not read, and why: shards, accounts and regions, rules.
-- param group_id: the run; the newest when absent
-- column what: shard, scope (an account in a region) or rule
-- column account_id: 12 digits; NULL for a shard
-- column account_name: as it was in that run; NULL for a shard
-- column environment: prod, nonprod or unclassified; NULL for a shard
-- column region: NULL for a shard
-- column name: of the rule, or id of the shard; NULL for a scope
-- column outcome: refused, denied, failed, missing, or skipped, which is no failure
-- column error_code: AWS's, where it gave one
-- column message: why it could not be read
-- column last_scanned: date of the newest run up to this one that read the scope; NULL = never
WITH picked AS (
    SELECT run_no, group_id FROM run
    WHERE group_id = coalesce(:group_id,
                              (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1))
),
gap AS (
    SELECT 'shard' AS what,
           NULL AS account_id,
           NULL AS account_name,
           NULL AS environment,
           NULL AS region,
           f.shard_id AS name,
           'refused' AS outcome,
           NULL AS error_code,
           f.message,
           NULL AS last_scanned
    FROM refused_shard f
    WHERE f.run_no = (SELECT run_no FROM picked)
    UNION ALL
    SELECT 'scope', v.account_id, v.account_name, v.environment, v.region, NULL, v.outcome,
           v.error_code, v.message, v.last_scanned
    FROM coverage v
    WHERE v.group_id = (SELECT group_id FROM picked) AND v.outcome <> 'scanned'
    UNION ALL
    SELECT 'rule', x.account_id, x.account_name, x.environment, x.region, x.rule_name, x.outcome,
           x.error_code, x.message,
           (SELECT r.scan_date FROM run r WHERE r.run_no = (SELECT run_no FROM picked))
    FROM rule_coverage x
    WHERE x.group_id = (SELECT group_id FROM picked) AND x.outcome = 'failed'
)
SELECT what, account_id, account_name, environment, region, name, outcome, error_code, message,
       last_scanned
FROM gap
ORDER BY CASE what WHEN 'shard' THEN 1 WHEN 'scope' THEN 2 ELSE 3 END,
         outcome = 'skipped', -- what was left out on purpose, after what failed
         account_id, region, name;
