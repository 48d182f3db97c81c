/* Waivers: findings that somebody accepts until a day. They are the lines of waivers.csv in the
 * store's root:
 *
 *     account,region,rule,resource,reason,owner,expires
 *     sandbox-*,,s3-bucket-versioning-enabled,,scratch data only,team-data,2027-03-31
 *
 * The columns may stand in any order, and others between them. The first four are patterns (* and
 * ?) of account ids or names, regions, rule groups or rule names, and resource ids; an empty one
 * stands for anything, but not all four. `expires` is the last day on which the waiver holds.
 *
 * A waiver applies to the newest run from the merge on that finds it in the file, and to later
 * ones: a merge of an older run looks at no file, and leaves what was accepted then. A line that
 * cannot be used is listed with the run (table waiver_problem) and loses nobody a week. */
#ifndef WAREHOUSE_WAIVER_H
#define WAREHOUSE_WAIVER_H

#include "base/err.h"
#include "db/db.h"
#include "store/store.h"

#include <stdint.h>

typedef struct WaiverFile {
    int64_t waivers;  /* lines that can be used, expired ones among them */
    int64_t problems; /* lines that cannot: warned of */
} WaiverFile;

/* Reads the file, if there is one, into scratch tables of the open history. */
Status waiver_load(Store *store, Db *history, WaiverFile *ret_file, Err *err) WARN_UNUSED;

/* Matches what was loaded against the open findings of the newest run, `run_no`, and puts down what
 * is accepted now. Needs the scratch table rule_count of that run (sql/merge/rule_counts.sql).
 * `ret_changes` is 0 when the history said all of it before. */
Status waiver_apply(Db *history, int64_t run_no, int64_t *ret_changes, Err *err) WARN_UNUSED;

#endif
