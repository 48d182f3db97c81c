-- What the shard says by rule, counted while nobody waits for it. It goes into the shard's file,
-- which is our own copy by now, and was checked before.
PRAGMA shard.journal_mode = OFF;
PRAGMA shard.synchronous = OFF;
CREATE TABLE shard.rule_total (
    rule_key INTEGER PRIMARY KEY,
    evaluations INTEGER NOT NULL, -- of both modes
    compliant INTEGER NOT NULL, -- DETECTIVE ones, as are the next two
    non_compliant INTEGER NOT NULL,
    not_applicable INTEGER NOT NULL
) STRICT;
INSERT INTO shard.rule_total
SELECT e.rule_key, count(*),
       count(*) FILTER (WHERE e.compliance = 0 AND e.mode = 0),
       count(*) FILTER (WHERE e.compliance = 1 AND e.mode = 0),
       count(*) FILTER (WHERE e.compliance = 2 AND e.mode = 0)
FROM shard.evaluation e
GROUP BY e.rule_key;
