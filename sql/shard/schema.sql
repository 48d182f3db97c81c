SELECT coalesce(group_concat(sql, char(10)), '')
FROM (SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name);
