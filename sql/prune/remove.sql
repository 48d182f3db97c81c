-- With the states goes what nobody refers to any more.
DELETE FROM interval
WHERE (rule_key, resource_key, mode, began)
    IN (SELECT rule_key, resource_key, mode, began FROM doomed);
DELETE FROM accepted WHERE ended < :before_run;
DELETE FROM rule_tag WHERE ended < :before_run;
DELETE FROM resource
WHERE resource_key NOT IN (SELECT resource_key FROM interval UNION SELECT resource_key FROM accepted);
DELETE FROM annotation
WHERE annotation_key NOT IN (SELECT annotation_key FROM interval
                             WHERE annotation_key IS NOT NULL);
INSERT INTO pruned (before_run, intervals) SELECT :before_run, count(*) FROM doomed;
