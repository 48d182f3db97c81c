-- Which open findings of a run the waivers of the file accept. Accounts and rules are matched
-- first, in small tables; findings are then found by key, and resources are matched last.
-- Needs rule_count of this run. In GLOB, [ is a letter only as [[].

-- The waivers that hold. Of several that match, the one that holds longest counts, then the first
-- in the file: that of the lowest rank.
CREATE TEMP TABLE IF NOT EXISTS live_waiver (
    rank INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    rule TEXT NOT NULL, -- as it is written; the others are patterns of GLOB
    is_one_rule INTEGER NOT NULL, -- 1: it names a rule or rule group, without a pattern
    resource TEXT NOT NULL,
    one_resource TEXT -- the resource that it names without a pattern; NULL when it does not
);
CREATE INDEX IF NOT EXISTS live_waiver_by_resource ON live_waiver (one_resource);
DELETE FROM live_waiver;
INSERT INTO live_waiver
SELECT row_number() OVER (ORDER BY expires DESC, line), line,
       replace(account, '[', '[[]'), replace(region, '[', '[[]'), rule,
       rule <> '' AND instr(rule, '*') = 0 AND instr(rule, '?') = 0,
       replace(resource, '[', '[[]'),
       iif(resource <> '' AND instr(resource, '*') = 0 AND instr(resource, '?') = 0,
           resource, NULL)
FROM waiver_line
WHERE expires >= (SELECT scan_date FROM run WHERE run_no = :run_no);

-- Rules that have open findings.
CREATE TEMP TABLE IF NOT EXISTS finding_rule (
    rule_key INTEGER PRIMARY KEY,
    account_key INTEGER NOT NULL,
    region TEXT NOT NULL,
    rule_group TEXT NOT NULL,
    name TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS finding_rule_by_account ON finding_rule (account_key);
DELETE FROM finding_rule;
INSERT INTO finding_rule
SELECT c.rule_key, s.account_key, s.region, g.name, r.name
FROM rule_count c
CROSS JOIN rule r ON r.rule_key = c.rule_key
CROSS JOIN scope s ON s.scope_key = r.scope_key
CROSS JOIN rule_group g ON g.rule_group_key = r.rule_group_key
WHERE c.non_compliant > 0 AND EXISTS (SELECT 1 FROM live_waiver);

CREATE TEMP TABLE IF NOT EXISTS waiver_account (
    rank INTEGER NOT NULL,
    account_key INTEGER NOT NULL,
    PRIMARY KEY (rank, account_key)
) WITHOUT ROWID;
DELETE FROM waiver_account;
INSERT INTO waiver_account
SELECT w.rank, k.account_key
FROM live_waiver w
CROSS JOIN run_account k ON k.run_no = :run_no
CROSS JOIN account a ON a.account_key = k.account_key
WHERE w.account = '' OR a.account_id GLOB w.account OR k.name GLOB w.account;

-- Rules by what they may be called: their group, and their own name.
CREATE TEMP TABLE IF NOT EXISTS rule_word (
    word TEXT NOT NULL,
    rule_key INTEGER NOT NULL,
    PRIMARY KEY (word, rule_key)
) WITHOUT ROWID;
DELETE FROM rule_word;
INSERT INTO rule_word SELECT rule_group, rule_key FROM finding_rule;
INSERT INTO rule_word SELECT name, rule_key FROM finding_rule WHERE name <> rule_group;

CREATE TEMP TABLE IF NOT EXISTS waiver_word (
    rank INTEGER NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (rank, word)
) WITHOUT ROWID;
DELETE FROM waiver_word;
INSERT INTO waiver_word SELECT rank, rule FROM live_waiver WHERE is_one_rule;
INSERT INTO waiver_word
SELECT w.rank, d.word
FROM live_waiver w CROSS JOIN (SELECT DISTINCT word FROM rule_word) d
WHERE w.rule <> '' AND NOT w.is_one_rule AND d.word GLOB replace(w.rule, '[', '[[]');

-- Waivers of many resources by the rules in which they may accept some …
CREATE TEMP TABLE IF NOT EXISTS waiver_rule (
    rule_key INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    PRIMARY KEY (rule_key, rank)
) WITHOUT ROWID;
DELETE FROM waiver_rule;
INSERT OR IGNORE INTO waiver_rule
SELECT f.rule_key, w.rank
FROM live_waiver w
CROSS JOIN waiver_word n ON n.rank = w.rank
CROSS JOIN rule_word d ON d.word = n.word
CROSS JOIN finding_rule f ON f.rule_key = d.rule_key
CROSS JOIN waiver_account a ON a.rank = w.rank AND a.account_key = f.account_key
WHERE w.one_resource IS NULL AND (w.region = '' OR f.region GLOB w.region);
INSERT INTO waiver_rule
SELECT f.rule_key, w.rank
FROM live_waiver w
CROSS JOIN waiver_account a ON a.rank = w.rank
CROSS JOIN finding_rule f ON f.account_key = a.account_key
WHERE w.one_resource IS NULL AND w.rule = '' AND (w.region = '' OR f.region GLOB w.region);

CREATE TEMP TABLE IF NOT EXISTS accepting (
    -- An open finding and the waiver that accepts it.
    rule_key INTEGER NOT NULL,
    resource_key INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    PRIMARY KEY (rule_key, resource_key)
) WITHOUT ROWID;
DELETE FROM accepting;
INSERT INTO accepting
SELECT m.rule_key, i.resource_key, m.rank
FROM waiver_rule m
CROSS JOIN live_waiver w ON w.rank = m.rank
CROSS JOIN interval i ON i.rule_key = m.rule_key AND i.mode = 0 AND i.compliance = 1
                     AND i.began <= :run_no AND (i.ended IS NULL OR i.ended > :run_no)
CROSS JOIN resource r ON r.resource_key = i.resource_key
WHERE w.resource = '' OR r.name GLOB w.resource
    ON CONFLICT (rule_key, resource_key) DO UPDATE SET rank = excluded.rank
    WHERE excluded.rank < rank;

-- … and those of one resource by its name.
INSERT INTO accepting
SELECT f.rule_key, i.resource_key, w.rank
FROM finding_rule f
CROSS JOIN interval i ON i.rule_key = f.rule_key AND i.mode = 0 AND i.compliance = 1
                     AND i.began <= :run_no AND (i.ended IS NULL OR i.ended > :run_no)
CROSS JOIN resource r ON r.resource_key = i.resource_key
CROSS JOIN live_waiver w ON w.one_resource = r.name
CROSS JOIN waiver_account a ON a.rank = w.rank AND a.account_key = f.account_key
WHERE f.account_key IN (SELECT n.account_key FROM waiver_account n
                        CROSS JOIN live_waiver l ON l.rank = n.rank
                        WHERE l.one_resource IS NOT NULL)
  AND (w.region = '' OR f.region GLOB w.region)
  AND (w.rule = '' OR EXISTS (SELECT 1 FROM waiver_word n
                              WHERE n.rank = w.rank AND n.word IN (f.rule_group, f.name)))
    ON CONFLICT (rule_key, resource_key) DO UPDATE SET rank = excluded.rank
    WHERE excluded.rank < rank;
