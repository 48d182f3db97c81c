#include "app/run.h"

#include "app/run_steps.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/layout.h"
#include "warehouse/weights.h"

#include <string.h>

const char *run_list(const Settings *settings, SettingId id) {
    const char *text = settings_text(settings, id);
    return str_equal(text, "none") ? "" : text;
}

Status run_find_group(const App *app, char ret_group_id[65], Err *err) {
    const char *group_id = settings_text(app->settings, SETTING_GROUP_ID);
    char date[11];
    if (group_id == NULL) {
        TRY(plan_resolve_date(settings_text(app->settings, SETTING_DATE), NULL, date, err));
        group_id = date;
    }
    str_copy(ret_group_id, 65, group_id);
    return ST_OK;
}

static Status merge_gaps(App *app, RunMerge *merge, Err *err) {
    const MergeResult *result = &merge->result;
    Db *history = NULL;
    if (result->scopes_denied + result->scopes_failed + result->scopes_missing +
            result->shards_refused + result->rules_failed ==
        0) {
        return ST_OK;
    }
    TRY(app_history(app, &history, err));
    return gaps_of_run(history, result->group_id, &merge->gaps, err);
}

void run_warn_of_regions(const char *regions_off, const char *group_id) {
    if (regions_off[0] != '\0') {
        log_message(LOG_WARN, "no account of %s has turned on: %s (is it spelt right?)", group_id,
                    regions_off);
    }
}

/* The next plan can do without them. */
static void put_weights(App *app, const MergeResult *merged) {
    Db *history = NULL;
    Store *store = NULL;
    Err err;
    if (!merged->published) {
        return;
    }
    if (app_store(app, &store, &err) != ST_OK || app_history(app, &history, &err) != ST_OK ||
        weights_write(history, store, &err) != ST_OK) {
        log_message(LOG_WARN, "the shards of the next run may be less even: %s", err.message);
    }
}

Status run_merge(App *app, RunMerge *ret_merge, Err *err) {
    const Settings *settings = app->settings;
    char group_id[65];
    Store *store = NULL;
    *ret_merge = (RunMerge){0};
    TRY(run_find_group(app, group_id, err));
    TRY(app_store_to_read(app, &store, err));
    const MergeOptions options = {
        .group_id = group_id,
        .date = settings_text(settings, SETTING_DATE),
        .environments = {.by_account = settings_text(settings, SETTING_ENVIRONMENT_ACCOUNT),
                         .by_path = settings_text(settings, SETTING_ENVIRONMENT_PATH),
                         .by_name = settings_text(settings, SETTING_ENVIRONMENT_NAME)},
        .environment_tags = run_list(settings, SETTING_ENVIRONMENT_TAG),
        .owner_tag = settings_text(settings, SETTING_OWNER_TAG),
        .shard_max_bytes = settings_int(settings, SETTING_SHARD_MAX_SIZE) << 20,
        .cancelled = &app->cancelled,
    };
    TRY(run_require_merge(app, store, group_id, err));
    TRY(merge_run(store, &options, &ret_merge->result, err));
    app_forget_history(app);
    log_message(LOG_INFO, "merged %s: %lld evaluations of %lld shards", ret_merge->result.group_id,
                (long long)ret_merge->result.merged, (long long)ret_merge->result.shards);
    if (ret_merge->result.rules_failed > 0) {
        log_message(LOG_WARN,
                    "%lld rules could not be read in %s: 'confhouse query gaps' lists them",
                    (long long)ret_merge->result.rules_failed, ret_merge->result.group_id);
    }
    if (ret_merge->result.changed_the_past) {
        log_message(LOG_WARN, "merging %s again changed answers about it",
                    ret_merge->result.group_id);
    }
    run_warn_of_regions(ret_merge->result.regions_off, ret_merge->result.group_id);
    TRY(merge_gaps(app, ret_merge, err));
    put_weights(app, &ret_merge->result);
    if (run_put_raw(app, &ret_merge->result, err) != ST_OK) {
        err_wrap(err, "the history has the run %s, but its rows could not be written as CSV",
                 ret_merge->result.group_id);
        return err_hint(err, "merge it again: that writes what is missing");
    }
    return ST_OK;
}

Status run_hint_role(const App *app, Err *err) {
    return err_hint(err, "most accounts denied the role %s: name yours with --role-name",
                    settings_text(app->settings, SETTING_ROLE_NAME));
}

static Status check_waivers(const MergeResult *result, Err *err) {
    if (result->waiver_problems == 0) {
        return ST_OK;
    }
    err_set(err, ST_PARTIAL, "%lld lines of %s could not be used",
            (long long)result->waiver_problems, LAYOUT_WAIVERS);
    return err_hint(err, "'confhouse query waivers -p state=refused' lists them; mend them and "
                         "merge again");
}

Status run_check_merge(const App *app, const RunMerge *merge, Err *err) {
    const MergeResult *result = &merge->result;
    int64_t scopes = result->scopes_denied + result->scopes_failed + result->scopes_missing;
    if (scopes + result->shards_refused + result->refused + merge->gaps.rules == 0) {
        return check_waivers(result, err);
    }
    OWN(buf_done) Buf what = {0};
    buf_printf(
        &what, "%lld of %lld scopes could not be read (%lld denied, %lld failed, %lld missing)",
        (long long)scopes, (long long)result->scopes_planned, (long long)result->scopes_denied,
        (long long)result->scopes_failed, (long long)result->scopes_missing);
    if (result->shards_refused + result->refused > 0) {
        buf_printf(&what, "; %lld shards and %lld rows were refused",
                   (long long)result->shards_refused, (long long)result->refused);
    }
    if (merge->gaps.rules > 0) {
        buf_printf(&what, "; nor %lld rules of others", (long long)merge->gaps.rules);
    }
    err_set(err, ST_PARTIAL, "the run %s has gaps: %s", result->group_id, buf_text(&what));
    if (result->scopes_denied * 2 > result->scopes_planned - result->scopes_skipped) {
        return run_hint_role(app, err);
    }
    return err_hint(err, "'confhouse query gaps -p group_id=%s' lists them; scan and merge again",
                    result->group_id);
}
