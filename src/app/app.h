/* App: the handles of one command or of one invocation, opened when first asked for, in their order
 * (settings, AWS, store, history) and closed in reverse. It borrows what the process keeps: the
 * connections (app/connections.h) and the settings, over which it has a layer of its own. Nothing
 * else outlives it. Modules below take only what they use; only run.h and the commands know an App.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include "app/connections.h"
#include "app/settings.h"
#include "aws/aws.h"
#include "base/err.h"
#include "base/file.h"
#include "db/db.h"
#include "store/store.h"
#include "warehouse/history.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct App {
    Settings *settings;       /* its own layer over those of the process */
    Connections *connections; /* borrowed */
    int64_t deadline_ms;      /* wall clock; scanning stops by then. 0 = never */
    int64_t store_grace_ms;   /* after the deadline, for the store to keep what was read */
    bool cancelled;           /* SIGINT or SIGTERM has come, or app_cancel was called */

    /* Inside. */
    bool store_cancelled; /* as `cancelled`, but not while a shard must still be saved */
    bool store_protected;
    Settings layer;
    Aws *aws;
    Aws *store_aws;
    Store *store;
    TempDir scratch;
    HistoryLatest latest;
    Db *history;
} App;

/* Opens nothing yet. The deadline that is set counts from here. Both outlive the App, and the App
 * stays where it is. */
void app_init(App *app, Connections *connections, const Settings *settings);

/* Drops calls in flight, closes all handles, removes the scratch folder. The connections stay
 * open. */
void app_close(App *app);

/* Ends the work before `end_ms` (wall clock), when the caller is gone: the deadline becomes a part
 * of the time left earlier, at most half a minute, in which the store keeps what was read. An
 * earlier deadline that is set stays. */
void app_limit(App *app, int64_t end_ms);

const char *app_version(void);

/* The App that app_cancel cancels, from now on. One at a time; NULL = none. */
void app_set_current(App *app);

/* Sets `cancelled` of the current App, if there is one, and wakes its loop: async-signal-safe. */
void app_cancel(void);

/* Removes the scratch folder of the current App, for a process that cannot wait for app_close:
 * async-signal-safe. */
void app_remove_scratch(void);

/* Makes the App the current one: SIGINT and SIGTERM cancel it; the second signal ends the program
 * at once. NULL ends it. */
void app_watch_signals(App *app);

/* The region that is set: by a flag, the environment, a settings file or the profile; NULL = none.
 */
Status app_region(App *app, const char **ret_region, Err *err) WARN_UNUSED;

/* For Organizations, STS and Config: stops at the deadline and when cancelled. */
Status app_aws(App *app, Aws **ret_aws, Err *err) WARN_UNUSED;

/* The client of the store, and of what is done when all is there: it has `store_grace_ms` more. */
Status app_store_aws(App *app, Aws **ret_aws, Err *err) WARN_UNUSED;

/* In S3, it has `store_grace_ms` more than the deadline: what was read shall be kept. */
Status app_store(App *app, Store **ret_store, Err *err) WARN_UNUSED;

/* The same, but a directory that is not there is ST_NOTHING instead of made: for those that only
 * read. */
Status app_store_to_read(App *app, Store **ret_store, Err *err) WARN_UNUSED;

/* While protected, the store goes on working though cancelled, for half a minute: a shard is saved
 * first. */
void app_protect_store(App *app, bool is_protected);

/* A folder of this command's own, gone when the App is closed. */
Status app_scratch(App *app, const TempDir **ret_dir, Err *err) WARN_UNUSED;

/* The history file that the settings name, else the store's newest, fetched once. ST_NOTHING when
 * there is none. */
Status app_history(App *app, Db **ret_db, Err *err) WARN_UNUSED;

/* SHA-256 of the history that app_history fetched; "" when it is the user's own file. */
const char *app_history_sha256(const App *app);

/* To be called when a merge has published a newer one. */
void app_forget_history(App *app);

#endif
