/* Budget: whether what a step is about to do fits into the time, the scratch space and the memory
 * that there are. Sizes are known from the store before anything is fetched, so a step that cannot
 * end says so before it starts, and nothing was changed.
 *
 * The estimates are high on purpose, several times what was measured, and they know nothing of the
 * machine but its memory: in Lambda, a function has a whole core from 1,769 MB on, and a part of it
 * below. Who knows better sets budget to "warn" or "off". */
#ifndef APP_BUDGET_H
#define APP_BUDGET_H

#include "app/app.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_MB ((int64_t)1024 * 1024)

/* What there is. */
typedef struct BudgetLimits {
    int64_t left_ms;         /* until the deadline; -1 = there is none */
    int64_t disk_free_bytes; /* where the scratch folder is; -1 = not known */
    int64_t memory_mb; /* of the function (AWS_LAMBDA_FUNCTION_MEMORY_SIZE); 0 = not in Lambda */
    char scratch[512]; /* the scratch folder */
} BudgetLimits;

/* What a step needs. */
typedef struct BudgetNeed {
    char what[200];  /* "merging the run 2026-11-22" */
    char retry[200]; /* a command that does the same elsewhere: "confhouse merge --group-id …" */
    int64_t ms;
    int64_t disk_bytes;
    int64_t memory_bytes;
} BudgetNeed;

/* Sizes of a merge, in bytes: of the newest history, of all shards as they lie in the store, and of
 * the largest of them. */
typedef struct BudgetMerge {
    int64_t history;
    int64_t shards;
    int64_t largest_shard;
} BudgetMerge;

/* Each of these leaves `what` and `retry` as they are. A memory of 0 MB counts as a whole core. */
void budget_need_merge(const BudgetMerge *sizes, int64_t memory_mb, BudgetNeed *need);
/* Before the history is fetched, of which an older schema takes twice the space; then, with the
 * history at hand, for the rows of the workbook. */
void budget_need_history(int64_t history_bytes, bool is_older, int64_t memory_mb, BudgetNeed *need);
void budget_need_workbook(int64_t rows, int64_t memory_mb, BudgetNeed *need);
/* `shard_bytes`: the shard as it lies in the store; 0 = none yet. */
void budget_need_scan(int64_t shard_bytes, int concurrency, BudgetNeed *need);

/* As many calls in flight as the function's memory allows: at most `wanted`, at least 1. */
int budget_concurrency(int64_t memory_mb, int wanted);

/* ST_DEADLINE or ST_LIMIT, with the numbers and what to set. */
Status budget_check(const BudgetLimits *limits, const BudgetNeed *need, Err *err) WARN_UNUSED;

/* What there is for the App's command. Opens its scratch folder. */
Status budget_measure(App *app, BudgetLimits *ret_limits, Err *err) WARN_UNUSED;

/* Measures and checks as is set (budget): "warn" only warns, "off" does neither. */
Status budget_require(App *app, const BudgetNeed *need, Err *err) WARN_UNUSED;

/* The function's memory; 0 = not in Lambda, or not a number. */
int64_t budget_function_memory_mb(void);

#endif
