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

/* That a step fits into the time, the scratch space and the memory that there are (app/budget.h):
 * called before it begins. */
Status run_require_merge(App *app, Store *store, const char *group_id, Err *err) WARN_UNUSED;
/* Before the history is fetched; `group_id` may be NULL. Nothing when it is here already. */
Status run_require_history(App *app, const char *group_id, Err *err) WARN_UNUSED;
Status run_require_workbook(App *app, Db *history, const char *group_id, Err *err) WARN_UNUSED;
Status run_require_scan(App *app, Store *store, const char *group_id, const char *shard_id,
                        Err *err) WARN_UNUSED;

/* Calls in flight: as is set, or fewer where the function's memory is small. */
int run_concurrency(const App *app);

#endif
