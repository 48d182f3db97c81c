-- Scratch tables of one shard: which of its keys are which of the history's, and what it says.
CREATE TEMP TABLE IF NOT EXISTS map_scope (
    shard_key INTEGER PRIMARY KEY,
    scope_key INTEGER NOT NULL UNIQUE,
    takes_scope INTEGER NOT NULL, -- 1: this scan of the scope counts from now on
    is_same INTEGER NOT NULL, -- 1: just this scan was merged before
    -- NULL: its resources are looked up by name. Where the history has none of it yet, they get the
    -- keys of the shard plus this, and nothing is looked up
    shift INTEGER
);
CREATE TEMP TABLE IF NOT EXISTS map_rule (
    -- Rules that were read in the shard and count.
    shard_key INTEGER PRIMARY KEY,
    rule_key INTEGER NOT NULL UNIQUE,
    scope_key INTEGER NOT NULL,
    takes_scope INTEGER NOT NULL, -- 0: its scope does not count, but nobody else read the rule
    finished_at TEXT NOT NULL, -- when it was read
    is_fresh INTEGER NOT NULL, -- 1: the history has no evaluation of it yet
    shift INTEGER, -- of its scope
    evaluations INTEGER NOT NULL, -- that the shard has of it
    next_run INTEGER -- the first later run in which the rule was read; NULL = none
);
CREATE TEMP TABLE IF NOT EXISTS map_resource_type (
    shard_key INTEGER PRIMARY KEY,
    resource_type_key INTEGER NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS map_resource (
    -- A resource that was looked up by name.
    shard_key INTEGER PRIMARY KEY,
    resource_key INTEGER NOT NULL,
    scope_key INTEGER NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS new_resource (
    -- One that the history does not know: it gets the key that is so many after the last.
    place INTEGER PRIMARY KEY,
    shard_key INTEGER NOT NULL,
    scope_key INTEGER NOT NULL,
    resource_type_key INTEGER NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS map_annotation (
    shard_key INTEGER PRIMARY KEY,
    annotation_key INTEGER NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS shrunk_rule (
    -- A rule that no longer reports all that the history knows of it.
    rule_key INTEGER PRIMARY KEY
);
CREATE TEMP TABLE IF NOT EXISTS incoming (
    -- The evaluations of these rules.
    rule_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    PRIMARY KEY (rule_key, resource_key, mode)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS merged (
    -- Evaluations taken over, in parts that are to be added.
    evaluations INTEGER NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS refused_rule (
    -- A rule of which something is refused, or may be.
    rule_key INTEGER PRIMARY KEY
);
CREATE TEMP TABLE IF NOT EXISTS changed (
    -- An evaluation that is not what the history says for this run.
    rule_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    next_run INTEGER,
    compliance INTEGER, -- NULL: no longer reported
    annotation_key INTEGER,
    old_began INTEGER, -- the interval that covers the run; NULL: there is none
    old_ended INTEGER,
    old_compliance INTEGER,
    old_annotation_key INTEGER,
    PRIMARY KEY (rule_key, resource_key, mode)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS changed_tag (
    -- A tag that is not what the history says for this run.
    rule_key INTEGER NOT NULL,
    tag_key TEXT NOT NULL,
    next_run INTEGER,
    value TEXT, -- NULL: the rule no longer has it
    old_began INTEGER, -- the tag that holds at the run; NULL: there is none
    old_ended INTEGER,
    old_value TEXT,
    began INTEGER, -- what is written of it, and which later one that swallows
    ended INTEGER,
    later_began INTEGER,
    PRIMARY KEY (rule_key, tag_key)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS tag_scope (
    -- A scope that counts, as to the tags of its resources.
    scope_key INTEGER PRIMARY KEY,
    is_read INTEGER NOT NULL, -- 0: this scan could not, though an earlier one of this run could
    is_fresh INTEGER NOT NULL, -- 1: the history has no tags there yet
    next_run INTEGER -- the first later run in which they were read; NULL = none
);
CREATE TEMP TABLE IF NOT EXISTS map_tag_set (
    shard_key INTEGER PRIMARY KEY,
    tag_set_key INTEGER NOT NULL
);
CREATE TEMP TABLE IF NOT EXISTS told_tag_set (
    -- The tags of a resource in these scopes.
    scope_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    tag_set_key INTEGER NOT NULL,
    PRIMARY KEY (scope_key, resource_key)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS changed_tag_set (
    -- A resource whose tags are not what the history says for this run; columns as in changed_tag.
    scope_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    next_run INTEGER,
    tag_set_key INTEGER,
    old_began INTEGER,
    old_ended INTEGER,
    old_tag_set_key INTEGER,
    began INTEGER,
    ended INTEGER,
    later_began INTEGER,
    PRIMARY KEY (scope_key, resource_key)
) WITHOUT ROWID;
CREATE TEMP TABLE IF NOT EXISTS touched (
    -- Intervals that get another end or annotation: one of an evaluation at a time.
    rule_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    mode INTEGER NOT NULL,
    began INTEGER NOT NULL,
    ended INTEGER,
    annotation_key INTEGER,
    later_began INTEGER, -- the interval that it swallows; NULL = none
    PRIMARY KEY (rule_key, resource_key, mode)
) WITHOUT ROWID;
DELETE FROM touched;
DELETE FROM map_scope;
DELETE FROM map_rule;
DELETE FROM map_resource_type;
DELETE FROM map_resource;
DELETE FROM new_resource;
DELETE FROM map_annotation;
DELETE FROM shrunk_rule;
DELETE FROM incoming;
DELETE FROM merged;
DELETE FROM refused_rule;
DELETE FROM changed;
DELETE FROM changed_tag;
DELETE FROM tag_scope;
DELETE FROM map_tag_set;
DELETE FROM told_tag_set;
DELETE FROM changed_tag_set;
