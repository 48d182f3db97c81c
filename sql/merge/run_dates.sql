-- The span of all shards of the run: from the first begun to the last finished.
UPDATE run
SET started_at = min(coalesce(started_at, :started_at), :started_at),
    finished_at = max(coalesce(finished_at, :finished_at), :finished_at)
WHERE run_no = :run_no;
