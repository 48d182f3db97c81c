#include "app/app.h"

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/mem.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

const char *app_version(void) {
    return CONFHOUSE_VERSION;
}

void app_init(App *app, Settings *settings) {
    *app = (App){.settings = settings};
    if (settings_is_set(settings, SETTING_DEADLINE)) {
        app->deadline_ms = clock_now_ms() + settings_int(settings, SETTING_DEADLINE);
    }
}

void app_close(App *app) {
    app_forget_history(app);
    store_close(app->store);
    aws_close(app->store_aws);
    aws_close(app->aws);
    credentials_wipe(&app->keys);
    http_close(app->http);
    temp_dir_close(&app->scratch);
    *app = (App){0};
}

/* The one App that signals are for: a handler has no other way to know it. */
static App *volatile watched_app;

static void set_from_handler(bool *flag) {
    *(volatile bool *)flag = true;
}

static void on_signal(int number) {
    (void)number;
    App *app = watched_app;
    if (app == NULL) {
        return;
    }
    set_from_handler(&app->cancelled);
    if (!app->store_protected) {
        set_from_handler(&app->store_cancelled);
    }
    if (app->http != NULL) {
        http_wake(app->http);
    }
}

void app_watch_signals(App *app) {
    struct sigaction action = {0};
    action.sa_handler = app == NULL ? SIG_DFL : on_signal;
    action.sa_flags = (int)SA_RESETHAND; /* the second one does what it always does */
    sigemptyset(&action.sa_mask);
    watched_app = app;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void app_protect_store(App *app, bool is_protected) {
    app->store_protected = is_protected;
    if (!is_protected && app->cancelled) {
        app->store_cancelled = true;
    }
}

static Status open_http(App *app, Err *err) {
    if (app->http != NULL) {
        return ST_OK;
    }
    const char *ca_bundle = getenv("AWS_CA_BUNDLE");
    const HttpOptions options = {
        .max_connections = (int)settings_int(app->settings, SETTING_CONCURRENCY),
        .ca_bundle = str_is_empty(ca_bundle) ? NULL : ca_bundle,
        .user_agent = "confhouse/" CONFHOUSE_VERSION,
    };
    return http_open(&options, &app->http, err);
}

static Status open_keys(App *app, Err *err) {
    if (app->has_keys) {
        return ST_OK;
    }
    TRY(credentials_from_environment(&app->keys, err));
    app->has_keys = true;
    return ST_OK;
}

/* The region that is set, else the first of those to scan. */
static Status find_region(const App *app, char *ret_region, size_t size, Err *err) {
    const char *region = settings_text(app->settings, SETTING_REGION);
    const char *regions = settings_text(app->settings, SETTING_REGIONS);
    if (region != NULL) {
        str_copy(ret_region, size, region);
        return ST_OK;
    }
    if (regions == NULL) {
        err_set(err, ST_USAGE, "no region is set");
        return err_hint(err, "set it with --region or AWS_REGION, like eu-west-1");
    }
    OWN(mem_free_at) char *copy = mem_strdup(regions);
    char *rest = copy;
    str_copy(ret_region, size, str_split(&rest, ","));
    return ST_OK;
}

static Status open_aws(App *app, int64_t deadline_ms, const bool *cancelled, Aws **ret_aws,
                       Err *err) {
    char region[32];
    TRY(find_region(app, region, sizeof region, err));
    TRY(open_http(app, err));
    TRY(open_keys(app, err));
    const AwsOptions options = {
        .http = app->http,
        .keys = &app->keys,
        .region = region,
        .deadline_ms = deadline_ms,
        .cancelled = cancelled,
    };
    return aws_open(&options, ret_aws, err);
}

Status app_aws(App *app, Aws **ret_aws, Err *err) {
    if (app->aws == NULL) {
        TRY(open_aws(app, app->deadline_ms, &app->cancelled, &app->aws, err));
    }
    *ret_aws = app->aws;
    return ST_OK;
}

Status app_store(App *app, Store **ret_store, Err *err) {
    const char *url = settings_text(app->settings, SETTING_STORE);
    if (app->store_aws == NULL && store_url_is_s3(url)) {
        TRY(open_aws(app, 0, &app->store_cancelled, &app->store_aws, err));
    }
    if (app->store == NULL) {
        TRY(store_open(url, app->store_aws, &app->store, err));
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
