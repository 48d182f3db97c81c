-- A shard that is merged again keeps its counts, unless its file is another one.
INSERT INTO run_shard (run_no, shard_id, sha256, scopes, evaluations, merged, duplicates,
                       superseded, refused)
VALUES (:run_no, :shard_id, :sha256, :scopes, :evaluations, :merged, 0, :superseded, :refused)
    ON CONFLICT (run_no, shard_id) DO UPDATE
    SET sha256 = excluded.sha256, scopes = excluded.scopes, evaluations = excluded.evaluations,
        merged = excluded.merged, duplicates = excluded.duplicates,
        superseded = excluded.superseded, refused = excluded.refused
    WHERE excluded.sha256 <> run_shard.sha256;
