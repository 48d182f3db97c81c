/* Pools: the resources of one scope, one after another through all types, with their tags. */
#ifndef SIM_POOLS_H
#define SIM_POOLS_H

#include "evaluations.h"

/* Where a resource stands: its type, through a rule that evaluates that type, and its slot. */
typedef struct Pool {
    ScopeRule rule;
    int64_t slot;
} Pool;

/* All pools of a scope. */
typedef struct Pools {
    size_t count;
    ScopeRule *rules; /* one per type; `evaluations` is the size of its pool */
} Pools;
void pools_open(const World *world, const Knobs *knobs, int account, int region, Pools *ret_pools);
void pools_done(Pools *pools);

/* The resource at `place`, counted from 0 through all types of the scope; false past the last. */
bool pools_find(const Pools *pools, uint64_t place, Pool *ret_pool);

/* As an Evaluation, of which only the resource counts. */
void pool_resource(const Pool *pool, Evaluation *ret_resource);

/* One resource in eight was never tagged (0). mox.owner comes first. */
size_t pool_tags(const Pool *pool, const Evaluation *resource, WorldTag ret_tags[WORLD_MAX_TAGS]);

/* "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123", appended as plain text. */
void pool_append_arn(const Pool *pool, const Evaluation *resource, Buf *out);

#endif
