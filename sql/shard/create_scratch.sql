-- What a shard needs while it is filled, and copies of it do not have.
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
