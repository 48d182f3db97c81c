-- Every row of the shard is accounted for: evaluations = merged + duplicates + superseded + refused.
-- Duplicates were taken over when the same scan was merged before: with its scope, or as rules of
-- which it counts as the one that rescued them.
WITH rescued AS MATERIALIZED (
    SELECT r.rule_key
    FROM rescue z
    CROSS JOIN run_rule x ON x.run_no = z.run_no AND x.rule_key = z.rule_key
                         AND x.outcome = 'rescued'
    CROSS JOIN rule h ON h.rule_key = z.rule_key
    CROSS JOIN map_scope m ON m.scope_key = h.scope_key AND NOT m.is_same
    CROSS JOIN shard.scope s ON s.scope_key = m.shard_key AND s.finished_at = x.read_at
    CROSS JOIN shard.rule r ON r.scope_key = m.shard_key AND r.name = h.name
    WHERE z.run_no = :run_no AND z.shard_id = :shard_id
      AND r.rule_key NOT IN (SELECT shard_key FROM map_rule)
)
SELECT (SELECT count(*) FROM shard.scope),
       (SELECT coalesce(sum(evaluations), 0) FROM shard.rule_total),
       (SELECT sum(evaluations) FROM merged),
       (SELECT coalesce(sum(n.evaluations), 0) FROM shard.rule_total n
        WHERE n.rule_key IN (SELECT rule_key FROM rescued)
           OR n.rule_key IN (SELECT r.rule_key FROM shard.rule r
                             JOIN map_scope m ON m.shard_key = r.scope_key WHERE m.is_same)),
       (SELECT coalesce(sum(n.evaluations), 0) FROM shard.rule_total n
        WHERE n.rule_key IN (SELECT r.rule_key FROM shard.rule r
                             JOIN map_scope m ON m.shard_key = r.scope_key
                             JOIN shard.scope s ON s.scope_key = r.scope_key
                             WHERE NOT m.is_same
                               AND r.outcome <> 'failed' AND s.outcome = 'scanned'
                               AND r.rule_key NOT IN (SELECT shard_key FROM map_rule)
                               AND r.rule_key NOT IN (SELECT rule_key FROM rescued))),
       (SELECT count(*) FROM changed) + (SELECT count(*) FROM changed_tag)
           + (SELECT count(*) FROM changed_tag_set)
           + (SELECT count(*) FROM map_rule WHERE NOT takes_scope)
           + (SELECT count(*) FROM map_scope WHERE takes_scope);
