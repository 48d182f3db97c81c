-- All tags are there of the scope's resources with keys from :after, itself not, up to :up_to.
INSERT INTO temp.told_tags
SELECT u.resource_key, json_group_object(g.tag_key, g.value) FILTER (WHERE g.tag_key IS NOT NULL)
FROM temp.untagged u
LEFT JOIN temp.resource_tag g ON g.resource_key = u.resource_key
WHERE u.scope_key = :scope AND u.resource_key > :after AND u.resource_key <= :up_to
GROUP BY u.resource_key;

INSERT OR IGNORE INTO tag_set (tags) SELECT tags FROM temp.told_tags;

UPDATE resource
SET tag_set_key = (SELECT s.tag_set_key
                   FROM temp.told_tags n CROSS JOIN tag_set s ON s.tags = n.tags
                   WHERE n.resource_key = resource.resource_key)
WHERE resource_key IN (SELECT resource_key FROM temp.told_tags);

DELETE FROM temp.resource_tag WHERE resource_key IN (SELECT resource_key FROM temp.told_tags);
DELETE FROM temp.told_tags;
DELETE FROM temp.untagged
WHERE scope_key = :scope AND resource_key > :after AND resource_key <= :up_to;
