/* Plan: what a run consists of: which accounts, in which regions, in which shards. Written to the
 * store before anything is scanned, so that what never came can be told from what was never
 * asked. */
#ifndef WAREHOUSE_PLAN_H
#define WAREHOUSE_PLAN_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"
#include "warehouse/weights.h"

#include <stdbool.h>

typedef struct PlanTag {
    const char *key;
    const char *value;
} PlanTag;

typedef struct PlanAccount {
    const char *id;
    const char *name;
    const char *path;        /* organizational units from the root; "" when not known */
    const char *skip_reason; /* NULL = it is scanned; else why not: "SUSPENDED" */
    int shard;               /* index of its shard; -1 when skipped */
    size_t tag_count;        /* tags that tell its environment, or begin as is wanted */
    const PlanTag *tags;
} PlanAccount;

typedef struct Plan {
    Arena arena; /* all texts and arrays */
    const char *group_id;
    const char *date;                  /* YYYY-MM-DD */
    const char *created_at;            /* when it was made first; NULL = not known, or now */
    const char *organization_id;       /* o-…; NULL = not known, or accounts from a file */
    const char *management_account_id; /* where that is known */
    size_t account_count;
    PlanAccount *accounts; /* in the order of their ids */
    size_t region_count;
    const char **regions;
    bool asks_regions; /* these are all there are: which of them are on, each account says */
    int shard_count;   /* at least 1; their ids are "01", "02", … (plan_shard_id) */
} Plan;                /* all zero = nothing */

enum { PLAN_MAX_ACCOUNTS = 100000, PLAN_MAX_REGIONS = 64, PLAN_MAX_SHARDS = 10000 };
enum { PLAN_SHARD_ID_SIZE = 8 };

typedef struct PlanOptions {
    const char *group_id;      /* NULL = the date */
    const char *date;          /* NULL = group_id where it is one, else today (UTC) */
    const char *accounts_file; /* CSV or JSON with id and name; NULL = the organization */
    const char *regions;       /* "eu-west-1,us-east-1", or "all" */
    bool force_regions;        /* take regions that this version does not know by name */
    /* Lists with commas; NULL = none. Accounts are ids, globs on names, or tags: "team=data*";
     * units are ids (ou-…) or globs on paths: "Root/Workloads/Prod". A unit stands for all below
     * it. */
    const char *include_accounts;
    const char *exclude_accounts;
    const char *include_units;
    const char *exclude_units;
    const char *environment_tags; /* keys of tags that tell an environment, in any case */
    const char *tag_prefixes;     /* of other tags to keep */
    int shards;                   /* 0 = not asked for: default_shards */
    int default_shards;           /* 0 = one for every 25 accounts, and each very large one */
    const Weights *weights;       /* of accounts; NULL = none */
    const Plan *before;           /* an earlier plan of the group; NULL = none */
} PlanOptions;                    /* see plan_shards.h for what the last ones do */

/* Asks Organizations or reads the accounts file. ST_USAGE, ST_INPUT with file and line, or what
 * Organizations said. `aws` may be NULL with an accounts file and regions that are named. What
 * accounts' paths and tags are needed for is left out, with a warning, where they cannot be read.
 */
Status plan_make(const PlanOptions *options, Aws *aws, Plan *ret_plan, Err *err) WARN_UNUSED;

void plan_done(Plan *plan);

void plan_shard_id(int shard, char ret_id[PLAN_SHARD_ID_SIZE]);

bool plan_asks_regions(const char *text);

typedef struct PlanRegions {
    const char **items; /* texts live in the arena that was given */
    size_t count;
} PlanRegions;

/* The regions that `options` names, each once, checked against those that confhouse knows; with
 * "all", the regions that EC2 lists. ST_USAGE names a region that is not known, with the one that
 * was likely meant; also when there is no region, or two are of different partitions. */
Status plan_split_regions(const PlanOptions *options, Aws *aws, Arena *arena,
                          PlanRegions *ret_regions, Err *err) WARN_UNUSED;

/* The value of the first of these tags (keys with commas, in any case) that the account has; NULL
 * when it has none. */
const char *plan_account_tag(const PlanAccount *account, const char *keys);

/* plan.json in the store. Written again, the same group replaces its plan: see plan_shards.h for
 * what stays. ST_NOTHING when there is
 * none to read. */
Status plan_write(const Plan *plan, Store *store, Err *err) WARN_UNUSED;
Status plan_read(const char *group_id, Store *store, Plan *ret_plan, Err *err) WARN_UNUSED;

/* The date of a run: `date`, else `group_id` where it is one, else today. ST_USAGE when `date` is
 * no date. */
Status plan_resolve_date(const char *date, const char *group_id, char ret_date[11],
                         Err *err) WARN_UNUSED;

#endif
