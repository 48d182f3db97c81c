-- What a shard needs while it is filled, and copies of it do not have.
CREATE TEMP TABLE untagged (
    -- A resource whose tags are wanted, until all of them are there.
    scope_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    PRIMARY KEY (scope_key, resource_key)
) WITHOUT ROWID;
CREATE TEMP TABLE resource_tag (
    -- A tag that was read of a resource, until all of them are there.
    resource_key INTEGER NOT NULL,
    tag_key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (resource_key, tag_key)
) WITHOUT ROWID;
CREATE TEMP TABLE told_tags (
    -- All of them, as a JSON object.
    resource_key INTEGER PRIMARY KEY,
    tags TEXT NOT NULL
);
