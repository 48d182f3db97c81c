-- Schema version 10: whose reading of a rule counts, what lies beside the history, what was removed on
-- purpose, and how a history came about that no merge made.

CREATE TABLE rescue (
    -- Of a rule that an earlier scan rescued (run_rule), the shard whose reading counts. Runs of
    -- earlier versions have none.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    rule_key INTEGER NOT NULL REFERENCES rule, -- the rule
    shard_id TEXT NOT NULL, -- the shard that read it
    PRIMARY KEY (run_no, rule_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_object (
    -- An object of the store that belongs to a run, as it was when the run was merged last. The
    -- shards are in run_shard.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    key TEXT NOT NULL, -- of the object: batches/2026-11-22/plan.json
    bytes INTEGER NOT NULL, -- of it
    sha256 TEXT NOT NULL, -- of it, 64 hexadecimal digits
    PRIMARY KEY (run_no, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE removed_copy (
    -- A predecessor whose object was removed from the store on purpose.
    key TEXT PRIMARY KEY, -- as in predecessor
    removed_at TEXT NOT NULL, -- when that was written down: before it was done
    reason TEXT NOT NULL -- prune; unknown: it was missing already when a history of this version was
        -- made of one of an earlier version, which did not write down what it removed
        CHECK (reason IN ('prune', 'unknown'))
) STRICT, WITHOUT ROWID;

CREATE TABLE turn (
    -- A history that no merge made of the one before it.
    place INTEGER PRIMARY KEY, -- of the predecessor that was the newest until then
    kind TEXT NOT NULL CHECK (kind IN ('restore', 'drop')), -- what was done
    subject TEXT NOT NULL, -- restore: the key of the history that came back. drop: the run that went
    done_at TEXT NOT NULL -- when
) STRICT;
