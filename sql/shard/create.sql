-- A shard: what one worker read of a run. The merger checks that its schema is just this one.

CREATE TABLE info (
    -- Named facts: group_id, shard_id, scan_date, started_at, finished_at, version.
    name TEXT PRIMARY KEY CHECK (length(name) <= 64),
    value TEXT NOT NULL CHECK (length(value) <= 256)
) STRICT, WITHOUT ROWID;

CREATE TABLE scope (
    -- One account in one region that the worker was to scan.
    scope_key INTEGER PRIMARY KEY,
    account_id TEXT NOT NULL CHECK (length(account_id) = 12 AND account_id NOT GLOB '*[^0-9]*'),
    account_name TEXT NOT NULL CHECK (length(account_name) <= 128),
    region TEXT NOT NULL CHECK (length(region) BETWEEN 1 AND 32),
    outcome TEXT NOT NULL CHECK (outcome IN ('scanned', 'denied', 'failed', 'skipped')),
    recorder TEXT CHECK (recorder IN ('on', 'stopped', 'none')),
    error_code TEXT CHECK (length(error_code) <= 128),
    message TEXT CHECK (length(message) <= 1024),
    finished_at TEXT NOT NULL CHECK (length(finished_at) BETWEEN 20 AND 32),
    duplicates INTEGER NOT NULL CHECK (duplicates >= 0), -- evaluations told more than once
    UNIQUE (account_id, region)
) STRICT;

CREATE TABLE rule (
    rule_key INTEGER PRIMARY KEY,
    scope_key INTEGER NOT NULL REFERENCES scope,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    source_owner TEXT NOT NULL CHECK (length(source_owner) <= 64),
    source_identifier TEXT NOT NULL CHECK (length(source_identifier) <= 256),
    outcome TEXT NOT NULL CHECK (outcome IN ('read', 'insufficient_data', 'failed')),
    error_code TEXT CHECK (length(error_code) <= 128),
    message TEXT CHECK (length(message) <= 1024),
    UNIQUE (scope_key, name)
) STRICT;

CREATE TABLE rule_tag (
    rule_key INTEGER NOT NULL REFERENCES rule,
    tag_key TEXT NOT NULL CHECK (length(tag_key) BETWEEN 1 AND 128),
    value TEXT NOT NULL CHECK (length(value) <= 256),
    PRIMARY KEY (rule_key, tag_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_type (
    resource_type_key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 256)
) STRICT;

CREATE TABLE tag_set (
    -- What some resources are tagged with, each combination once: a JSON object of texts.
    tag_set_key INTEGER PRIMARY KEY,
    tags TEXT NOT NULL UNIQUE CHECK (length(tags) <= 262144)
) STRICT;

CREATE TABLE resource (
    resource_key INTEGER PRIMARY KEY,
    scope_key INTEGER NOT NULL REFERENCES scope,
    resource_type_key INTEGER NOT NULL REFERENCES resource_type,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 768),
    wants_tags INTEGER NOT NULL CHECK (wants_tags BETWEEN 0 AND 1), -- 1: it is not compliant
    tag_set_key INTEGER REFERENCES tag_set, -- NULL: its tags were not read
    UNIQUE (scope_key, resource_type_key, name)
) STRICT;

CREATE TABLE annotation (
    annotation_key INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE CHECK (length(text) BETWEEN 1 AND 256)
) STRICT;

CREATE TABLE evaluation (
    rule_key INTEGER NOT NULL REFERENCES rule,
    resource_key INTEGER NOT NULL REFERENCES resource,
    mode INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 1), -- 0 DETECTIVE, 1 PROACTIVE
    compliance INTEGER NOT NULL CHECK (compliance BETWEEN 0 AND 2), -- as in the history
    annotation_key INTEGER REFERENCES annotation,
    PRIMARY KEY (rule_key, resource_key, mode)
) STRICT, WITHOUT ROWID;
