-- Tags of resources, from run to run: as those of rules are, set for this run and for no other run in
-- which they were read. A resource that is compliant, or gone, was not asked for its tags. A scope
-- that let none be read neither extends nor ends anything.
INSERT INTO tag_scope (scope_key, is_read, is_fresh, next_run)
SELECT m.scope_key,
       NOT EXISTS (SELECT 1 FROM shard.tagless_scope u WHERE u.scope_key = m.shard_key),
       NOT EXISTS (SELECT 1 FROM resource_tag_set h WHERE h.scope_key = m.scope_key),
       iif(:run_no < (SELECT max(run_no) FROM run), -- or else there is none to be looked for
           (SELECT min(k.run_no) FROM run_scope k
            WHERE k.scope_key = m.scope_key AND k.outcome = 'scanned' AND k.run_no > :run_no
              AND NOT EXISTS (SELECT 1 FROM tags_unread u
                              WHERE u.run_no = k.run_no AND u.scope_key = k.scope_key)),
           NULL)
FROM map_scope m
CROSS JOIN shard.scope s ON s.scope_key = m.shard_key
WHERE m.takes_scope AND s.outcome = 'scanned';

DELETE FROM tag_scope
WHERE NOT is_read
  AND (NOT EXISTS (SELECT 1 FROM run_scope k
                   WHERE k.run_no = :run_no AND k.scope_key = tag_scope.scope_key
                     AND k.outcome = 'scanned')
       OR EXISTS (SELECT 1 FROM tags_unread u
                  WHERE u.run_no = :run_no AND u.scope_key = tag_scope.scope_key));

DELETE FROM tags_unread
WHERE run_no = :run_no AND scope_key IN (SELECT scope_key FROM map_scope WHERE takes_scope);

INSERT INTO tags_unread (run_no, scope_key)
SELECT :run_no, m.scope_key
FROM shard.tagless_scope u
CROSS JOIN shard.scope s ON s.scope_key = u.scope_key AND s.outcome = 'scanned'
CROSS JOIN map_scope m ON m.shard_key = u.scope_key AND m.takes_scope;

INSERT OR IGNORE INTO tag_set (tags) SELECT tags FROM shard.told_tag_set ORDER BY tags;

INSERT INTO map_tag_set (shard_key, tag_set_key)
SELECT n.tag_set_key, h.tag_set_key
FROM shard.told_tag_set n CROSS JOIN tag_set h ON h.tags = n.tags
ORDER BY n.tag_set_key;

INSERT INTO tag (tag_set_key, tag_key, value)
SELECT m.tag_set_key, j.key, j.value
FROM (SELECT DISTINCT tag_set_key FROM map_tag_set) m -- a shard may write one in several ways
CROSS JOIN tag_set h ON h.tag_set_key = m.tag_set_key
CROSS JOIN json_each(h.tags) j
WHERE NOT EXISTS (SELECT 1 FROM tag t WHERE t.tag_set_key = m.tag_set_key);

-- Where the history knows of none, nothing is compared.
INSERT INTO resource_tag_set (scope_key, resource_key, began, ended, tag_set_key)
SELECT c.scope_key, coalesce(n.resource_key + m.shift, r.resource_key), :run_no, c.next_run,
       s.tag_set_key
FROM shard.resource n
CROSS JOIN map_tag_set s ON s.shard_key = n.tag_set_key
CROSS JOIN map_scope m ON m.shard_key = n.scope_key
CROSS JOIN tag_scope c ON c.scope_key = m.scope_key AND c.is_read AND c.is_fresh
LEFT JOIN map_resource r ON r.shard_key = n.resource_key;

DELETE FROM tag_scope WHERE is_fresh;

-- What holds at this run: what was read, or else what held just before.
INSERT INTO told_tag_set (scope_key, resource_key, tag_set_key)
SELECT r.scope_key, r.resource_key, s.tag_set_key
FROM shard.resource n
CROSS JOIN map_resource r ON r.shard_key = n.resource_key
CROSS JOIN tag_scope c ON c.scope_key = r.scope_key AND c.is_read
CROSS JOIN map_tag_set s ON s.shard_key = n.tag_set_key
WHERE EXISTS (SELECT 1 FROM tag_scope);

INSERT INTO told_tag_set (scope_key, resource_key, tag_set_key)
SELECT h.scope_key, h.resource_key, h.tag_set_key
FROM tag_scope c
CROSS JOIN resource_tag_set h ON h.scope_key = c.scope_key AND h.began < :run_no
                             AND (h.ended IS NULL OR h.ended >= :run_no)
WHERE NOT c.is_read;

INSERT INTO changed_tag_set (scope_key, resource_key, next_run, tag_set_key,
                             old_began, old_ended, old_tag_set_key)
SELECT n.scope_key, n.resource_key, c.next_run, n.tag_set_key, h.began, h.ended, h.tag_set_key
FROM told_tag_set n
CROSS JOIN tag_scope c ON c.scope_key = n.scope_key
LEFT JOIN resource_tag_set h ON h.scope_key = n.scope_key AND h.resource_key = n.resource_key
                            AND h.began <= :run_no AND (h.ended IS NULL OR h.ended > :run_no)
WHERE h.tag_set_key IS NOT n.tag_set_key;

INSERT INTO changed_tag_set (scope_key, resource_key, next_run,
                             old_began, old_ended, old_tag_set_key)
SELECT h.scope_key, h.resource_key, c.next_run, h.began, h.ended, h.tag_set_key
FROM tag_scope c
CROSS JOIN resource_tag_set h ON h.scope_key = c.scope_key AND h.began <= :run_no
                             AND (h.ended IS NULL OR h.ended > :run_no)
WHERE NOT EXISTS (SELECT 1 FROM told_tag_set n
                  WHERE n.scope_key = h.scope_key AND n.resource_key = h.resource_key);

-- The old tags are cut at the run; what they say from the next run on stays.
INSERT INTO resource_tag_set (scope_key, resource_key, began, ended, tag_set_key)
SELECT scope_key, resource_key, next_run, old_ended, old_tag_set_key
FROM changed_tag_set
WHERE next_run IS NOT NULL AND old_began IS NOT NULL
  AND (old_ended IS NULL OR old_ended > next_run);

DELETE FROM resource_tag_set
WHERE (scope_key, resource_key, began)
    IN (SELECT scope_key, resource_key, old_began FROM changed_tag_set WHERE old_began = :run_no);

UPDATE resource_tag_set
SET ended = :run_no
WHERE (scope_key, resource_key, began)
    IN (SELECT scope_key, resource_key, old_began FROM changed_tag_set WHERE old_began < :run_no);

-- The new ones go on from before and into what follows, where these say the same.
UPDATE changed_tag_set
SET began = coalesce((SELECT h.began FROM resource_tag_set h
                      WHERE h.scope_key = changed_tag_set.scope_key
                        AND h.resource_key = changed_tag_set.resource_key
                        AND h.ended = :run_no AND h.tag_set_key = changed_tag_set.tag_set_key),
                     :run_no),
    later_began = (SELECT h.began FROM resource_tag_set h
                   WHERE h.scope_key = changed_tag_set.scope_key
                     AND h.resource_key = changed_tag_set.resource_key
                     AND h.began = changed_tag_set.next_run
                     AND h.tag_set_key = changed_tag_set.tag_set_key),
    ended = next_run
WHERE tag_set_key IS NOT NULL;

UPDATE changed_tag_set
SET ended = (SELECT h.ended FROM resource_tag_set h
             WHERE h.scope_key = changed_tag_set.scope_key
               AND h.resource_key = changed_tag_set.resource_key
               AND h.began = changed_tag_set.later_began)
WHERE later_began IS NOT NULL;

DELETE FROM resource_tag_set
WHERE (scope_key, resource_key, began)
    IN (SELECT scope_key, resource_key, later_began FROM changed_tag_set
        WHERE later_began IS NOT NULL);

INSERT OR REPLACE INTO resource_tag_set (scope_key, resource_key, began, ended, tag_set_key)
SELECT scope_key, resource_key, began, ended, tag_set_key
FROM changed_tag_set
WHERE tag_set_key IS NOT NULL;
