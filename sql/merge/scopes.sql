-- Which scopes of the shard count: of several scans of one scope, a finished one before one that
-- was not scanned, then the later one, then the one of the greater shard id.

INSERT OR IGNORE INTO account (account_id) SELECT account_id FROM shard.scope ORDER BY account_id;

INSERT OR IGNORE INTO scope (account_key, region)
SELECT a.account_key, s.region
FROM shard.scope s JOIN account a ON a.account_id = s.account_id
ORDER BY a.account_key, s.region;

INSERT INTO map_scope (shard_key, scope_key, takes_scope, is_same, shift)
SELECT s.scope_key,
       h.scope_key,
       coalesce((s.outcome = 'scanned', s.finished_at, :shard_id)
                    > (k.outcome = 'scanned', k.finished_at, k.shard_id), 1),
       coalesce((s.outcome, s.finished_at, :shard_id) = (k.outcome, k.finished_at, k.shard_id), 0),
       -- keys of the shard are used where they are compact, and name resources of their own scope
       iif((SELECT coalesce(min(resource_key), 1) FROM shard.resource) > 0
               AND (SELECT coalesce(max(resource_key), 0) FROM shard.resource)
                   <= 2 * (SELECT count(*) FROM shard.resource)
               AND NOT EXISTS (SELECT 1 FROM shard.rule_total WHERE strays > 0)
               AND NOT EXISTS (SELECT 1 FROM resource r WHERE r.scope_key = h.scope_key),
           (SELECT coalesce(max(resource_key), 0) FROM resource),
           NULL)
FROM shard.scope s
JOIN account a ON a.account_id = s.account_id
JOIN scope h ON h.account_key = a.account_key AND h.region = s.region
LEFT JOIN run_scope k ON k.run_no = :run_no AND k.scope_key = h.scope_key;
