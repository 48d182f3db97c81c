-- Schema version 10: whose reading of a rule counts.

CREATE TABLE rescue (
    -- Of a rule that an earlier scan rescued (run_rule), the shard whose reading counts. Runs of
    -- earlier versions have none.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    rule_key INTEGER NOT NULL REFERENCES rule, -- the rule
    shard_id TEXT NOT NULL, -- the shard that read it
    PRIMARY KEY (run_no, rule_key)
) STRICT, WITHOUT ROWID;
