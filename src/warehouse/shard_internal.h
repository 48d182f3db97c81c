/* What the files of Shard share; nobody else includes this. */
#ifndef WAREHOUSE_SHARD_INTERNAL_H
#define WAREHOUSE_SHARD_INTERNAL_H

#include "db/db.h"
#include "warehouse/shard.h"

/* The statements of the hot path: one row of an answer takes three to five of them. */
typedef struct ShardStatements {
    Stmt *put_rule;
    Stmt *find_type;
    Stmt *put_type;
    Stmt *find_resource;
    Stmt *put_resource;
    Stmt *want_tags;
    Stmt *put_resource_tag;
    Stmt *find_annotation;
    Stmt *put_annotation;
    Stmt *put_evaluation;
} ShardStatements;

struct Shard {
    Db *db;
    char *path;
    char group_id[65];
    char shard_id[65];
    ShardStatements stmts;
    char last_type[257]; /* answers come rule by rule: nearly always the same type as before */
    int64_t last_type_key;
};

#endif
