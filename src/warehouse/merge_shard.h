/* One shard into an open history: the SQL of sql/merge/, step by step. Inside of merge.c. */
#ifndef WAREHOUSE_MERGE_SHARD_H
#define WAREHOUSE_MERGE_SHARD_H

#include "base/err.h"
#include "db/db.h"
#include "warehouse/shard_check.h"

#include <stdint.h>

typedef struct ShardCounts {
    int64_t scopes;
    int64_t evaluations; /* = merged + duplicates + superseded + refused */
    int64_t merged;
    int64_t duplicates;
    int64_t superseded;
    int64_t refused;
    int64_t changes; /* 0 = the history already says all of this */
} ShardCounts;

/* Counts what it says by rule, and notes it in that file. So may this run in any thread. */
Status merge_shard_count(const ShardClaim *claim, Err *err) WARN_UNUSED;

/* One transaction: all of the shard, which was checked and counted, or nothing. */
typedef struct ShardMerge {
    const char *path;
    int64_t run_no;
    const ShardFacts *facts;
    const char *sha256;
} ShardMerge;
Status merge_shard(Db *history, const ShardMerge *merge, ShardCounts *ret_counts,
                   Err *err) WARN_UNUSED;

#endif
