/* Collect: scans scopes side by side into a shard. A scope that fails is a row that says why; only
 * what makes the whole shard impossible (credentials, disk) is an error. Scopes that the shard
 * tells of already are not asked for. While it goes on, the shard is saved every now and then. */
#ifndef WAREHOUSE_COLLECT_H
#define WAREHOUSE_COLLECT_H

#include "aws/aws.h"
#include "base/err.h"
#include "store/store.h"
#include "warehouse/shard.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct CollectAccount {
    const char *id;
    const char *name;
    const char *skip_reason; /* not NULL: recorded as skipped, for this reason */
} CollectAccount;

typedef struct CollectOptions {
    const CollectAccount *accounts;
    size_t account_count;
    const char *const *regions;
    size_t region_count;
    bool asks_regions; /* accounts are asked which of them they have turned on */
    const char *role_name;
    const char *external_id;  /* NULL = none */
    const char *tag_prefixes; /* "mox." or several, separated by commas; "" = no tags */
    int concurrency;          /* calls in flight for which scopes are begun; 0 = 64 */
    int rules_side_by_side;   /* of one scope; 0 = 8 */
    int64_t deadline_ms;      /* wall clock: no scope is begun later. 0 = none */
    const bool *cancelled;    /* borrowed; true: no scope is begun any more. May be NULL */
    Store *store;             /* where the shard is saved meanwhile; NULL = nowhere */
} CollectOptions;

typedef struct CollectResult {
    int64_t scopes_done; /* now, whatever came of them */
    int64_t scopes_kept; /* the shard told of them before */
    int64_t scopes_left; /* not begun, or given up: deadline or cancelled */
} CollectResult;

Status collect_run(Aws *aws, const CollectOptions *options, Shard *shard, CollectResult *ret_result,
                   Err *err) WARN_UNUSED;

#endif
