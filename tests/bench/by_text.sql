-- A merge that knows an evaluation by its names: one look into a text index for each.
CREATE TABLE IF NOT EXISTS evaluation (
    evaluation_key INTEGER PRIMARY KEY,
    account_id TEXT NOT NULL, region TEXT NOT NULL, rule TEXT NOT NULL,
    resource_type TEXT NOT NULL, resource_id TEXT NOT NULL, mode INTEGER NOT NULL,
    began INTEGER NOT NULL, ended INTEGER, compliance INTEGER NOT NULL, annotation TEXT,
    UNIQUE (account_id, region, rule, resource_type, resource_id, mode, began)
) STRICT;
CREATE INDEX IF NOT EXISTS finding_began ON evaluation (began) WHERE compliance = 1;
INSERT OR IGNORE INTO evaluation (account_id, region, rule, resource_type, resource_id, mode, began,
                                  compliance, annotation)
SELECT s.account_id, s.region, r.name, t.name, n.name, e.mode, :run_no, e.compliance, a.text
FROM shard.evaluation e
CROSS JOIN shard.rule r ON r.rule_key = e.rule_key
CROSS JOIN shard.scope s ON s.scope_key = r.scope_key
CROSS JOIN shard.resource n ON n.resource_key = e.resource_key
CROSS JOIN shard.resource_type t ON t.resource_type_key = n.resource_type_key
LEFT JOIN shard.annotation a ON a.annotation_key = e.annotation_key;
