-- All tags are there of the scope's resources with keys from :after, itself not, up to :up_to.
INSERT INTO temp.told_tags
SELECT r.resource_key, json_group_object(g.tag_key, g.value) FILTER (WHERE g.tag_key IS NOT NULL)
FROM resource r
CROSS JOIN resource_type t ON t.resource_type_key = r.resource_type_key
LEFT JOIN temp.resource_tag g ON g.resource_key = r.resource_key
WHERE r.scope_key = :scope AND +r.resource_key > :after AND +r.resource_key <= :up_to
  AND r.wants_tags AND r.tag_set_key IS NULL AND t.name <> 'AWS::::Account'
GROUP BY r.resource_key;

INSERT OR IGNORE INTO tag_set (tags) SELECT tags FROM temp.told_tags;

UPDATE resource
SET tag_set_key = (SELECT s.tag_set_key
                   FROM temp.told_tags n CROSS JOIN tag_set s ON s.tags = n.tags
                   WHERE n.resource_key = resource.resource_key)
WHERE resource_key IN (SELECT resource_key FROM temp.told_tags);

DELETE FROM temp.resource_tag WHERE resource_key IN (SELECT resource_key FROM temp.told_tags);
DELETE FROM temp.told_tags;
