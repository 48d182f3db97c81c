-- A shard that is merged may have been refused before, and be mended.
DELETE FROM refused_shard WHERE run_no = :run_no AND shard_id = :shard_id;
