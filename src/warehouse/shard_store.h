/* Shards in the store: batches/<group_id>/<shard_id>.db.gz, gzipped. A shard is put there again and
 * again while it is filled, so that a worker that dies loses little, and the next one takes up what
 * is there. */
#ifndef WAREHOUSE_SHARD_STORE_H
#define WAREHOUSE_SHARD_STORE_H

#include "store/store.h"
#include "warehouse/shard.h"

/* Puts what has ended so far, in place of what was there. The shard goes on. */
Status shard_store_save(Shard *shard, Store *store, Err *err) WARN_UNUSED;

/* The shard as it is in the store, taken up in a new file at `path` (shard_reopen); NULL when there
 * is none. ST_CORRUPT, ST_NEWER or ST_LIMIT when there is one that cannot be taken up. */
Status shard_store_take_up(Store *store, const char *path, const ShardOptions *options,
                           Shard **ret_shard, Err *err) WARN_UNUSED;

#endif
