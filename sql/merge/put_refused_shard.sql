INSERT OR REPLACE INTO refused_shard (run_no, shard_id, message)
VALUES (:run_no, :shard_id, :message);
