/* What a file that calls itself a shard must be, before anything of it is believed. */
#ifndef WAREHOUSE_SHARD_CHECK_H
#define WAREHOUSE_SHARD_CHECK_H

#include "base/err.h"
#include "db/db.h"

typedef struct ShardFacts {
    char group_id[65];
    char shard_id[65];
    char scan_date[11];
    char started_at[33];
    char finished_at[33];
} ShardFacts;

/* Of the file that is attached as `shard`: is it sound, has it just the schema of a shard, does it
 * say that it is shard `shard_id` of `group_id`. ST_CORRUPT or ST_NEWER otherwise. */
Status shard_check(Db *db, const char *group_id, const char *shard_id, ShardFacts *ret_facts,
                   Err *err) WARN_UNUSED;

#endif
