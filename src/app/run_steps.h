/* What the files of run.h share, and nobody else uses. */
#ifndef APP_RUN_STEPS_H
#define APP_RUN_STEPS_H

#include "app/run.h"

/* Puts the rows of a run that was merged into the store as CSV (layout_raw). A merge that published
 * nothing writes them only where they are missing or differ: an earlier one may have ended between
 * the history and them. */
Status run_put_raw(App *app, const MergeResult *merged, Err *err) WARN_UNUSED;

/* plan.json, then shards.json, of a plan with one shard, whatever an earlier plan of the group
 * says. */
Status run_plan_as_one(App *app, Plan *ret_plan, Err *err) WARN_UNUSED;

#endif
