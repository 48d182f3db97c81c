-- Nothing is lost: the rows of a shard are rows merged, exact duplicates, rows that a later scan
-- replaced, and rows refused. Each row here is a shard of which that is not so.
SELECT r.group_id, s.shard_id, s.evaluations,
       s.merged + s.duplicates + s.superseded + s.refused AS accounted_for
FROM run_shard s
JOIN run r ON r.run_no = s.run_no
WHERE s.evaluations <> s.merged + s.duplicates + s.superseded + s.refused
   OR min(s.merged, s.duplicates, s.superseded, s.refused) < 0
ORDER BY s.run_no, s.shard_id;
