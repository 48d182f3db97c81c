/* One account on its way: its session, the regions that it has turned on where that is to be known,
 * and its scopes. Inside of collect.c. */
#ifndef WAREHOUSE_COLLECT_ACCOUNT_H
#define WAREHOUSE_COLLECT_ACCOUNT_H

#include "warehouse/collect.h"
#include "warehouse/collect_scope.h"

/* All borrowed, and alive until the last scope has ended. `ended` runs once for each scope that
 * account_start has counted. */
typedef struct AccountOptions {
    Aws *aws;
    Shard *shard;
    const CollectOptions *collect;
    const CollectAccount *account;
    const char *own_account_id;
    int64_t rank; /* of all calls: see AwsTarget */
    ScopeNotes *notes;
    void (*ended)(void *context, ScopeEnd end, const Err *failure);
    void *context;
} AccountOptions;

/* How many scopes of the account the shard does not tell of: those that account_start begins. */
Status account_count_missing(const AccountOptions *options, size_t *ret_count,
                             Err *err) WARN_UNUSED;

/* Begins all of them. Their ends may come before this returns. */
void account_start(const AccountOptions *options);

#endif
