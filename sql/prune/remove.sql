-- With the states goes what nobody refers to any more.
DELETE FROM interval
WHERE (rule_key, resource_key, mode, began)
    IN (SELECT rule_key, resource_key, mode, began FROM doomed);
DELETE FROM accepted WHERE ended < :before_run;
DELETE FROM rule_tag
WHERE ended < :before_run
  AND EXISTS (SELECT 1 FROM rule_tag n -- or else it is the last that is known
              WHERE n.rule_key = rule_tag.rule_key AND n.tag_key = rule_tag.tag_key
                AND n.began > rule_tag.began AND n.began <= :before_run);
DELETE FROM resource_tag_set
WHERE ended < :before_run
  AND EXISTS (SELECT 1 FROM resource_tag_set n
              WHERE n.scope_key = resource_tag_set.scope_key
                AND n.resource_key = resource_tag_set.resource_key
                AND n.began > resource_tag_set.began AND n.began <= :before_run);
DELETE FROM resource
WHERE resource_key NOT IN (SELECT resource_key FROM interval UNION SELECT resource_key FROM accepted);
DELETE FROM resource_tag_set
WHERE resource_key NOT IN (SELECT resource_key FROM resource);
DELETE FROM tag_set WHERE tag_set_key NOT IN (SELECT tag_set_key FROM resource_tag_set);
DELETE FROM tag WHERE tag_set_key NOT IN (SELECT tag_set_key FROM tag_set);
DELETE FROM annotation
WHERE annotation_key NOT IN (SELECT annotation_key FROM interval
                             WHERE annotation_key IS NOT NULL);
INSERT INTO pruned (before_run, intervals) SELECT :before_run, count(*) FROM doomed;
