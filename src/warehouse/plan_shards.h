/* Which shard each account of a plan is in. Inside of plan.c only. */
#ifndef WAREHOUSE_PLAN_SHARDS_H
#define WAREHOUSE_PLAN_SHARDS_H

#include "warehouse/plan.h"

/* Without weights, neighbours share a shard, and the shards differ by one account at most. With
 * weights, the heaviest account goes first, each into the shard that has the least so far; equal
 * ones in the order of their ids. An account without a weight counts as the median of the others.
 * Where no number of shards is asked for, an account that outweighs a fair share of the run is in a
 * shard of its own.
 *
 * Where the options name an earlier plan of the group, its accounts stay in their shards, and new
 * ones go where there is least: a plan that is made twice, while its shards are scanned maybe,
 * moves nobody. It is passed over when another number of shards is asked for, when most accounts
 * are new, when a shard of it would be empty, or when it has one shard and this one shall have
 * several.
 *
 * ST_USAGE when there is nothing to scan, or the number is out of range. */
Status plan_assign_shards(const PlanOptions *options, Plan *plan, Err *err) WARN_UNUSED;

#endif
