-- Which rules of the shard count: those that were read, in a scope that counts, or that no scan
-- that counts has read.

INSERT OR IGNORE INTO rule_group (name)
SELECT DISTINCT rule_group_of(name) FROM shard.rule ORDER BY 1;

INSERT INTO rule (scope_key, rule_group_key, name, source_owner, source_identifier)
SELECT m.scope_key, g.rule_group_key, r.name, r.source_owner, r.source_identifier
FROM shard.rule r
JOIN map_scope m ON m.shard_key = r.scope_key
JOIN rule_group g ON g.name = rule_group_of(r.name)
WHERE true
ORDER BY m.scope_key, r.rule_key
    ON CONFLICT (scope_key, name) DO UPDATE
    SET source_owner = excluded.source_owner, source_identifier = excluded.source_identifier
    WHERE (source_owner, source_identifier)
              IS NOT (excluded.source_owner, excluded.source_identifier)
      -- whatever the order of merges, the last scan that counts of the last run has told it
      AND EXISTS (SELECT 1 FROM map_scope m WHERE m.scope_key = rule.scope_key AND m.takes_scope)
      AND NOT EXISTS (SELECT 1 FROM run_scope k
                      WHERE k.scope_key = rule.scope_key AND k.run_no > :run_no
                        AND k.outcome = 'scanned');

-- With them, rules that the history knows and the scope no longer lists: they were read, and are
-- gone. Their key in the shard is made up, below zero, where no evaluation has its rule.
INSERT INTO map_rule (shard_key, rule_key, scope_key, takes_scope, finished_at, is_fresh, shift,
                      evaluations, next_run)
SELECT coalesce(l.rule_key, -r.rule_key), r.rule_key, m.scope_key, m.takes_scope, s.finished_at,
       m.shift IS NOT NULL
           OR NOT EXISTS (SELECT 1 FROM interval i WHERE i.rule_key = r.rule_key),
       m.shift,
       coalesce(n.evaluations, 0),
       iif(:run_no < (SELECT max(run_no) FROM run), -- or else there is none to be looked for
           (SELECT min(k.run_no) FROM run_scope k
            WHERE k.scope_key = m.scope_key AND k.outcome = 'scanned' AND k.run_no > :run_no
              AND NOT EXISTS (SELECT 1 FROM run_rule y
                              WHERE y.run_no = k.run_no AND y.rule_key = r.rule_key
                                AND y.outcome = 'failed')),
           NULL)
FROM map_scope m
CROSS JOIN shard.scope s ON s.scope_key = m.shard_key
CROSS JOIN rule r ON r.scope_key = m.scope_key
LEFT JOIN shard.rule l ON l.scope_key = m.shard_key AND l.name = r.name
LEFT JOIN shard.rule_total n ON n.rule_key = l.rule_key
LEFT JOIN run_rule x ON x.run_no = :run_no AND x.rule_key = r.rule_key
WHERE s.outcome = 'scanned' AND NOT m.is_same AND l.outcome IS NOT 'failed'
  AND (m.takes_scope
       OR x.outcome = 'failed'
       OR (x.outcome = 'rescued'
           AND (s.finished_at, :shard_id)
               > (x.read_at, coalesce((SELECT z.shard_id FROM rescue z
                                       WHERE z.run_no = :run_no AND z.rule_key = r.rule_key),
                                      ''))));

-- What another shard of this run had read of them is superseded from now on: the counts of a shard
-- follow from all shards, not from the order in which they came.
UPDATE run_shard
SET merged = merged - t.evaluations, superseded = superseded + t.evaluations
FROM (SELECT iif(x.outcome = 'rescued', z.shard_id, k.shard_id) AS shard_id,
             sum((SELECT count(*) FROM interval i
                  WHERE i.rule_key = m.rule_key AND i.began <= :run_no
                    AND (i.ended IS NULL OR i.ended > :run_no))) AS evaluations
      FROM map_rule m
      CROSS JOIN run_scope k ON k.run_no = :run_no AND k.scope_key = m.scope_key
                            AND k.outcome = 'scanned'
      LEFT JOIN run_rule x ON x.run_no = :run_no AND x.rule_key = m.rule_key
      LEFT JOIN rescue z ON z.run_no = :run_no AND z.rule_key = m.rule_key
      WHERE x.outcome IS NOT 'failed'
      GROUP BY 1) t
WHERE run_shard.run_no = :run_no AND run_shard.shard_id = t.shard_id
  AND run_shard.shard_id <> :shard_id;
