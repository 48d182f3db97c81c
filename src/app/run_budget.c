/* What the steps of a run need, from the sizes that the store and the history tell: see budget.h.
 */
#include "app/budget.h"
#include "app/run_steps.h"
#include "base/log.h"
#include "sql_text.h"

#include <stdio.h>
#include <string.h>

static Status add_size(void *context, const char *key, int64_t bytes, Err *err) {
    BudgetMerge *sizes = context;
    char shard_id[65];
    (void)err;
    if (layout_shard_id(key, shard_id, sizeof shard_id)) {
        sizes->shards += bytes;
        sizes->largest_shard = bytes > sizes->largest_shard ? bytes : sizes->largest_shard;
    }
    return ST_OK;
}

Status run_require_merge(App *app, Store *store, const char *group_id, Err *err) {
    BudgetNeed need = {0};
    BudgetMerge sizes = {0};
    HistoryLatest latest;
    LayoutKey prefix;
    TRY(layout_batch_prefix(group_id, &prefix, err));
    TRY(store_list(store, prefix.text, add_size, &sizes, err));
    TRY(history_latest(store, &latest, err));
    sizes.history = latest.exists ? latest.newest.bytes : 0;
    snprintf(need.what, sizeof need.what, "merging the run %s", group_id);
    snprintf(need.retry, sizeof need.retry, "confhouse merge --group-id %s", group_id);
    budget_need_merge(&sizes, budget_function_memory_mb(), &need);
    return budget_require(app, &need, err);
}

static void name_report(const char *group_id, BudgetNeed *need) {
    bool is_named = group_id != NULL;
    snprintf(need->what, sizeof need->what, "the report of %s%s", is_named ? "the run " : "",
             is_named ? group_id : "the newest run");
    snprintf(need->retry, sizeof need->retry, "confhouse report%s%s", is_named ? " --run " : "",
             is_named ? group_id : "");
}

Status run_require_history(App *app, const char *group_id, Err *err) {
    BudgetNeed need = {0};
    HistoryLatest latest;
    Store *store = NULL;
    if (app->history != NULL || settings_text(app->settings, SETTING_DATABASE) != NULL) {
        return ST_OK;
    }
    TRY(app_store_to_read(app, &store, err));
    TRY(history_latest(store, &latest, err));
    if (!latest.exists) {
        return ST_OK; /* app_history says so */
    }
    bool is_older = latest.newest.schema_version < HISTORY_SCHEMA_VERSION;
    name_report(group_id, &need);
    budget_need_history(latest.newest.bytes, is_older, budget_function_memory_mb(), &need);
    return budget_require(app, &need, err);
}

Status run_require_workbook(App *app, Db *history, const char *group_id, Err *err) {
    BudgetNeed need = {0};
    int64_t rows = 0;
    const DbParam params[] = {DB_TEXT(":group_id", group_id), DB_END};
    TRY(db_get_int(history, sql_history_workbook_rows, params, &rows, err));
    name_report(group_id, &need);
    budget_need_workbook(rows, budget_function_memory_mb(), &need);
    return budget_require(app, &need, err);
}

Status run_require_scan(App *app, Store *store, const char *group_id, const char *shard_id,
                        Err *err) {
    BudgetNeed need = {0};
    BudgetMerge sizes = {0};
    LayoutKey key;
    TRY(layout_shard(group_id, shard_id, &key, err));
    /* Listed, as a head would read all of a file to name its content. A scanner need not be allowed
     * to list. */
    Status status = store_list(store, key.text, add_size, &sizes, err);
    if (status != ST_OK && status != ST_DENIED) {
        return status;
    }
    snprintf(need.what, sizeof need.what, "scanning the shard %s", shard_id);
    snprintf(need.retry, sizeof need.retry, "confhouse scan --group-id %s --shard-id %s", group_id,
             shard_id);
    budget_need_scan(sizes.largest_shard, run_concurrency(app), &need);
    return budget_require(app, &need, err);
}

int run_concurrency(const App *app) {
    int wanted = (int)settings_int(app->settings, SETTING_CONCURRENCY);
    if (str_equal(settings_text(app->settings, SETTING_BUDGET), "off")) {
        return wanted;
    }
    return budget_concurrency(budget_function_memory_mb(), wanted);
}
