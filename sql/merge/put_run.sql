INSERT INTO run (run_no, group_id, scan_date, owner_tag, version)
VALUES (:run_no, :group_id, :scan_date, :owner_tag, :version)
    ON CONFLICT (run_no) DO UPDATE SET owner_tag = excluded.owner_tag, version = excluded.version
    WHERE owner_tag <> excluded.owner_tag;
