INSERT INTO rule_tag (rule_key, tag_key, value) VALUES (:rule, :tag_key, :value)
    ON CONFLICT (rule_key, tag_key) DO UPDATE SET value = excluded.value;
