#include "app/app.h"

#include "base/clock.h"
#include "base/mem.h"

#include <signal.h>
#include <string.h>

/* After the deadline, for what was read by then to be kept; and after that, for the answer to reach
 * the caller. */
enum { STORE_GRACE_MS = 30 * 1000, ANSWER_MS = 2000 };

const char *app_version(void) {
    return CONFHOUSE_VERSION;
}

void app_init(App *app, Connections *connections, const Settings *settings) {
    *app = (App){.connections = connections, .store_grace_ms = STORE_GRACE_MS};
    settings_layer(settings, &app->layer);
    app->settings = &app->layer;
    if (settings_is_set(settings, SETTING_DEADLINE)) {
        app->deadline_ms = clock_now_ms() + settings_int(settings, SETTING_DEADLINE);
    }
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

void app_limit(App *app, int64_t end_ms) {
    int64_t left_ms = end_ms - clock_now_ms();
    left_ms = left_ms < 0 ? 0 : left_ms;
    int64_t answer_ms = least(ANSWER_MS, left_ms / 10);
    app->store_grace_ms = least(STORE_GRACE_MS, left_ms / 4);
    int64_t deadline_ms = end_ms - answer_ms - app->store_grace_ms;
    if (app->deadline_ms == 0 || deadline_ms < app->deadline_ms) {
        app->deadline_ms = deadline_ms;
    }
}

void app_close(App *app) {
    app_forget_history(app);
    store_close(app->store);
    aws_close(app->store_aws);
    aws_close(app->aws);
    if (app->connections != NULL) {
        connections_forget_flag(app->connections);
    }
    temp_dir_close(&app->scratch);
    settings_done(&app->layer);
    *app = (App){0};
}

/* The one App that is cancelled: a signal handler has no other way to know it. */
static App *volatile current_app;

static void set_from_handler(bool *flag) {
    *(volatile bool *)flag = true;
}

void app_set_current(App *app) {
    current_app = app;
}

static void cancel(App *app) {
    set_from_handler(&app->cancelled);
    if (!app->store_protected) {
        set_from_handler(&app->store_cancelled);
    }
    if (app->connections->http != NULL) {
        http_wake(app->connections->http);
    }
}

void app_cancel(void) {
    App *app = current_app;
    if (app != NULL) {
        cancel(app);
    }
}

void app_remove_scratch(void) {
    const App *app = current_app;
    if (app != NULL) {
        temp_dir_remove_from_handler(&app->scratch);
    }
}

/* The second one does what it always does; only the scratch folder goes first. */
static void leave_at_once(const App *app, int number) {
    temp_dir_remove_from_handler(&app->scratch);
    signal(number, SIG_DFL);
    raise(number);
}

static void on_signal(int number) {
    App *app = current_app;
    if (app == NULL) {
        return;
    }
    if (app->cancelled) {
        leave_at_once(app, number);
    }
    cancel(app);
}

void app_watch_signals(App *app) {
    struct sigaction action = {0};
    action.sa_handler = app == NULL ? SIG_DFL : on_signal;
    sigemptyset(&action.sa_mask);
    app_set_current(app);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void app_protect_store(App *app, bool is_protected) {
    app->store_protected = is_protected;
    if (!is_protected && app->cancelled) {
        app->store_cancelled = true;
    }
}

/* What the profile says of the region counts where nothing else does. */
static Status take_profile_region(App *app, Err *err) {
    char place[PROFILE_PLACE_SIZE];
    ProfileValue region = profile_get(app->connections->profile, NULL, "region");
    if (str_is_empty(region.text)) {
        return ST_OK;
    }
    profile_format_place(&region, place);
    char *origin = mem_printf("%s: region", place);
    Status status =
        settings_put(app->settings, SETTING_REGION, region.text, SOURCE_PROFILE, origin, err);
    mem_free(origin);
    return status;
}

static Status open_profile(App *app, Err *err) {
    TRY(connections_profile(app->connections, settings_text(app->settings, SETTING_PROFILE), err));
    return take_profile_region(app, err);
}

Status app_region(App *app, const char **ret_region, Err *err) {
    if (!settings_is_set(app->settings, SETTING_REGION)) {
        TRY(open_profile(app, err));
    }
    *ret_region = settings_text(app->settings, SETTING_REGION);
    return ST_OK;
}

/* The region that is set, else the first of those to scan. */
static Status find_region(App *app, char *ret_region, size_t size, Err *err) {
    const char *region = settings_text(app->settings, SETTING_REGION);
    const char *regions = settings_text(app->settings, SETTING_REGIONS);
    if (region != NULL) {
        str_copy(ret_region, size, region);
        return ST_OK;
    }
    if (regions == NULL || str_equal(regions, "all")) {
        err_set(err, ST_USAGE, "no region is set");
        return err_hint(err, "set it with --region, AWS_REGION or in the profile, like eu-west-1");
    }
    OWN(mem_free_at) char *copy = mem_strdup(regions);
    char *rest = copy;
    str_copy(ret_region, size, str_split(&rest, ","));
    return ST_OK;
}

/* The search for keys goes on as long as the store's client does: a shard is saved although the
 * scan is cancelled. */
static Status open_aws(App *app, int64_t deadline_ms, const bool *cancelled, const bool *ending,
                       Aws **ret_aws, Err *err) {
    char region[AWS_REGION_SIZE];
    Connections *connections = app->connections;
    TRY(open_profile(app, err));
    TRY(find_region(app, region, sizeof region, err));
    const ConnectionsOptions opening = {
        .region = region,
        .max_connections = (int)settings_int(app->settings, SETTING_CONCURRENCY),
        .cancelled = &app->store_cancelled,
    };
    TRY(connections_open(connections, &opening, err));
    const AwsOptions options = {
        .http = connections->http,
        .credentials = connections->credentials,
        .profile = connections->profile,
        .region = region,
        .deadline_ms = deadline_ms,
        .cancelled = cancelled,
        .ending = ending,
    };
    return aws_open(&options, ret_aws, err);
}

Status app_aws(App *app, Aws **ret_aws, Err *err) {
    if (app->aws == NULL) {
        TRY(open_aws(app, app->deadline_ms, &app->cancelled, NULL, &app->aws, err));
    }
    *ret_aws = app->aws;
    return ST_OK;
}

Status app_store_aws(App *app, Aws **ret_aws, Err *err) {
    if (app->store_aws == NULL) {
        int64_t deadline_ms = app->deadline_ms == 0 ? 0 : app->deadline_ms + app->store_grace_ms;
        TRY(open_aws(app, deadline_ms, &app->store_cancelled, &app->cancelled, &app->store_aws,
                     err));
    }
    *ret_aws = app->store_aws;
    return ST_OK;
}

Status app_store(App *app, Store **ret_store, Err *err) {
    const char *url = settings_text(app->settings, SETTING_STORE);
    Aws *aws = NULL;
    if (store_url_is_s3(url)) {
        TRY(app_store_aws(app, &aws, err));
    }
    if (app->store == NULL) {
        const StoreOptions options = {
            .encryption = {.algorithm = settings_text(app->settings, SETTING_SSE),
                           .kms_key = settings_text(app->settings, SETTING_SSE_KMS_KEY),
                           .use_bucket_key = settings_flag(app->settings, SETTING_SSE_BUCKET_KEY)}};
        TRY(store_open_with(url, app->store_aws, &options, &app->store, err));
    }
    *ret_store = app->store;
    return ST_OK;
}

Status app_store_to_read(App *app, Store **ret_store, Err *err) {
    const char *url = settings_text(app->settings, SETTING_STORE);
    if (!store_url_is_s3(url) && !file_exists(url)) {
        err_set(err, ST_NOTHING, "there is no store at %s", url);
        return err_hint(err, "'confhouse run' makes one; --store names another place");
    }
    return app_store(app, ret_store, err);
}

Status app_scratch(App *app, const TempDir **ret_dir, Err *err) {
    if (app->scratch.path[0] == '\0') {
        TRY(temp_dir_open(&app->scratch, err));
    }
    *ret_dir = &app->scratch;
    return ST_OK;
}

static Status fetch_history(App *app, char **ret_path, Err *err) {
    Store *store = NULL;
    const TempDir *scratch = NULL;
    TRY(app_store_to_read(app, &store, err));
    TRY(history_latest(store, &app->latest, err));
    if (!app->latest.exists) {
        TRY(history_check_not_lost(store, NULL, err));
        err_set(err, ST_NOTHING, "there is no history in %s",
                settings_text(app->settings, SETTING_STORE));
        return err_hint(err, "'confhouse run' makes one; --store names another place");
    }
    TRY(app_scratch(app, &scratch, err));
    *ret_path = temp_dir_path(scratch, "history.db");
    TRY(file_remove(*ret_path, err));
    return history_fetch(store, &app->latest, *ret_path, err);
}

Status app_history(App *app, Db **ret_db, Err *err) {
    if (app->history == NULL) {
        OWN(mem_free_at) char *path = mem_strdup(settings_text(app->settings, SETTING_DATABASE));
        if (path == NULL) {
            TRY(fetch_history(app, &path, err));
        }
        const TempDir *scratch = NULL;
        TRY(app_scratch(app, &scratch, err));
        OWN(mem_free_at) char *current = temp_dir_path(scratch, "current.db");
        TRY(history_open(path, current, &app->history, err));
        db_set_limits(app->history, 0, &app->cancelled);
    }
    *ret_db = app->history;
    return ST_OK;
}

const char *app_history_sha256(const App *app) {
    return app->latest.exists ? app->latest.newest.sha256 : "";
}

void app_forget_history(App *app) {
    db_close(app->history);
    app->history = NULL;
    app->latest = (HistoryLatest){0};
}
