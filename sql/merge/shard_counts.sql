-- Every row of the shard is accounted for: evaluations = merged + duplicates + superseded + refused.
SELECT (SELECT count(*) FROM shard.scope),
       (SELECT coalesce(sum(evaluations), 0) FROM shard.rule_total),
       (SELECT sum(evaluations) FROM merged),
       (SELECT coalesce(sum(n.evaluations), 0) FROM shard.rule_total n
        WHERE n.rule_key IN (SELECT r.rule_key FROM shard.rule r
                             JOIN map_scope m ON m.shard_key = r.scope_key WHERE m.is_same)),
       (SELECT coalesce(sum(n.evaluations), 0) FROM shard.rule_total n
        WHERE n.rule_key IN (SELECT r.rule_key FROM shard.rule r
                             JOIN map_scope m ON m.shard_key = r.scope_key
                             JOIN shard.scope s ON s.scope_key = r.scope_key
                             WHERE NOT m.is_same
                               AND r.outcome <> 'failed' AND s.outcome = 'scanned'
                               AND r.rule_key NOT IN (SELECT shard_key FROM map_rule))),
       (SELECT count(*) FROM changed) + (SELECT count(*) FROM changed_tag)
           + (SELECT count(*) FROM changed_tag_set)
           + (SELECT count(*) FROM map_rule WHERE NOT takes_scope)
           + (SELECT count(*) FROM map_scope WHERE takes_scope);
