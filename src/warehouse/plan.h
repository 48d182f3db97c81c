/* Plan: what a run consists of: which accounts, in which regions, in which shards. Written to the
 * store before anything is scanned, so that what never came can be told from what was never
 * asked. */
#ifndef WAREHOUSE_PLAN_H
#define WAREHOUSE_PLAN_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#include <stdbool.h>

typedef struct PlanAccount {
    const char *id;
    const char *name;
    const char *path;        /* organizational units from the root; "" when not known */
    const char *skip_reason; /* NULL = it is scanned; else why not: "SUSPENDED" */
    int shard;               /* index of its shard; -1 when skipped */
} PlanAccount;

typedef struct Plan {
    Arena arena; /* all texts and arrays */
    const char *group_id;
    const char *date; /* YYYY-MM-DD */
    size_t account_count;
    PlanAccount *accounts; /* in the order of their ids */
    size_t region_count;
    const char **regions;
    int shard_count; /* at least 1; their ids are "01", "02", … (plan_shard_id) */
} Plan;              /* all zero = nothing */

enum { PLAN_MAX_ACCOUNTS = 100000, PLAN_MAX_REGIONS = 64, PLAN_MAX_SHARDS = 10000 };
enum { PLAN_SHARD_ID_SIZE = 8 };

typedef struct PlanOptions {
    const char *group_id;         /* NULL = the date */
    const char *date;             /* NULL = group_id where it is one, else today (UTC) */
    const char *accounts_file;    /* CSV or JSON with id and name; NULL = the organization */
    const char *regions;          /* "eu-west-1,us-east-1" */
    const char *exclude_accounts; /* ids or globs on names, separated by commas; NULL = none */
    int shards;                   /* 0 = one for every 25 accounts */
} PlanOptions;

/* Asks Organizations or reads the accounts file. ST_USAGE, ST_INPUT with file and line, or what
 * Organizations said. `aws` may be NULL with an accounts file. */
Status plan_make(const PlanOptions *options, Aws *aws, Plan *ret_plan, Err *err) WARN_UNUSED;

void plan_done(Plan *plan);

void plan_shard_id(int shard, char ret_id[PLAN_SHARD_ID_SIZE]);

/* plan.json in the store. Written again, the same group replaces its plan. ST_NOTHING when there is
 * none to read. */
Status plan_write(const Plan *plan, Store *store, Err *err) WARN_UNUSED;
Status plan_read(const char *group_id, Store *store, Plan *ret_plan, Err *err) WARN_UNUSED;

/* The date of a run: `date`, else `group_id` where it is one, else today. ST_USAGE when `date` is
 * no date. */
Status plan_resolve_date(const char *date, const char *group_id, char ret_date[11],
                         Err *err) WARN_UNUSED;

#endif
