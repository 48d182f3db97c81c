/* History: the one database into which all runs are merged. This file finds the newest one, brings
 * its schema up to date, and publishes its successor; merge.h fills it. */
#ifndef WAREHOUSE_HISTORY_H
#define WAREHOUSE_HISTORY_H

#include "base/err.h"
#include "db/db.h"
#include "format/digest.h"
#include "store/layout.h"
#include "store/store.h"

#include <stdint.h>

enum { HISTORY_APPLICATION_ID = 0x63666864 /* cfhd */, HISTORY_SCHEMA_VERSION = 11 };

/* What history/latest.json says of a history. */
typedef struct HistoryRef {
    char key[LAYOUT_KEY_SIZE];
    char group_id[65]; /* of its newest run */
    char sha256[SHA256_HEX_SIZE];
    int64_t bytes;
    int64_t schema_version;
} HistoryRef;

typedef struct HistoryLatest {
    bool exists;
    HistoryRef newest;
    bool has_previous;
    HistoryRef previous;
    char etag[128]; /* of latest.json */
} HistoryLatest;

/* `exists` is false in an empty store. ST_CORRUPT when latest.json makes no sense. */
Status history_latest(Store *store, HistoryLatest *ret_latest, Err *err) WARN_UNUSED;

/* ST_CORRUPT when there are histories and no latest.json that names the newest, but those of
 * `group_id` (NULL = none): what a merge of it may have left that was killed before it was
 * announced.
 */
Status history_check_not_lost(Store *store, const char *group_id, Err *err) WARN_UNUSED;

/* Downloads the newest history to `path` and checks its SHA-256. ST_NOTHING when there is none. */
Status history_fetch(Store *store, const HistoryLatest *latest, const char *path,
                     Err *err) WARN_UNUSED;

/* Opens a history to read it: checks application id and schema version (ST_NEWER). One of an older
 * version stays as it is: it is copied to `scratch_path`, and brought up to date and read there. */
Status history_open(const char *path, const char *scratch_path, Db **ret_db, Err *err) WARN_UNUSED;

/* Opens it as scratch to merge into it: creates it when absent, brings an older one up to date. */
Status history_open_scratch(const char *path, Db **ret_db, Err *err) WARN_UNUSED;

/* Puts down in the file (closed by now) what it was built upon, uploads it under a name never used
 * before, then replaces latest.json if it is still the one that was read. ST_CONFLICT: somebody
 * else published meanwhile; fetch and merge again. */
Status history_publish(Store *store, const HistoryLatest *latest, const char *path,
                       HistoryRef *ret_ref, Err *err) WARN_UNUSED;

/* The group id of the newest run in an open history; "" when it has none. */
Status history_newest_group(Db *db, char ret_group_id[65], Err *err) WARN_UNUSED;

#endif
