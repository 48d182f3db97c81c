/* App: the handles of one command, opened when first asked for, in their order (settings, profile,
 * HTTP, credentials, AWS, store, history) and closed in reverse. Modules below take only what they
 * use; only run.h and the commands know an App. */
#ifndef APP_APP_H
#define APP_APP_H

#include "app/settings.h"
#include "aws/aws.h"
#include "base/err.h"
#include "base/file.h"
#include "db/db.h"
#include "http/http.h"
#include "store/store.h"
#include "warehouse/history.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct App {
    Settings *settings;  /* borrowed */
    int64_t deadline_ms; /* wall clock; scanning stops by then. 0 = never */
    bool cancelled;      /* SIGINT or SIGTERM has come */

    /* Inside. */
    bool store_cancelled; /* as `cancelled`, but not while a shard must still be saved */
    bool store_protected;
    Profile *profile;
    Http *http;
    char region[32]; /* that AWS's clients were opened with */
    Credentials *credentials;
    Aws *aws;
    Aws *store_aws;
    Store *store;
    TempDir scratch;
    HistoryLatest latest;
    Db *history;
} App;

/* Opens nothing yet. The deadline counts from here. */
void app_init(App *app, Settings *settings);
void app_close(App *app);

const char *app_version(void);

/* From now on SIGINT and SIGTERM set `cancelled` and wake the loop; the second one of a kind ends
 * the program at once. One App at a time; NULL ends it. */
void app_watch_signals(App *app);

/* The region that is set: by a flag, the environment, a settings file or the profile; NULL = none.
 */
Status app_region(App *app, const char **ret_region, Err *err) WARN_UNUSED;

/* For Organizations, STS and Config: stops at the deadline and when cancelled. */
Status app_aws(App *app, Aws **ret_aws, Err *err) WARN_UNUSED;

/* The client of the store, and of what is done when all is there: it has half a minute more. */
Status app_store_aws(App *app, Aws **ret_aws, Err *err) WARN_UNUSED;

/* In S3, it has half a minute more than the deadline: what was read shall be kept. */
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
