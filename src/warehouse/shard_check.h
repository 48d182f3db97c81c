/* What a file that calls itself a shard must be, before anything of it is believed. */
#ifndef WAREHOUSE_SHARD_CHECK_H
#define WAREHOUSE_SHARD_CHECK_H

#include "base/err.h"
#include "db/db.h"

#include <stdbool.h>

typedef struct ShardFacts {
    char group_id[65];
    char shard_id[65];
    char scan_date[11];
    char started_at[33];
    char finished_at[33];
} ShardFacts;

/* The file that somebody says is shard `shard_id` of `group_id`. Texts are borrowed. */
typedef struct ShardClaim {
    const char *path;
    const char *group_id;
    const char *shard_id;
    const bool *cancelled; /* may be NULL */
} ShardClaim;

/* Is the file sound, has it just the schema of a shard, does it say that it is that shard. Its
 * header is looked at before SQLite is. Uses a connection of its own, and may run in any thread.
 * ST_CORRUPT, ST_NEWER or ST_LIMIT when not: the shard is refused. ST_IO, ST_DEADLINE and
 * ST_CANCELLED tell of this machine and this run, and nothing of the shard. */
Status shard_check(const ShardClaim *claim, ShardFacts *ret_facts, Err *err) WARN_UNUSED;

/* The status of an error that came up while a shard was read: as above, where any other error
 * becomes ST_CORRUPT, also in `err`. A shard that nobody foresaw must not end a merge. */
Status shard_blame(Status status, Err *err) WARN_UNUSED;

#endif
