/* Lookup: small questions that commands ask of a history. */
#ifndef APP_LOOKUP_H
#define APP_LOOKUP_H

#include "base/err.h"
#include "db/db.h"

typedef struct LookupRun {
    char group_id[65];
    char date[11];
    char previous_group_id[65]; /* "" for the first run */
    bool is_pruned;             /* only its counts are left */
} LookupRun;

/* The run of that group; NULL = the newest. ST_NOTHING, with the newest there is; also when its
 * evaluations were pruned. */
Status lookup_run(Db *history, const char *group_id, LookupRun *ret_run, Err *err) WARN_UNUSED;

/* Prepares a named query that takes a run, or (group_id NULL) none. */
Status lookup_prepare(Db *history, const char *query, const char *group_id, Stmt **ret_stmt,
                      Err *err) WARN_UNUSED;

/* The text in the column of that name; "" when it is NULL or absent. */
const char *lookup_text(Stmt *stmt, const char *column);

#endif
