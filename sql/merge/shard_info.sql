SELECT value FROM shard.info WHERE name = :name;
