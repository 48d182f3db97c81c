/* One scope on its way: recorder, rules, what they say as a whole, then the evaluations of each
 * rule and the tags, several lines of calls side by side. Inside of collect.c. */
#ifndef WAREHOUSE_COLLECT_SCOPE_H
#define WAREHOUSE_COLLECT_SCOPE_H

#include "aws/aws.h"
#include "warehouse/session.h"
#include "warehouse/shard.h"

enum { SCOPE_MAX_LINES = 8 };

/* How a scope ended. */
typedef enum ScopeEnd {
    SCOPE_END_DONE, /* it is in the shard: scanned, denied or failed */
    SCOPE_END_OFF,  /* the same: it failed as a region does that the account has not turned on */
    SCOPE_END_LEFT, /* given up (deadline, cancelled): nothing of it is in the shard */
    SCOPE_END_FATAL /* the shard cannot go on: `failure` says why */
} ScopeEnd;

/* `scope` is its key in the shard. */
typedef void ScopeDone(void *context, ScopeEnd end, int64_t scope, const Err *failure);

/* What is missing for want of a permission that a scan can do without: said once in a run. */
typedef struct ScopeNotes {
    bool recorder;
    bool compliance;
    bool rule_tags;
    bool resource_tags;
} ScopeNotes;

/* All borrowed, and alive until `done` has run. */
typedef struct ScopeOptions {
    Aws *aws;
    Shard *shard;
    Session *session;
    ScopeNotes *notes;
    const char *account_id;
    const char *account_name;
    const char *region;
    const char *tag_prefixes; /* "mox." or "mox.,team:"; "" = no tags are read */
    int64_t rank;             /* of its calls: see AwsTarget */
    int max_lines;            /* calls side by side: 1 to SCOPE_MAX_LINES */
    ScopeDone *done;
    void *context;
} ScopeOptions;

/* Begins; `done` runs once, possibly before this returns, and frees the task. */
void scope_start(const ScopeOptions *options);

#endif
