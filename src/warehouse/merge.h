/* Merge: unions the shards of a run into the history. The same shards in any order, again, or a few
 * at a time, give the same history. */
#ifndef WAREHOUSE_MERGE_H
#define WAREHOUSE_MERGE_H

#include "base/err.h"
#include "db/db.h"
#include "store/store.h"
#include "warehouse/environment.h"
#include "warehouse/history.h"
#include "warehouse/plan.h"

#include <stdint.h>

typedef struct MergeOptions {
    const char *group_id;
    const char
        *date; /* of the run, when neither plan nor shard nor group_id says one; may be NULL */
    EnvironmentRules environments;
    const char *environment_tags; /* of accounts: keys with commas; NULL = none */
    const char *owner_tag;        /* "mox.owner" */
    int64_t shard_max_bytes;      /* unpacked; a larger one is refused */
    const bool *cancelled;        /* may be NULL */
} MergeOptions;

typedef struct MergeResult {
    HistoryRef history;
    char group_id[65];
    char date[11];
    int64_t shards;
    int64_t shards_refused;
    int64_t evaluations; /* rows in the shards = merged + duplicates + superseded + refused */
    int64_t merged;
    int64_t duplicates;
    int64_t superseded;
    int64_t refused;
    int64_t scopes_planned;
    int64_t scopes_scanned;
    int64_t scopes_denied;
    int64_t scopes_failed;
    int64_t scopes_missing;
    int64_t scopes_skipped;
    int64_t rules_failed;
    int64_t waivers;         /* that the run knows, expired ones among them */
    int64_t waiver_problems; /* lines of waivers.csv that could not be used, when it was read */
    int64_t findings_open;   /* of DETECTIVE rules, like all counts of findings */
    int64_t findings_new;    /* new and reopened since the run before */
    int64_t findings_waived;
    char regions_off[512]; /* those that no account of the run has on, with commas */
    bool published;        /* a new history; false: the newest one said all of this already */
    bool changed_the_past; /* the run was there already and answers about it changed */
} MergeResult;

/* Fetches the newest history, merges, publishes; begins again when somebody else published first.
 * ST_NOTHING when the group has neither plan nor shards; ST_USAGE when the run lies before those of
 * which the history has pruned nothing. */
Status merge_run(Store *store, const MergeOptions *options, MergeResult *ret_result,
                 Err *err) WARN_UNUSED;

#endif
