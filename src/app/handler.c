#include "app/handler.h"

#include "app/lookup.h"
#include "app/run.h"
#include "format/json.h"

static void put_gaps(JsonWriter *json, const Gaps *gaps) {
    json_put_int(json, "gaps", gaps->total);
    json_begin_array(json, "first_gaps");
    for (size_t i = 0; i < gaps->count; i++) {
        const Gap *gap = &gaps->first[i];
        json_begin_object(json, NULL);
        json_put_text(json, "account_id", gap->account_id);
        json_put_text(json, "region", gap->region);
        json_put_text(json, "name", gap->name);
        json_put_text(json, "outcome", gap->outcome);
        json_put_text(json, "error_code", gap->error_code);
        json_put_text(json, "message", gap->message);
        json_end_object(json);
    }
    json_end_array(json);
}

static void put_totals(JsonWriter *json, const ShardTotals *totals, int64_t left) {
    json_put_int(json, "scopes", totals->scopes);
    json_put_int(json, "scopes_scanned", totals->scanned);
    json_put_int(json, "scopes_denied", totals->denied);
    json_put_int(json, "scopes_failed", totals->failed);
    json_put_int(json, "scopes_skipped", totals->skipped);
    json_put_int(json, "scopes_left", left);
    json_put_int(json, "rules", totals->rules);
    json_put_int(json, "rules_failed", totals->rules_failed);
    json_put_int(json, "evaluations", totals->evaluations);
}

static void put_merge(JsonWriter *json, const RunMerge *merge) {
    const MergeResult *result = &merge->result;
    json_put_text(json, "group_id", result->group_id);
    json_put_text(json, "date", result->date);
    json_put_text(json, "history", result->history.key);
    json_put_text(json, "sha256", result->history.sha256);
    json_put_int(json, "shards", result->shards);
    json_put_int(json, "shards_refused", result->shards_refused);
    json_put_int(json, "evaluations", result->evaluations);
    json_put_int(json, "merged", result->merged);
    json_put_int(json, "duplicates", result->duplicates);
    json_put_int(json, "superseded", result->superseded);
    json_put_int(json, "refused", result->refused);
    json_put_int(json, "scopes_planned", result->scopes_planned);
    json_put_int(json, "scopes_scanned", result->scopes_scanned);
    json_put_int(json, "scopes_denied", result->scopes_denied);
    json_put_int(json, "scopes_failed", result->scopes_failed);
    json_put_int(json, "scopes_missing", result->scopes_missing);
    json_put_int(json, "scopes_skipped", result->scopes_skipped);
    json_put_int(json, "rules_failed", result->rules_failed);
    json_put_int(json, "findings_open", result->findings_open);
    json_put_int(json, "findings_new", result->findings_new);
    json_put_int(json, "waivers", result->waivers);
    json_put_int(json, "bad_waivers", result->waiver_problems);
    json_put_int(json, "waived", result->findings_waived);
    json_put_bool(json, "changed_the_past", result->changed_the_past);
    put_gaps(json, &merge->gaps);
}

static void put_report(JsonWriter *json, const RunReport *report) {
    json_put_text(json, "report", report->location);
    json_put_int(json, "report_rows", report->result.rows);
    json_put_bool(json, "published", report->published);
    json_put_bool(json, "mailed", report->mailed);
    json_put_bool(json, "told_before", report->told_before);
    if (report->notice.status != ST_OK) {
        json_put_text(json, "notice_error", report->notice.message);
    }
}

static Status do_batch(App *app, const Event *event, JsonWriter *json, Err *err) {
    RunScan scan;
    TRY(run_scan(app, event, &scan, err));
    json_put_text(json, "group_id", scan.group_id);
    json_put_text(json, "shard_id", scan.shard_id);
    json_put_int(json, "scopes_kept", scan.scopes_kept);
    put_totals(json, &scan.totals, scan.left.total);
    put_gaps(json, &scan.gaps);
    return run_check_scan(app, &scan, err);
}

static Status do_merge(App *app, JsonWriter *json, Err *err) {
    RunMerge merge;
    TRY(run_merge(app, &merge, err));
    put_merge(json, &merge);
    return run_check_merge(app, &merge, err);
}

static Status do_final(App *app, JsonWriter *json, Err *err) {
    RunMerge merge;
    RunReport report;
    TRY(run_merge(app, &merge, err));
    put_merge(json, &merge);
    TRY(run_report(app, merge.result.group_id, &report, err));
    put_report(json, &report);
    return run_check_all(app, &merge, &report, err);
}

/* The shards by their ids alone: with all their accounts, the answer would outgrow what Lambda and
 * Step Functions carry. */
static Status do_plan(App *app, JsonWriter *json, Err *err) {
    OWN(plan_done) Plan plan = {0};
    RunPlanObjects objects;
    TRY(run_plan(app, 0, &plan, err));
    TRY(run_find_plan_objects(app, plan.group_id, &objects, err));
    json_put_text(json, "group_id", plan.group_id);
    json_put_text(json, "date", plan.date);
    json_put_int(json, "accounts", (int64_t)plan.account_count);
    json_begin_array(json, "shards");
    for (int shard = 0; shard < plan.shard_count; shard++) {
        char shard_id[PLAN_SHARD_ID_SIZE];
        plan_shard_id(shard, shard_id);
        json_put_text(json, NULL, shard_id);
    }
    json_end_array(json);
    json_put_text(json, "bucket", objects.bucket);
    json_put_text(json, "items_key", objects.items_key);
    json_put_text(json, "results_prefix", objects.results_prefix);
    return ST_OK;
}

static Status do_report(App *app, JsonWriter *json, Err *err) {
    RunReport report;
    TRY(run_report(app, settings_text(app->settings, SETTING_GROUP_ID), &report, err));
    json_put_text(json, "group_id", report.result.group_id);
    put_report(json, &report);
    return run_check_report(&report, err);
}

static Status report_run(App *app, const EventRun *run, RunReport *ret_report, Err *err) {
    Db *history = NULL;
    LookupRun found;
    TRY(app_history(app, &history, err));
    Status status = lookup_run(history, run->group_id, &found, err);
    bool is_other = status == ST_NOTHING && run->or_group_id != NULL;
    TRY(run_report(app, is_other ? run->or_group_id : run->group_id, ret_report, err));
    return run_check_report(ret_report, err);
}

/* Each run of them, though one fails: the first failure is told in the end. */
static Status report_runs(App *app, const EventRuns *runs, JsonWriter *json, Err *err) {
    Status worst = ST_OK;
    json_begin_array(json, "reports");
    for (size_t i = 0; i < runs->count; i++) {
        RunReport report = {0};
        Err problem = {0};
        Status status = report_run(app, &runs->items[i], &report, &problem);
        if (status == ST_OK || status == ST_PARTIAL) {
            json_begin_object(json, NULL);
            json_put_text(json, "group_id", report.result.group_id);
            put_report(json, &report);
            json_end_object(json);
        }
        if (status != ST_OK && (worst == ST_OK || worst == ST_PARTIAL)) {
            worst = status;
            *err = problem;
        }
    }
    json_end_array(json);
    return worst;
}

static Status do_report_objects(App *app, const Event *event, JsonWriter *json, Err *err) {
    OWN(event_runs_done) EventRuns runs = {0};
    TRY(event_find_runs(event, settings_text(app->settings, SETTING_STORE), &runs, err));
    Status status = report_runs(app, &runs, json, err);
    json_begin_array(json, "ignored");
    for (size_t i = 0; i < runs.ignored_count; i++) {
        json_begin_object(json, NULL);
        json_put_text(json, "key", runs.ignored[i].key);
        json_put_text(json, "reason", runs.ignored[i].why);
        json_end_object(json);
    }
    json_end_array(json);
    return status;
}

static Status do_run(App *app, JsonWriter *json, Err *err) {
    RunAll all;
    TRY(run_all(app, &all, err));
    put_merge(json, &all.merge);
    if (all.report.location[0] != '\0') {
        put_report(json, &all.report);
    }
    return run_check_all(app, &all.merge, &all.report, err);
}

static Status do_check(App *app, JsonWriter *json, Err *err) {
    RunAge age;
    TRY(run_age(app, &age, err));
    if (age.group_id[0] != '\0') {
        json_put_text(json, "group_id", age.group_id);
    }
    if (age.date[0] != '\0') {
        json_put_text(json, "date", age.date);
        json_put_int(json, "run_age_days", age.days);
    }
    return ST_OK;
}

static Status do_mode(App *app, const Event *event, JsonWriter *json, Err *err) {
    switch (event->mode) {
    case EVENT_BATCH:
        return do_batch(app, event, json, err);
    case EVENT_FINAL:
        return do_final(app, json, err);
    case EVENT_PLAN:
        return do_plan(app, json, err);
    case EVENT_MERGE:
        return do_merge(app, json, err);
    case EVENT_REPORT:
        return event->is_of_s3 ? do_report_objects(app, event, json, err)
                               : do_report(app, json, err);
    case EVENT_RUN:
        return do_run(app, json, err);
    case EVENT_CHECK:
        return do_check(app, json, err);
    }
    return err_set(err, ST_INTERNAL, "there is no such mode");
}

Status handler_run(App *app, const Event *event, Buf *ret_answer, Err *err) {
    TRY(event_apply(event, app->settings, err));
    JsonWriter json = {.out = ret_answer};
    json_begin_object(&json, NULL);
    json_put_text(&json, "mode", event_mode_name(event->mode));
    Status status = do_mode(app, event, &json, err);
    json_put_text(&json, "status", status_word(status));
    json_end_object(&json);
    if (status != ST_OK && status != ST_PARTIAL) {
        buf_clear(ret_answer);
    }
    return status;
}
