-- Schema version 8: which organization a run was of.

CREATE TABLE run_organization (
    -- The organization whose accounts a run read. No row where they came from a file, or where the
    -- organization would not say.
    run_no INTEGER PRIMARY KEY REFERENCES run, -- the run
    organization_id TEXT NOT NULL, -- like o-a1b2c3d4e5
    management_account_id TEXT NOT NULL -- the account it belongs to
) STRICT;

DROP VIEW runs;
CREATE VIEW runs AS
-- One row is a run.
SELECT r.group_id, -- the run
       r.scan_date, -- its date
       r.started_at, -- when its first shard was begun
       r.finished_at, -- when its last shard was finished
       -- 1 when every planned scope was scanned, or skipped on purpose. Rules may have failed even
       -- so: see rules_failed
       NOT EXISTS (SELECT 1 FROM run_scope s
                   WHERE s.run_no = r.run_no
                     AND s.outcome NOT IN ('scanned', 'skipped')) AS complete,
       -- accounts and regions that are part of it
       (SELECT count(*) FROM run_scope s WHERE s.run_no = r.run_no) AS scopes_planned,
       -- those of them that were read
       (SELECT count(*) FROM run_scope s
        WHERE s.run_no = r.run_no AND s.outcome = 'scanned') AS scopes_scanned,
       (SELECT coalesce(sum(s.evaluations), 0) FROM run_scope s
        WHERE s.run_no = r.run_no) AS evaluations, -- evaluations that were read
       -- the run before this one; NULL for the first
       (SELECT p.group_id FROM run p WHERE p.run_no < r.run_no
        ORDER BY p.run_no DESC LIMIT 1) AS previous_group_id,
       -- 1 is the first run
       row_number() OVER (ORDER BY r.run_no) AS ordinal,
       -- 1 when its evaluations were removed to save room, and only its counts are left
       r.run_no < coalesce((SELECT max(p.before_run) FROM pruned p), 0) AS pruned,
       -- rules of scanned scopes that could not be read: unknown, whatever `complete` says
       (SELECT coalesce(sum(s.rules_failed), 0) FROM run_scope s
        WHERE s.run_no = r.run_no) AS rules_failed,
       o.organization_id, -- the organization, like o-a1b2c3d4e5; NULL when not known
       o.management_account_id -- the account that the organization belongs to
FROM run r
LEFT JOIN run_organization o ON o.run_no = r.run_no;
