INSERT INTO refused_shard (run_no, shard_id, message)
VALUES (:run_no, :shard_id, :message)
    ON CONFLICT (run_no, shard_id) DO UPDATE SET message = excluded.message
    WHERE message <> excluded.message;
