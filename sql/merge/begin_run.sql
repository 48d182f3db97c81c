-- Scratch of a whole merge.
CREATE TEMP TABLE planned_account (
    -- The plan names them, whatever shards call them.
    account_id TEXT PRIMARY KEY
);
CREATE TEMP TABLE told_rule (
    -- What the shards that were merged until now say of the run, by rule.
    rule_key INTEGER PRIMARY KEY,
    evaluations INTEGER NOT NULL, -- of both modes
    compliant INTEGER NOT NULL, -- DETECTIVE ones, as are the next two
    non_compliant INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL,
    run_no INTEGER NOT NULL
);
