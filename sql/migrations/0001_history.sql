-- The history database, schema version 1.
--
-- Tables (singular names) are the inside; views (plural names, trend and coverage) are the public
-- face and stay stable. Every evaluation is kept as an interval: the run in which its state began
-- and the run that ended it. A run in which a scope or rule could not be read neither extends nor
-- ends anything.

CREATE TABLE run (
    -- One collection of the whole organization.
    run_no INTEGER PRIMARY KEY, -- sorts by time: days since 1970-01-01 * 65536 + place in the day
    group_id TEXT NOT NULL UNIQUE, -- the run's name, usually its date
    scan_date TEXT NOT NULL, -- YYYY-MM-DD
    started_at TEXT, -- first shard begun, ISO 8601 UTC
    finished_at TEXT, -- last shard finished, ISO 8601 UTC
    owner_tag TEXT NOT NULL, -- the tag key that names an owner, as set for this run
    version TEXT NOT NULL -- of the program that merged it last
) STRICT;

CREATE TABLE run_shard (
    -- A shard that was merged into a run, with what became of its rows:
    -- evaluations = merged + duplicates + superseded + refused.
    run_no INTEGER NOT NULL REFERENCES run, -- the run it is part of
    shard_id TEXT NOT NULL, -- as the plan and its file call it
    sha256 TEXT NOT NULL, -- of the unpacked shard file
    scopes INTEGER NOT NULL, -- rows it held
    evaluations INTEGER NOT NULL, -- rows it held
    merged INTEGER NOT NULL, -- evaluations taken over
    duplicates INTEGER NOT NULL, -- evaluations that were there already, just the same
    superseded INTEGER NOT NULL, -- evaluations of a scope or rule that a later scan had read
    refused INTEGER NOT NULL, -- evaluations that name no rule or resource of their scope
    PRIMARY KEY (run_no, shard_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE refused_shard (
    -- A file among a run's shards that could not be merged.
    run_no INTEGER NOT NULL REFERENCES run, -- the run whose shard it would be
    shard_id TEXT NOT NULL, -- as its file is called
    message TEXT NOT NULL, -- what was wrong with it
    PRIMARY KEY (run_no, shard_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
    -- An AWS account that was ever part of a run.
    account_key INTEGER PRIMARY KEY, -- its number in this database
    account_id TEXT NOT NULL UNIQUE -- 12 digits
) STRICT;

CREATE TABLE run_account (
    -- An account as it was in a run.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    account_key INTEGER NOT NULL REFERENCES account, -- the account
    name TEXT NOT NULL, -- as the plan or a shard told it
    environment TEXT NOT NULL -- as settings and names made it then
        CHECK (environment IN ('prod', 'nonprod', 'unclassified')),
    org_path TEXT NOT NULL, -- organizational units from the root, '' when not known
    PRIMARY KEY (run_no, account_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE scope (
    -- One account in one region: the unit that is scanned, or not.
    scope_key INTEGER PRIMARY KEY, -- its number in this database
    account_key INTEGER NOT NULL REFERENCES account, -- the account
    region TEXT NOT NULL, -- like eu-west-1
    UNIQUE (account_key, region)
) STRICT;

CREATE TABLE run_scope (
    -- What became of a scope in a run.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    scope_key INTEGER NOT NULL REFERENCES scope, -- the scope
    outcome TEXT NOT NULL -- missing: planned, but no shard told of it
        CHECK (outcome IN ('scanned', 'denied', 'failed', 'skipped', 'missing')),
    recorder TEXT CHECK (recorder IN ('on', 'stopped', 'none')), -- NULL when not known
    error_code TEXT, -- AWS's, when it was not scanned
    message TEXT, -- why it was not scanned
    rules INTEGER NOT NULL, -- rules there
    rules_failed INTEGER NOT NULL, -- rules of these that could not be read
    evaluations INTEGER NOT NULL, -- evaluations there
    finished_at TEXT NOT NULL, -- when the scan of it ended: the later one counts; '' for missing
    shard_id TEXT NOT NULL, -- which shard told; '' for missing
    PRIMARY KEY (run_no, scope_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_scope_by_scope ON run_scope (scope_key, run_no, outcome);

CREATE TABLE rule_group (
    -- The same rule across scopes: names without the random suffixes of organization rules,
    -- conformance packs and Security Hub.
    rule_group_key INTEGER PRIMARY KEY, -- its number in this database
    name TEXT NOT NULL UNIQUE -- like s3-bucket-versioning-enabled
) STRICT;

CREATE TABLE rule (
    -- An AWS Config rule of one scope.
    rule_key INTEGER PRIMARY KEY, -- its number in this database
    scope_key INTEGER NOT NULL REFERENCES scope, -- where it is
    rule_group_key INTEGER NOT NULL REFERENCES rule_group, -- what it is the same as elsewhere
    name TEXT NOT NULL, -- as AWS names it there
    source_owner TEXT NOT NULL, -- AWS, CUSTOM_LAMBDA or CUSTOM_POLICY; '' when not known
    source_identifier TEXT NOT NULL, -- of a managed rule: S3_BUCKET_VERSIONING_ENABLED
    UNIQUE (scope_key, name)
) STRICT;

CREATE TABLE run_rule (
    -- A rule that was not simply read in a run.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    rule_key INTEGER NOT NULL REFERENCES rule, -- the rule
    outcome TEXT NOT NULL -- failed: it could not be read. insufficient_data: it reported nothing.
        -- rescued: read by an earlier scan of the scope, where the one that counts failed
        CHECK (outcome IN ('failed', 'insufficient_data', 'rescued')),
    read_at TEXT NOT NULL, -- when that scan of the scope ended
    error_code TEXT, -- AWS's, when it failed
    message TEXT, -- why it failed
    PRIMARY KEY (run_no, rule_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_tag (
    -- A tag of a rule, from run to run.
    rule_key INTEGER NOT NULL REFERENCES rule, -- the rule that has it
    tag_key TEXT NOT NULL, -- with its prefix: mox.owner
    began INTEGER NOT NULL REFERENCES run, -- the run in which it first had this value
    ended INTEGER REFERENCES run, -- the run in which it no longer had it; NULL while it holds
    value TEXT NOT NULL, -- what the tag says
    PRIMARY KEY (rule_key, tag_key, began)
) STRICT, WITHOUT ROWID;

CREATE TABLE resource_type (
    -- What kind of thing a resource is.
    resource_type_key INTEGER PRIMARY KEY, -- its number in this database
    name TEXT NOT NULL UNIQUE -- AWS::S3::Bucket
) STRICT;

CREATE TABLE resource (
    -- A resource of one scope, as AWS Config names it.
    resource_key INTEGER PRIMARY KEY, -- its number in this database
    scope_key INTEGER NOT NULL REFERENCES scope, -- where it is
    resource_type_key INTEGER NOT NULL REFERENCES resource_type, -- what it is
    name TEXT NOT NULL, -- its resource id
    UNIQUE (scope_key, resource_type_key, name)
) STRICT;

CREATE TABLE annotation (
    -- What a rule adds to its verdict, in words.
    annotation_key INTEGER PRIMARY KEY, -- its number in this database
    text TEXT NOT NULL UNIQUE -- what rules say of resources, each text once
) STRICT;

CREATE TABLE interval (
    -- What a rule said of a resource, from run to run. Holds for the runs in [began, ended) in
    -- which the rule was read.
    rule_key INTEGER NOT NULL REFERENCES rule, -- who says it
    resource_key INTEGER NOT NULL REFERENCES resource, -- of what
    mode INTEGER NOT NULL CHECK (mode BETWEEN 0 AND 1), -- 0 DETECTIVE, 1 PROACTIVE
    began INTEGER NOT NULL REFERENCES run, -- the run in which this state was first seen
    ended INTEGER REFERENCES run, -- the run in which it was no longer so; NULL while it holds
    compliance INTEGER NOT NULL -- 0 COMPLIANT, 1 NON_COMPLIANT, 2 NOT_APPLICABLE
        CHECK (compliance BETWEEN 0 AND 2),
    annotation_key INTEGER REFERENCES annotation, -- the newest one while this state held
    PRIMARY KEY (rule_key, resource_key, mode, began)
) STRICT, WITHOUT ROWID;

CREATE INDEX finding_began ON interval (began) WHERE compliance = 1;
CREATE INDEX finding_ended ON interval (ended) WHERE compliance = 1;

CREATE TABLE count_environment (
    -- Rollup: DETECTIVE evaluations of a run by environment. Equals what the intervals say.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    environment TEXT NOT NULL, -- prod, nonprod or unclassified, as the accounts were then
    compliant INTEGER NOT NULL, -- COMPLIANT ones
    non_compliant INTEGER NOT NULL, -- NON_COMPLIANT ones: findings
    not_applicable INTEGER NOT NULL, -- NOT_APPLICABLE ones
    waived INTEGER NOT NULL, -- findings that a waiver accepts
    new_findings INTEGER NOT NULL, -- since the run before: new and reopened
    resolved_findings INTEGER NOT NULL, -- since the run before
    PRIMARY KEY (run_no, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE count_rule (
    -- Rollup: DETECTIVE evaluations of a run by rule group and environment.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    rule_group_key INTEGER NOT NULL REFERENCES rule_group, -- the rule group
    environment TEXT NOT NULL, -- prod, nonprod or unclassified, as the accounts were then
    compliant INTEGER NOT NULL, -- COMPLIANT ones
    non_compliant INTEGER NOT NULL, -- NON_COMPLIANT ones: findings
    not_applicable INTEGER NOT NULL, -- NOT_APPLICABLE ones
    waived INTEGER NOT NULL, -- findings that a waiver accepts
    PRIMARY KEY (run_no, rule_group_key, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE count_account (
    -- Rollup: DETECTIVE evaluations of a run by account.
    run_no INTEGER NOT NULL REFERENCES run, -- the run
    account_key INTEGER NOT NULL REFERENCES account, -- the account
    compliant INTEGER NOT NULL, -- COMPLIANT ones
    non_compliant INTEGER NOT NULL, -- NON_COMPLIANT ones: findings
    not_applicable INTEGER NOT NULL, -- NOT_APPLICABLE ones
    waived INTEGER NOT NULL, -- findings that a waiver accepts
    PRIMARY KEY (run_no, account_key)
) STRICT, WITHOUT ROWID;

CREATE VIEW runs AS
-- One row is a run.
SELECT r.group_id,
       r.scan_date,
       r.started_at,
       r.finished_at,
       -- 1 when every planned scope was scanned, or skipped on purpose
       NOT EXISTS (SELECT 1 FROM run_scope s
                   WHERE s.run_no = r.run_no
                     AND s.outcome NOT IN ('scanned', 'skipped')) AS complete,
       (SELECT count(*) FROM run_scope s WHERE s.run_no = r.run_no) AS scopes_planned,
       (SELECT count(*) FROM run_scope s
        WHERE s.run_no = r.run_no AND s.outcome = 'scanned') AS scopes_scanned,
       (SELECT coalesce(sum(s.evaluations), 0) FROM run_scope s
        WHERE s.run_no = r.run_no) AS evaluations,
       -- the run before this one; NULL for the first
       (SELECT p.group_id FROM run p WHERE p.run_no < r.run_no
        ORDER BY p.run_no DESC LIMIT 1) AS previous_group_id,
       -- 1 is the first run
       row_number() OVER (ORDER BY r.run_no) AS ordinal
FROM run r;

CREATE VIEW evaluations AS
-- One row is an evaluation in a run, as if each run had been stored whole. Name a group_id: all
-- runs together are many rows.
SELECT r.group_id,
       r.scan_date,
       a.account_id,
       ra.name AS account_name,
       ra.environment,
       s.region,
       ru.name AS rule_name,
       g.name AS rule_group, -- the same rule across accounts and regions
       t.name AS resource_type,
       re.name AS resource_id,
       CASE i.compliance WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                         ELSE 'NOT_APPLICABLE' END AS compliance,
       n.text AS annotation,
       (SELECT o.value FROM rule_tag o
        WHERE o.rule_key = ru.rule_key AND o.tag_key = r.owner_tag AND o.began <= r.run_no
          AND (o.ended IS NULL OR o.ended > r.run_no)) AS owner,
       b.scan_date AS since, -- when this state was first seen
       CASE i.mode WHEN 0 THEN 'DETECTIVE' ELSE 'PROACTIVE' END AS mode
FROM run r
JOIN run_scope rs ON rs.run_no = r.run_no AND rs.outcome = 'scanned'
JOIN scope s ON s.scope_key = rs.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
JOIN rule ru ON ru.scope_key = s.scope_key
JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
JOIN interval i ON i.rule_key = ru.rule_key AND i.began <= r.run_no
               AND (i.ended IS NULL OR i.ended > r.run_no)
JOIN run b ON b.run_no = i.began
JOIN resource re ON re.resource_key = i.resource_key
JOIN resource_type t ON t.resource_type_key = re.resource_type_key
LEFT JOIN annotation n ON n.annotation_key = i.annotation_key
WHERE NOT EXISTS (SELECT 1 FROM run_rule x
                  WHERE x.run_no = r.run_no AND x.rule_key = ru.rule_key
                    AND x.outcome = 'failed');

CREATE VIEW current_evaluations AS
-- One row is an evaluation in the newest run.
SELECT * FROM evaluations
WHERE group_id = (SELECT r.group_id FROM run r ORDER BY r.run_no DESC LIMIT 1);

CREATE VIEW findings AS
-- One row is an open finding: a NON_COMPLIANT evaluation of the newest run.
SELECT e.*,
       -- runs in which it has been open, this one included
       (SELECT count(*) FROM run r WHERE r.scan_date >= e.since) AS age_runs,
       CAST(julianday(e.scan_date) - julianday(e.since) AS INTEGER) AS age_days,
       0 AS waived, -- 1 while a waiver accepts it
       NULL AS waiver_expires
FROM current_evaluations e
WHERE e.compliance = 'NON_COMPLIANT' AND e.mode = 'DETECTIVE';

CREATE VIEW last_known_evaluations AS
-- One row is the last known state of an evaluation whose scope or rule was not read in the newest
-- run: neither compliant nor resolved, only old.
SELECT a.account_id,
       s.region,
       ru.name AS rule_name,
       g.name AS rule_group,
       t.name AS resource_type,
       re.name AS resource_id,
       CASE i.compliance WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                         ELSE 'NOT_APPLICABLE' END AS compliance,
       b.scan_date AS since,
       (SELECT max(l.scan_date) FROM run_scope k JOIN run l ON l.run_no = k.run_no
        WHERE k.scope_key = s.scope_key AND k.outcome = 'scanned') AS last_scanned
FROM scope s
JOIN account a ON a.account_key = s.account_key
JOIN rule ru ON ru.scope_key = s.scope_key
JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
JOIN interval i ON i.rule_key = ru.rule_key AND i.ended IS NULL
JOIN run b ON b.run_no = i.began
JOIN resource re ON re.resource_key = i.resource_key
JOIN resource_type t ON t.resource_type_key = re.resource_type_key
WHERE NOT EXISTS (SELECT 1 FROM run_scope k
                  WHERE k.run_no = (SELECT max(run_no) FROM run)
                    AND k.scope_key = s.scope_key AND k.outcome = 'scanned')
   OR EXISTS (SELECT 1 FROM run_rule x
              WHERE x.run_no = (SELECT max(run_no) FROM run)
                AND x.rule_key = ru.rule_key AND x.outcome = 'failed');

CREATE VIEW compliance_by_environment AS
-- One row is a run and an environment. Ratios count COMPLIANT and NON_COMPLIANT only; NULL where
-- there is nothing to divide.
SELECT r.group_id,
       r.scan_date,
       c.environment,
       c.compliant,
       c.non_compliant,
       c.not_applicable,
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers
FROM count_environment c
JOIN run r ON r.run_no = c.run_no;

CREATE VIEW compliance_by_rule AS
-- One row is a run, a rule group and an environment.
SELECT r.group_id,
       r.scan_date,
       c.environment,
       c.compliant,
       c.non_compliant,
       c.not_applicable,
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers,
       g.name AS rule_group
FROM count_rule c
JOIN run r ON r.run_no = c.run_no
JOIN rule_group g ON g.rule_group_key = c.rule_group_key;

CREATE VIEW compliance_by_account AS
-- One row is a run and an account. An account of which nothing could be read has no ratio.
SELECT r.group_id,
       r.scan_date,
       ra.environment,
       coalesce(c.compliant, 0) AS compliant,
       coalesce(c.non_compliant, 0) AS non_compliant,
       coalesce(c.not_applicable, 0) AS not_applicable,
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       CAST(c.compliant + c.waived AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           AS ratio_after_waivers,
       a.account_id,
       ra.name AS account_name,
       (SELECT count(*) FROM run_scope k JOIN scope s ON s.scope_key = k.scope_key
        WHERE k.run_no = ra.run_no AND s.account_key = ra.account_key
          AND k.outcome = 'scanned') AS scopes_scanned,
       (SELECT count(*) FROM run_scope k JOIN scope s ON s.scope_key = k.scope_key
        WHERE k.run_no = ra.run_no AND s.account_key = ra.account_key) AS scopes_planned
FROM run_account ra
JOIN run r ON r.run_no = ra.run_no
JOIN account a ON a.account_key = ra.account_key
LEFT JOIN count_account c ON c.run_no = ra.run_no AND c.account_key = ra.account_key;

CREATE VIEW compliance_by_owner AS
-- One row is an owner in the newest run; '' stands for evaluations that no tag gives an owner.
SELECT coalesce(owner, '') AS owner,
       sum(compliance = 'COMPLIANT') AS compliant,
       sum(compliance = 'NON_COMPLIANT') AS non_compliant,
       CAST(sum(compliance = 'COMPLIANT') AS REAL)
           / nullif(sum(compliance IN ('COMPLIANT', 'NON_COMPLIANT')), 0) AS ratio
FROM current_evaluations
WHERE mode = 'DETECTIVE'
GROUP BY 1;

CREATE VIEW trend AS
-- One row is a run and an environment: how its ratio moved, and what became of its findings.
SELECT r.group_id,
       r.scan_date,
       c.environment,
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0) AS ratio,
       lag(CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0))
           OVER by_time AS previous_ratio,
       CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0)
           - lag(CAST(c.compliant AS REAL) / nullif(c.compliant + c.non_compliant, 0))
               OVER by_time AS change,
       c.new_findings, -- new and reopened
       c.resolved_findings,
       c.non_compliant AS open_findings
FROM count_environment c
JOIN run r ON r.run_no = c.run_no
WINDOW by_time AS (PARTITION BY c.environment ORDER BY c.run_no);

CREATE VIEW finding_boundary AS
-- Inside of `changes`: one row is a DETECTIVE finding that began or ended in a run that has a run
-- before it. before and after are compliance codes; NULL = not reported.
SELECT i.began AS run_no, i.rule_key, i.resource_key,
       (SELECT p.compliance FROM interval p
        WHERE p.rule_key = i.rule_key AND p.resource_key = i.resource_key AND p.mode = 0
          AND p.ended = i.began) AS before,
       1 AS after,
       CASE WHEN EXISTS (SELECT 1 FROM interval p
                         WHERE p.rule_key = i.rule_key AND p.resource_key = i.resource_key
                           AND p.mode = 0 AND p.compliance = 1 AND p.began < i.began)
            THEN 'reopened' ELSE 'new' END AS change
FROM interval i
WHERE i.compliance = 1 AND i.mode = 0 AND i.began > (SELECT min(run_no) FROM run)
UNION ALL
SELECT i.ended, i.rule_key, i.resource_key, 1, n.compliance,
       CASE WHEN n.compliance IS NULL THEN 'gone' ELSE 'resolved' END
FROM interval i
LEFT JOIN interval n ON n.rule_key = i.rule_key AND n.resource_key = i.resource_key
                    AND n.mode = 0 AND n.began = i.ended
WHERE i.compliance = 1 AND i.mode = 0 AND i.ended IS NOT NULL;

CREATE VIEW changes AS
-- One row is a finding that differs between a run and the one before it: new, resolved, reopened,
-- or gone (no longer reported, which is not resolved). What could not be read has not changed.
SELECT r.group_id,
       (SELECT p.group_id FROM run p WHERE p.run_no < r.run_no
        ORDER BY p.run_no DESC LIMIT 1) AS previous_group_id,
       b.change,
       a.account_id,
       ra.name AS account_name,
       ra.environment,
       s.region,
       ru.name AS rule_name,
       t.name AS resource_type,
       re.name AS resource_id,
       CASE b.before WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                     WHEN 2 THEN 'NOT_APPLICABLE' END AS compliance_before,
       CASE b.after WHEN 0 THEN 'COMPLIANT' WHEN 1 THEN 'NON_COMPLIANT'
                    WHEN 2 THEN 'NOT_APPLICABLE' END AS compliance_after,
       g.name AS rule_group
FROM run r
JOIN finding_boundary b ON b.run_no = r.run_no
JOIN rule ru ON ru.rule_key = b.rule_key
JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
JOIN scope s ON s.scope_key = ru.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = r.run_no AND ra.account_key = s.account_key
JOIN resource re ON re.resource_key = b.resource_key
JOIN resource_type t ON t.resource_type_key = re.resource_type_key;

CREATE VIEW coverage AS
-- One row is a scope in a run: whether it was read, and if not, why.
SELECT r.group_id,
       a.account_id,
       ra.name AS account_name,
       ra.environment,
       s.region,
       k.outcome,
       k.recorder,
       k.error_code,
       k.message,
       k.rules,
       k.rules_failed,
       k.evaluations,
       -- the newest run up to this one in which it was read; NULL = never
       (SELECT l.scan_date FROM run_scope p JOIN run l ON l.run_no = p.run_no
        WHERE p.scope_key = k.scope_key AND p.outcome = 'scanned' AND p.run_no <= k.run_no
        ORDER BY p.run_no DESC LIMIT 1) AS last_scanned
FROM run_scope k
JOIN run r ON r.run_no = k.run_no
JOIN scope s ON s.scope_key = k.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = k.run_no AND ra.account_key = s.account_key;

CREATE VIEW rule_coverage AS
-- One row is a rule of a scanned scope that told nothing in a run: it could not be read, or it had
-- insufficient data.
SELECT r.group_id,
       a.account_id,
       ra.name AS account_name,
       ra.environment,
       s.region,
       ru.name AS rule_name,
       g.name AS rule_group,
       x.outcome,
       x.error_code,
       x.message
FROM run_rule x
JOIN run r ON r.run_no = x.run_no
JOIN rule ru ON ru.rule_key = x.rule_key
JOIN rule_group g ON g.rule_group_key = ru.rule_group_key
JOIN scope s ON s.scope_key = ru.scope_key
JOIN account a ON a.account_key = s.account_key
JOIN run_account ra ON ra.run_no = x.run_no AND ra.account_key = s.account_key
WHERE x.outcome <> 'rescued';
