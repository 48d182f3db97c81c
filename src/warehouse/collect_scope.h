/* One scope on its way: recorder, rules, what they say as a whole, then the evaluations and tags of
 * each rule, several rules side by side. Inside of collect.c. */
#ifndef WAREHOUSE_COLLECT_SCOPE_H
#define WAREHOUSE_COLLECT_SCOPE_H

#include "aws/aws.h"
#include "warehouse/session.h"
#include "warehouse/shard.h"

typedef struct ScopeTask ScopeTask;

/* How a scope ended. */
typedef enum ScopeEnd {
    SCOPE_END_DONE, /* it is in the shard: scanned, denied or failed */
    SCOPE_END_LEFT, /* given up (deadline, cancelled): nothing of it is in the shard */
    SCOPE_END_FATAL /* the shard cannot go on: `failure` says why */
} ScopeEnd;

typedef void ScopeDone(void *context, ScopeEnd end, const Err *failure);

/* All borrowed, and alive until `done` has run. */
typedef struct ScopeOptions {
    Aws *aws;
    Shard *shard;
    Session *session;
    const char *account_id;
    const char *account_name;
    const char *region;
    const char *tag_prefixes;
    int rules_side_by_side;
    ScopeDone *done;
    void *context;
} ScopeOptions;

/* Begins; `done` runs once, possibly before this returns, and frees the task. */
void scope_start(const ScopeOptions *options);

#endif
