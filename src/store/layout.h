/* Layout: the one place that names the objects of a store. Ids are checked here (str_check_id)
 * before they become part of a key.
 *
 *     batches/<group_id>/plan.json           what the run consists of
 *     batches/<group_id>/shards.json         its batch events, one for each shard: what a state
 *                                            machine maps over
 *     batches/<group_id>/results/            what the state machine writes: not read here
 *     batches/<group_id>/<shard_id>.db.gz    one shard
 *     history/compliance-<group_id>.db       the whole history, named after its newest run
 *     history/compliance-<group_id>.<n>.db   the same, when no newer run was added (n >= 2)
 *     history/latest.json                    which of them is the newest
 *     history/weights.json                   how many calls each account is worth
 *     raw/config-rules-<date>.csv            every evaluation of a run, written by merge
 *     reports/ConfigRule_<date>.xlsx         the workbook
 *                                            (both: <date>_<group_id> of a run not named its date)
 *     reports/notified-<group_id>.json       that people were told of the run: see app/notice.h
 *     waivers.csv                            findings that are accepted: the users' own
 */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { LAYOUT_KEY_SIZE = 256, LAYOUT_ID_SIZE = 65 };
#define LAYOUT_LATEST  "history/latest.json"
#define LAYOUT_HISTORY "history/"
#define LAYOUT_WEIGHTS "history/weights.json"
#define LAYOUT_WAIVERS "waivers.csv"

typedef struct LayoutKey {
    char text[LAYOUT_KEY_SIZE];
} LayoutKey;

typedef struct LayoutRun {
    const char *group_id; /* the run's name */
    const char *date;     /* YYYY-MM-DD */
} LayoutRun;

Status layout_plan(const char *group_id, LayoutKey *ret_key, Err *err) WARN_UNUSED;
Status layout_shard_events(const char *group_id, LayoutKey *ret_key, Err *err) WARN_UNUSED;
Status layout_results(const char *group_id, LayoutKey *ret_key, Err *err) WARN_UNUSED; /* no '/' */
Status layout_batch_prefix(const char *group_id, LayoutKey *ret_key, Err *err) WARN_UNUSED;
Status layout_shard(const char *group_id, const char *shard_id, LayoutKey *ret_key,
                    Err *err) WARN_UNUSED;
/* The shard id of a key below a batch; false when it is no shard. */
bool layout_shard_id(const char *key, char *ret_shard_id, size_t size);
/* `number` 1 has no suffix. */
Status layout_history(const char *group_id, int number, LayoutKey *ret_key, Err *err) WARN_UNUSED;
Status layout_raw(const LayoutRun *run, LayoutKey *ret_key, Err *err) WARN_UNUSED;
/* The run of a key that layout_raw makes; false for any other key. */
bool layout_parse_raw(const char *key, char ret_group_id[LAYOUT_ID_SIZE]);
/* The run of a key that layout_history makes; false for any other key. "compliance-a.2.db" is the
 * first history of a run "a.2" or the second one of "a": `ret_or_group_id` is then "a", else "". */
bool layout_parse_history(const char *key, char ret_group_id[LAYOUT_ID_SIZE],
                          char ret_or_group_id[LAYOUT_ID_SIZE]);
Status layout_report(const LayoutRun *run, LayoutKey *ret_key, Err *err) WARN_UNUSED;
Status layout_notice(const char *group_id, LayoutKey *ret_key, Err *err) WARN_UNUSED;

#endif
