/* The step that renders the workbook, and tells people of it. */
#include "app/lookup.h"
#include "app/notice.h"
#include "app/run_steps.h"
#include "base/log.h"
#include "base/mem.h"
#include "notify/notify.h"
#include "store/layout.h"

static const char workbook_type[] =
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

static Status put_file(Store *store, const char *key, const char *path, const char *type,
                       Err *err) {
    const StorePut put = {.key = key, .path = path, .content_type = type};
    return store_put(store, &put, NULL, err);
}

static Status put_workbook(Store *store, const char *path, const LayoutKey *key, RunReport *report,
                           Err *err) {
    OWN(buf_done) Buf location = {0};
    TRY(put_file(store, key->text, path, workbook_type, err));
    store_append_location(store, key->text, &location);
    str_copy(report->location, sizeof report->location, buf_text(&location));
    return ST_OK;
}

static ReportOptions report_options(const App *app, const char *group_id) {
    return (ReportOptions){
        .group_id = group_id,
        .green_from = settings_ratio(app->settings, SETTING_GREEN_FROM),
        .yellow_from = settings_ratio(app->settings, SETTING_YELLOW_FROM),
        .history_sha256 = app_history_sha256(app),
        .cancelled = &app->cancelled,
    };
}

/* Nobody wants mail about an old run that somebody has rendered anew. */
static Status is_newest(Db *history, const char *group_id, bool *ret_is, Err *err) {
    LookupRun newest;
    TRY(lookup_run(history, NULL, &newest, err));
    *ret_is = str_equal(newest.group_id, group_id);
    return ST_OK;
}

static Status send_notice(App *app, const NotifyReport *report, NoticeWays ways,
                          NotifyResult *ret_result, Err *err) {
    const Settings *settings = app->settings;
    const int64_t megabyte = 1000000;
    Aws *aws = NULL;
    const NotifyOptions options = {
        .topic_arn = ways.publish ? settings_text(settings, SETTING_SNS_TOPIC) : NULL,
        .mail_from = ways.mail ? settings_text(settings, SETTING_MAIL_FROM) : NULL,
        .mail_to = settings_text(settings, SETTING_MAIL_TO),
        .attach_max_bytes = settings_flag(settings, SETTING_MAIL_ATTACH)
                                ? settings_int(settings, SETTING_MAIL_ATTACH_MAX) * megabyte
                                : 0,
        .link_life_s = (int)(settings_int(settings, SETTING_LINK_LIFE) / 1000),
        .green_from = settings_ratio(settings, SETTING_GREEN_FROM),
        .yellow_from = settings_ratio(settings, SETTING_YELLOW_FROM),
    };
    TRY(app_store_aws(app, &aws, err));
    return notify_send(aws, report, &options, ret_result, err);
}

static Status claim_and_send(App *app, const NotifyReport *report, NoticeWays wanted,
                             RunReport *ret_report, Err *err) {
    bool again = settings_flag(app->settings, SETTING_NOTIFY_AGAIN);
    NoticeClaim claim = NOTICE_BUSY;
    NotifyResult sent = {0};
    Notice notice;
    Err unsettled;
    TRY(notice_claim(report->store, report->group_id, wanted, again, &notice, &claim, err));
    if (claim != NOTICE_OURS) {
        ret_report->told_before = true;
        log_message(LOG_INFO, "%s of the run %s: nobody is told again",
                    claim == NOTICE_TOLD ? "people were told" : "another report is telling people",
                    report->group_id);
        return ST_OK;
    }
    Status status = send_notice(app, report, notice.ways, &sent, err);
    ret_report->published = sent.published;
    ret_report->mailed = sent.mailed;
    const NoticeWays done = {sent.published, sent.mailed};
    if (notice_settle(report->store, &notice, done, &unsettled) != ST_OK) {
        log_message(LOG_WARN, "people may be told of the run %s again: %s", report->group_id,
                    unsettled.message);
    }
    return status;
}

/* A notice that fails is kept for run_check_report: the report is there all the same. */
static Status tell_people(App *app, const NotifyReport *report, RunReport *ret_report, Err *err) {
    const NoticeWays wanted = {
        .publish = settings_text(app->settings, SETTING_SNS_TOPIC) != NULL,
        .mail = settings_text(app->settings, SETTING_MAIL_FROM) != NULL,
    };
    bool newest = false;
    TRY(is_newest(report->history, report->group_id, &newest, err));
    if ((!wanted.publish && !wanted.mail) || !newest) {
        return ST_OK;
    }
    Err problem = {0};
    if (claim_and_send(app, report, wanted, ret_report, &problem) != ST_OK) {
        ret_report->notice = problem;
    }
    return ST_OK;
}

/* The user's own file, or a scratch one. */
static char *workbook_path(const App *app, const TempDir *scratch) {
    const char *output = settings_text(app->settings, SETTING_OUTPUT);
    return output == NULL ? temp_dir_path(scratch, "workbook.xlsx") : mem_strdup(output);
}

Status run_report(App *app, const char *group_id, RunReport *ret_report, Err *err) {
    Db *history = NULL;
    Store *store = NULL;
    const TempDir *scratch = NULL;
    LayoutKey key;
    LookupRun run;
    *ret_report = (RunReport){0};
    TRY(run_require_history(app, group_id, err));
    TRY(app_history(app, &history, err)); /* first: where there is none, no store is made */
    TRY(lookup_run(history, group_id, &run, err));
    TRY(run_require_workbook(app, history, run.group_id, err));
    TRY(app_store(app, &store, err));
    TRY(app_scratch(app, &scratch, err));
    OWN(mem_free_at) char *path = workbook_path(app, scratch);
    const ReportOptions options = report_options(app, run.group_id);
    TRY(report_write(history, &options, path, &ret_report->result, err));
    TRY(layout_report(&(LayoutRun){run.group_id, ret_report->result.date}, &key, err));
    TRY(put_workbook(store, path, &key, ret_report, err));
    log_message(LOG_INFO, "wrote %s", ret_report->location);
    const NotifyReport told = {history, store, run.group_id, key.text, path};
    return tell_people(app, &told, ret_report, err);
}

const char *run_owner(const Settings *settings) {
    const char *owner = settings_text(settings, SETTING_OWNER);
    return str_equal(owner, "-") ? "" : owner;
}

static void narrow(const Settings *settings, ReportOptions *options) {
    options->environment = settings_text(settings, SETTING_ENVIRONMENT);
    options->account = settings_text(settings, SETTING_ACCOUNT);
    options->since = settings_text(settings, SETTING_SINCE);
    options->owner = run_owner(settings);
}

static Status write_own(App *app, const char *path, RunReport *ret_report, Err *err) {
    Db *history = NULL;
    LookupRun run;
    TRY(run_require_history(app, settings_text(app->settings, SETTING_RUN), err));
    TRY(app_history(app, &history, err));
    TRY(lookup_run(history, settings_text(app->settings, SETTING_RUN), &run, err));
    TRY(run_require_workbook(app, history, run.group_id, err));
    ReportOptions options = report_options(app, run.group_id);
    narrow(app->settings, &options);
    TRY(report_write(history, &options, path, &ret_report->result, err));
    str_copy(ret_report->location, sizeof ret_report->location, path);
    return ST_OK;
}

static bool is_set(const Settings *settings, SettingId id) {
    return settings_text(settings, id) != NULL;
}

Status run_report_asked(App *app, RunReport *ret_report, Err *err) {
    const Settings *settings = app->settings;
    const char *output = settings_text(settings, SETTING_OUTPUT);
    ReportOptions options = {0};
    *ret_report = (RunReport){0};
    narrow(settings, &options);
    if (report_is_narrowed(&options) && output == NULL) {
        err_set(err, ST_USAGE, "a report of a part does not go where the whole one is");
        return err_hint(err, "say where it goes: --output FILE");
    }
    if (output != NULL && (report_is_narrowed(&options) || is_set(settings, SETTING_RUN) ||
                           is_set(settings, SETTING_DATABASE))) {
        return write_own(app, output, ret_report, err);
    }
    return run_report(app, settings_text(settings, SETTING_RUN), ret_report, err);
}

Status run_check_report(const RunReport *report, Err *err) {
    if (report->notice.status == ST_OK) {
        return ST_OK;
    }
    *err = report->notice;
    err->status = ST_PARTIAL;
    return err_wrap(err, "the report is there, but not everybody could be told");
}

Status run_check_all(const App *app, const RunMerge *merge, const RunReport *report, Err *err) {
    Err told = {0};
    Status status = run_check_merge(app, merge, err);
    if (status == ST_OK) {
        return run_check_report(report, err);
    }
    if (run_check_report(report, &told) != ST_OK) {
        log_err(LOG_ERROR, &told);
    }
    return status;
}
