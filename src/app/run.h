/* Run: the steps of a run over an App: plan, scan, merge, report, and all of them in one go. The
 * command line and Lambda call the same ones. A step that left something out is no error: its
 * result says what, and run_check_… makes an ST_PARTIAL of it. */
#ifndef APP_RUN_H
#define APP_RUN_H

#include "app/app.h"
#include "app/event.h"
#include "app/gaps.h"
#include "base/err.h"
#include "report/report.h"
#include "warehouse/merge.h"
#include "warehouse/plan.h"
#include "warehouse/shard.h"

#include <stdbool.h>
#include <stdint.h>

/* A list that is set; "" when it is "none". */
const char *run_list(const Settings *settings, SettingId id);

/* The run that is set (group-id), else the one named after the date that is, else today's. */
Status run_find_group(const App *app, char ret_group_id[65], Err *err) WARN_UNUSED;

/* Makes the plan that the settings ask for, and writes plan.json and shards.json to the store (an
 * array of the batch events, one for each shard). plan_done afterwards.
 * `default_shards` counts where no number is set; 0 = as plan_make does. */
Status run_plan(App *app, int default_shards, Plan *ret_plan, Err *err) WARN_UNUSED;

/* Where a state machine finds the plan's events, and where it may put what the scanners answer. */
typedef struct RunPlanObjects {
    char bucket[64];           /* "" of a directory */
    char items_key[1200];      /* of shards.json, in the bucket */
    char results_prefix[1200]; /* does not end with '/' */
} RunPlanObjects;
Status run_find_plan_objects(App *app, const char *group_id, RunPlanObjects *ret_objects,
                             Err *err) WARN_UNUSED;

/* Of an event in shards.json, at most. Step Functions hands over 262,144 bytes, and adds to them.
 */
enum { RUN_EVENT_MAX_BYTES = 192 * 1024 };

/* What tells a worker to scan a shard of the plan. event_done afterwards. */
void run_plan_event(const App *app, const Plan *plan, int shard, Event *ret_event);

typedef struct RunScan {
    char group_id[65];
    char shard_id[65];
    ShardTotals totals;
    int64_t scopes_kept; /* read by an earlier scan of the shard */
    Gaps left;           /* deadline or cancelled; named also when the scan failed so */
    Gaps gaps;           /* those that are left among them */
} RunScan;

/* Scans one shard and puts it into the store; what is there of it already is kept, and not asked
 * for again (unless rescan is set). It scans the accounts of `event` (already applied to the
 * settings), else those of the plan's shard that it or shard-id names, else everything as one
 * shard, whose plan is written first. `event` may be NULL. */
Status run_scan(App *app, const Event *event, RunScan *ret_scan, Err *err) WARN_UNUSED;

typedef struct RunMerge {
    MergeResult result;
    Gaps gaps;
} RunMerge;

/* Merges the shards of the run that is set (group-id, else today's), then puts the rows of the run
 * into the store as CSV. */
Status run_merge(App *app, RunMerge *ret_merge, Err *err) WARN_UNUSED;

typedef struct RunReport {
    ReportResult result;
    char location[1200]; /* of the workbook in the store, or the user's own file */
    bool published;      /* people were told by SNS */
    bool mailed;         /* … and by mail */
    bool told_before;    /* nobody was told now: see app/notice.h */
    Err notice;          /* why they could not be told; ST_OK when nothing went wrong */
} RunReport;

/* Renders the workbook of a run (NULL = the newest), puts it into the store and into the file that
 * is set (output). If it is the newest run, those who are set are told: run_check_report says when
 * that failed. */
Status run_report(App *app, const char *group_id, RunReport *ret_report, Err *err) WARN_UNUSED;

/* The same as the command line asks for it: the run that is set, and narrowed as is set. A narrowed
 * report, and one of the user's own history file, goes to the user's own file alone (output), and
 * nobody is told. */
Status run_report_asked(App *app, RunReport *ret_report, Err *err) WARN_UNUSED;

/* The owner that is set: "" = what nobody owns; NULL = not set. */
const char *run_owner(const Settings *settings);

/* How old the newest run is. */
typedef struct RunAge {
    char group_id[65]; /* "" = there is no run */
    char date[11];     /* "" = not known: the run is not named its date, and its plan is gone */
    int64_t days;      /* since that day began, in whole days; 0 when it lies ahead */
} RunAge;

/* Reads two small objects at most. */
Status run_age(App *app, RunAge *ret_age, Err *err) WARN_UNUSED;

typedef struct RunAll {
    char group_id[65];
    ShardTotals totals; /* over all shards */
    Gaps left;  /* over all shards; where they were merged, the gaps of that name them as missing */
    Gap unread; /* a scope that was denied or failed, as an example */
    RunMerge merge;
    RunReport report;
} RunAll;

/* Plan, scan, merge, report (not with no-report: `report` stays zero). When cancelled while
 * scanning it stops after that shard: ST_CANCELLED, or ST_STOPPED before anything was scanned. When
 * not one scope could be read, nothing is merged: ST_DENIED or ST_REJECTED. */
Status run_all(App *app, RunAll *ret_all, Err *err) WARN_UNUSED;

/* ST_OK, or ST_PARTIAL with what is missing and what to do about it. */
Status run_check_scan(const App *app, const RunScan *scan, Err *err) WARN_UNUSED;
Status run_check_merge(const App *app, const RunMerge *merge, Err *err) WARN_UNUSED;
Status run_check_report(const RunReport *report, Err *err) WARN_UNUSED;

/* What is missing first: a notice that failed is then only warned of. */
Status run_check_all(const App *app, const RunMerge *merge, const RunReport *report,
                     Err *err) WARN_UNUSED;

/* A warning when regions are on nowhere: they may be misspelt. */
void run_warn_of_regions(const char *regions_off, const char *group_id);

/* What to do when the role was denied nearly everywhere: our own account needs none. */
Status run_hint_role(const App *app, Err *err);

#endif
