/* The scanning half of run.h: which accounts and regions a shard has, and how it is filled. */
#include "app/budget.h"
#include "app/run_steps.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/digest.h"
#include "warehouse/collect.h"
#include "warehouse/shard_store.h"

#include <stdio.h>
#include <string.h>

/* What one shard scans. */
typedef struct ScanJob {
    Arena arena;
    char group_id[65];
    char shard_id[65];
    char date[11];
    size_t account_count;
    CollectAccount *accounts;
    size_t region_count;
    const char **regions;
    bool asks_regions;
    bool only_counts; /* there is no time left: nothing is asked, but what is left is named */
} ScanJob;

static void job_done(ScanJob *job) {
    arena_done(&job->arena);
}

static Status split_regions(App *app, ScanJob *job, Err *err) {
    const char *text = settings_text(app->settings, SETTING_REGIONS);
    Aws *aws = NULL;
    if (text == NULL) {
        TRY(app_region(app, &text, err));
    }
    if (plan_asks_regions(text)) {
        TRY(app_aws(app, &aws, err));
    }
    job->asks_regions = plan_asks_regions(text);
    const PlanOptions options = {
        .regions = text, .force_regions = settings_flag(app->settings, SETTING_FORCE_REGION)};
    PlanRegions regions;
    TRY(plan_split_regions(&options, aws, &job->arena, &regions, err));
    job->regions = regions.items;
    job->region_count = regions.count;
    return ST_OK;
}

/* Of a batch that has no name of its own: the same accounts give the same one, so that scanning
 * them again replaces their shard and no other. */
static void name_batch(const Event *event, char ret_shard_id[65]) {
    char hex[SHA256_HEX_SIZE];
    OWN(buf_done) Buf ids = {0};
    for (size_t i = 0; i < event->account_count; i++) {
        buf_puts(&ids, event->accounts[i].id);
    }
    digest_sha256_hex(buf_text(&ids), ids.size, hex);
    snprintf(ret_shard_id, 65, "batch-%.12s", hex);
}

static Status job_from_event(App *app, const Event *event, ScanJob *job, Err *err) {
    const Settings *settings = app->settings;
    TRY(split_regions(app, job, err));
    TRY(plan_resolve_date(settings_text(settings, SETTING_DATE),
                          settings_text(settings, SETTING_GROUP_ID), job->date, err));
    const char *group_id = settings_text(settings, SETTING_GROUP_ID);
    str_copy(job->group_id, sizeof job->group_id, group_id == NULL ? job->date : group_id);
    if (event->shard_id == NULL) {
        name_batch(event, job->shard_id);
    } else {
        str_copy(job->shard_id, sizeof job->shard_id, event->shard_id);
    }
    job->account_count = event->account_count;
    job->accounts = arena_alloc(&job->arena, event->account_count * sizeof *job->accounts);
    for (size_t i = 0; i < event->account_count; i++) {
        job->accounts[i] =
            (CollectAccount){.id = event->accounts[i].id, .name = event->accounts[i].name};
    }
    return ST_OK;
}

/* A shard of the plan; -1 is everything, with what is skipped. */
static void job_from_plan(const Plan *plan, int shard, ScanJob *job) {
    str_copy(job->group_id, sizeof job->group_id, plan->group_id);
    str_copy(job->date, sizeof job->date, plan->date);
    job->regions = plan->regions;
    job->region_count = plan->region_count;
    job->asks_regions = plan->asks_regions;
    job->accounts = arena_alloc(&job->arena, plan->account_count * sizeof *job->accounts);
    for (size_t i = 0; i < plan->account_count; i++) {
        const PlanAccount *account = &plan->accounts[i];
        if (shard < 0 || account->shard == shard) {
            job->accounts[job->account_count++] = (CollectAccount){
                .id = account->id, .name = account->name, .skip_reason = account->skip_reason};
        }
    }
}

static Status find_shard(const Plan *plan, const char *shard_id, int *ret_shard, Err *err) {
    for (int shard = 0; shard < plan->shard_count; shard++) {
        char id[PLAN_SHARD_ID_SIZE];
        plan_shard_id(shard, id);
        if (str_equal(id, shard_id)) {
            *ret_shard = shard;
            return ST_OK;
        }
    }
    char last[PLAN_SHARD_ID_SIZE];
    plan_shard_id(plan->shard_count - 1, last);
    err_set(err, ST_USAGE, "the plan of %s has no shard '%.64s'", plan->group_id, shard_id);
    return err_hint(err, "its shards are 01 to %s", last);
}

/* Leaves time to save the shard: a tenth of what is left, at most a minute. */
static int64_t collect_deadline(const App *app) {
    if (app->deadline_ms == 0) {
        return 0;
    }
    int64_t margin = (app->deadline_ms - clock_now_ms()) / 10;
    return app->deadline_ms - (margin > 60000 ? 60000 : margin);
}

static Status collect_shard(App *app, const ScanJob *job, Store *store, Shard *shard,
                            CollectResult *ret_result, Err *err) {
    const Settings *settings = app->settings;
    Aws *aws = NULL;
    TRY(app_aws(app, &aws, err));
    const CollectOptions options = {
        .accounts = job->accounts,
        .account_count = job->account_count,
        .regions = (const char *const *)job->regions,
        .region_count = job->region_count,
        .role_name = settings_text(settings, SETTING_ROLE_NAME),
        .external_id = settings_text(settings, SETTING_EXTERNAL_ID),
        .tag_prefixes = run_list(settings, SETTING_TAG_PREFIX),
        .asks_regions = job->asks_regions,
        .concurrency = run_concurrency(app),
        .deadline_ms = collect_deadline(app),
        .cancelled = &app->cancelled,
        .store = store,
    };
    return collect_run(aws, &options, shard, ret_result, err);
}

static Status refuse_nothing(const App *app, Err *err) {
    if (app->cancelled) {
        return err_set(err, ST_STOPPED, "cancelled before anything was scanned");
    }
    err_set(err, ST_DEADLINE, "the deadline came before anything was scanned");
    return err_hint(err, "give it more time with --deadline");
}

/* Names what is left: an account and region that the shard, if there is one, does not tell of. */
static Status name_if_left(const App *app, const GapScope *scope, Shard *shard, RunScan *scan,
                           Err *err) {
    const char *why = app->cancelled ? "cancelled before it was read to the end"
                                     : "the deadline came before it was read to the end";
    bool has = false;
    if (shard != NULL) {
        TRY(shard_has_scope(shard, scope->account_id, scope->region, &has, err));
    }
    if (!has) {
        gaps_add_left(&scan->gaps, scope, why);
        gaps_add_left(&scan->left, scope, why);
    }
    return ST_OK;
}

static Status name_left(const App *app, const ScanJob *job, Shard *shard, RunScan *scan, Err *err) {
    for (size_t i = 0; i < job->account_count; i++) {
        const CollectAccount *account = &job->accounts[i];
        for (size_t k = 0; k < job->region_count; k++) {
            const GapScope scope = {account->id, account->name, job->regions[k]};
            TRY(name_if_left(app, &scope, shard, scan, err));
        }
    }
    return ST_OK;
}

static bool is_out_of_time(Status status) {
    return status == ST_CANCELLED || status == ST_STOPPED || status == ST_DEADLINE;
}

/* A shard in which nothing was begun is not saved: it would replace one that has something. Out of
 * time before anything was asked, what is left is named all the same. */
static Status scan_into(App *app, const ScanJob *job, Store *store, Shard *shard, RunScan *scan,
                        Err *err) {
    CollectResult result = {0};
    Err late = {0};
    Status status =
        job->only_counts ? ST_OK : collect_shard(app, job, store, shard, &result, &late);
    if (status != ST_OK && !is_out_of_time(status)) {
        *err = late;
        return status;
    }
    if (result.scopes_done > 0) {
        TRY(shard_store_save(shard, store, err));
    }
    scan->scopes_kept = result.scopes_kept;
    TRY(shard_totals(shard, &scan->totals, err));
    TRY(gaps_of_shard(shard, &scan->gaps, err));
    TRY(name_left(app, job, shard, scan, err));
    if (status == ST_DEADLINE && scan->totals.scopes == 0) {
        *err = late;
        return status;
    }
    return scan->totals.scopes == 0 && scan->left.total > 0 ? refuse_nothing(app, err) : ST_OK;
}

/* What an earlier scan of the shard has read is not asked for again. */
static Status open_shard(const App *app, const ScanJob *job, Store *store, const char *path,
                         Shard **ret_shard, Err *err) {
    const ShardOptions options = {
        .group_id = job->group_id, .shard_id = job->shard_id, .date = job->date};
    Err cause;
    *ret_shard = NULL;
    TRY(file_remove(path, err));
    if (!settings_flag(app->settings, SETTING_RESCAN)) {
        Status status = shard_store_take_up(store, path, &options, ret_shard, &cause);
        if (status == ST_CORRUPT || status == ST_NEWER || status == ST_LIMIT) {
            log_message(LOG_WARN, "the shard %s of %s cannot be taken up, and is scanned anew: %s",
                        job->shard_id, job->group_id, cause.message);
            TRY(file_remove(path, err));
        } else if (status != ST_OK) {
            *err = cause;
            return status;
        }
    }
    return *ret_shard != NULL ? ST_OK : shard_open(path, &options, ret_shard, err);
}

static Status scan_in_store(App *app, const ScanJob *job, Store *store, const char *path,
                            RunScan *scan, Err *err) {
    OWN(shard_close_at) Shard *shard = NULL;
    TRY(open_shard(app, job, store, path, &shard, err));
    return scan_into(app, job, store, shard, scan, err);
}

static void log_scan(const RunScan *scan) {
    char kept[64] = "";
    if (scan->scopes_kept > 0) {
        snprintf(kept, sizeof kept, " (%lld of them before)", (long long)scan->scopes_kept);
    }
    log_message(LOG_INFO, "scanned %lld scopes%s, %lld evaluations, into shard %s of %s",
                (long long)scan->totals.scanned, kept, (long long)scan->totals.evaluations,
                scan->shard_id, scan->group_id);
}

static Status scan_job(App *app, const ScanJob *job, RunScan *scan, Err *err) {
    const TempDir *scratch = NULL;
    Store *store = NULL;
    str_copy(scan->group_id, sizeof scan->group_id, job->group_id);
    str_copy(scan->shard_id, sizeof scan->shard_id, job->shard_id);
    TRY(app_scratch(app, &scratch, err));
    TRY(app_store(app, &store, err));
    OWN(mem_free_at) char *path = temp_dir_path(scratch, "shard.db");
    if (!job->only_counts) {
        TRY(run_require_scan(app, store, job->group_id, job->shard_id, err));
    }
    app_protect_store(app, true); /* until all that is to be scanned is: see unprotect */
    Status status = scan_in_store(app, job, store, path, scan, err);
    if (is_out_of_time(status) && scan->left.total == 0) {
        TRY(name_left(app, job, NULL, scan, err));
    }
    if (status != ST_OK) {
        return status;
    }
    if (!job->only_counts) {
        log_scan(scan);
    }
    return file_remove(path, err);
}

static Status unprotect(App *app, Status status) {
    app_protect_store(app, false);
    return status;
}

static void job_from_plan_shard(const Plan *plan, int shard, ScanJob *job) {
    char shard_id[PLAN_SHARD_ID_SIZE];
    job_from_plan(plan, shard, job);
    plan_shard_id(shard, shard_id);
    str_copy(job->shard_id, sizeof job->shard_id, shard_id);
}

static Status scan_plan_shard(App *app, const Plan *plan, int shard, RunScan *scan, Err *err) {
    OWN(job_done) ScanJob job = {0};
    job_from_plan_shard(plan, shard, &job);
    return scan_job(app, &job, scan, err);
}

/* What is cancelled while it is planned has done nothing. */
static Status check_planned(Status status, Err *err) {
    if (status != ST_CANCELLED) {
        return status;
    }
    return err_set(err, ST_STOPPED, "cancelled before anything was scanned");
}

static Status scan_everything(App *app, const Event *event, RunScan *scan, Err *err) {
    OWN(plan_done) Plan plan = {0};
    OWN(job_done) ScanJob job = {0};
    TRY(check_planned(run_plan_as_one(app, &plan, err), err));
    job_from_plan(&plan, -1, &job);
    str_copy(job.shard_id, sizeof job.shard_id,
             event != NULL && event->shard_id != NULL ? event->shard_id : "01");
    return scan_job(app, &job, scan, err);
}

static Status read_plan(App *app, Plan *ret_plan, Err *err) {
    char group_id[65];
    Store *store = NULL;
    TRY(run_find_group(app, group_id, err));
    TRY(app_store(app, &store, err));
    return plan_read(group_id, store, ret_plan, err);
}

static Status scan_named_shard(App *app, const char *shard_id, RunScan *scan, Err *err) {
    OWN(plan_done) Plan plan = {0};
    int shard = 0;
    TRY(read_plan(app, &plan, err));
    TRY(find_shard(&plan, shard_id, &shard, err));
    return scan_plan_shard(app, &plan, shard, scan, err);
}

/* An event without accounts: the shard of the plan that it names, where there is a plan that has
 * it; else the whole organization. */
static Status scan_planned_event(App *app, const Event *event, RunScan *scan, Err *err) {
    OWN(plan_done) Plan plan = {0};
    int shard = 0;
    Status status =
        event->shard_id == NULL || event->regions != NULL ? ST_NOTHING : read_plan(app, &plan, err);
    if (status == ST_OK && find_shard(&plan, event->shard_id, &shard, err) == ST_OK) {
        return scan_plan_shard(app, &plan, shard, scan, err);
    }
    return status == ST_OK || status == ST_NOTHING ? scan_everything(app, event, scan, err)
                                                   : status;
}

static Status scan_what_is_asked(App *app, const Event *event, RunScan *ret_scan, Err *err) {
    *ret_scan = (RunScan){0};
    if (event != NULL && event->account_count > 0) {
        OWN(job_done) ScanJob job = {0};
        TRY(job_from_event(app, event, &job, err));
        return scan_job(app, &job, ret_scan, err);
    }
    if (event != NULL) {
        return scan_planned_event(app, event, ret_scan, err);
    }
    const char *shard_id = settings_text(app->settings, SETTING_SHARD_ID);
    return shard_id != NULL ? scan_named_shard(app, shard_id, ret_scan, err)
                            : scan_everything(app, NULL, ret_scan, err);
}

Status run_scan(App *app, const Event *event, RunScan *ret_scan, Err *err) {
    TRY(unprotect(app, scan_what_is_asked(app, event, ret_scan, err)));
    run_warn_of_regions(ret_scan->totals.regions_off, ret_scan->group_id);
    return ST_OK;
}

static void add_totals(ShardTotals *sum, const ShardTotals *more) {
    sum->scopes += more->scopes;
    sum->scanned += more->scanned;
    sum->denied += more->denied;
    sum->failed += more->failed;
    sum->skipped += more->skipped;
    sum->rules += more->rules;
    sum->rules_failed += more->rules_failed;
    sum->evaluations += more->evaluations;
}

static Status refuse_to_go_on(const RunAll *all, Err *err) {
    err_set(err, ST_CANCELLED, "cancelled: %lld scopes are done, %lld are left",
            (long long)all->totals.scopes, (long long)all->left.total);
    return err_hint(err,
                    "'confhouse run --group-id %s' goes on from here; 'confhouse merge --group-id "
                    "%s' merges what there is",
                    all->group_id, all->group_id);
}

/* A run of which nothing could be read is a mistake in the settings rather than news: it would be
 * the newest of the history, and its report would say nothing. */
static Status refuse_unread(const App *app, const ShardTotals *totals, const Gap *example,
                            Err *err) {
    if (totals->scanned > 0 || totals->denied + totals->failed == 0) {
        return ST_OK;
    }
    err_set(err, totals->denied > 0 ? ST_DENIED : ST_REJECTED,
            "none of %lld scopes could be read, and nothing is merged; account %s in %s: %s",
            (long long)(totals->denied + totals->failed), example->account_id, example->region,
            example->message);
    if (totals->denied >= totals->failed) {
        return run_hint_role(app, err);
    }
    return err_hint(err, "the reasons are listed above; 'confhouse merge' merges it as it is");
}

/* Once one has something left, what is left of the others is counted alone. That there was no time
 * is no error, but `err` says so, of the first. */
static Status scan_next_shard(App *app, const Plan *plan, int shard, RunAll *all, Err *err) {
    OWN(job_done) ScanJob job = {0};
    RunScan scan = {0};
    Err late;
    job_from_plan_shard(plan, shard, &job);
    job.only_counts = app->cancelled || all->left.total > 0;
    Status status = scan_job(app, &job, &scan, &late);
    if (status != ST_OK && all->left.total == 0) {
        *err = late;
    }
    if (status != ST_OK && !is_out_of_time(status)) {
        *err = late;
        return status;
    }
    if (scan.totals.denied + scan.totals.failed > 0) {
        all->unread = scan.gaps.first[0];
    }
    if (scan.totals.scanned == 0 && scan.left.total == 0) {
        gaps_log(&scan.gaps);
    }
    add_totals(&all->totals, &scan.totals);
    gaps_append(&all->left, &scan.left);
    return ST_OK;
}

static Status scan_all_shards(App *app, const Plan *plan, RunAll *all, Err *err) {
    for (int shard = 0; shard < plan->shard_count; shard++) {
        TRY(scan_next_shard(app, plan, shard, all, err));
    }
    if (all->left.total > 0 && all->totals.scopes == 0) {
        return err->status;
    }
    if (app->cancelled) {
        return refuse_to_go_on(all, err);
    }
    if (all->left.total > 0) {
        log_message(LOG_WARN, "the deadline came: %lld scopes are left",
                    (long long)all->left.total);
    }
    /* What there is is merged; the plan tells what is missing. */
    return refuse_unread(app, &all->totals, &all->unread, err);
}

/* On a command line the deadline is the scan's: what it has read is merged. A function ends then.
 */
static void forget_deadline(App *app) {
    if (budget_function_memory_mb() == 0) {
        app->deadline_ms = 0;
    }
}

Status run_all(App *app, RunAll *ret_all, Err *err) {
    OWN(plan_done) Plan plan = {0};
    Store *store = NULL;
    HistoryLatest latest;
    *ret_all = (RunAll){0};
    TRY(app_store(app, &store, err));
    TRY(history_latest(store, &latest, err)); /* a damaged one is better known before the scan */
    TRY(check_planned(run_plan(app, 1, &plan, err), err));
    str_copy(ret_all->group_id, sizeof ret_all->group_id, plan.group_id);
    TRY(settings_put(app->settings, SETTING_GROUP_ID, plan.group_id, SOURCE_EVENT, "group_id",
                     err));
    TRY(unprotect(app, scan_all_shards(app, &plan, ret_all, err)));
    forget_deadline(app);
    TRY(run_merge(app, &ret_all->merge, err));
    if (settings_flag(app->settings, SETTING_NO_REPORT)) {
        return ST_OK;
    }
    return run_report(app, ret_all->merge.result.group_id, &ret_all->report, err);
}

static Status hint_gaps(const App *app, const RunScan *scan, Err *err) {
    int64_t wanted = scan->totals.scopes - scan->totals.skipped;
    if (scan->totals.denied * 2 > wanted) {
        return run_hint_role(app, err);
    }
    if (scan->left.total > 0) {
        return err_hint(err, "scan it again: what was read is kept");
    }
    return err_hint(err, "the reasons are listed above; scanning again asks for these alone");
}

Status run_check_scan(const App *app, const RunScan *scan, Err *err) {
    const ShardTotals *totals = &scan->totals;
    if (totals->denied + totals->failed + scan->left.total + scan->gaps.rules == 0) {
        return ST_OK;
    }
    int64_t scopes = totals->scopes + scan->left.total;
    err_set(err, app->cancelled ? ST_CANCELLED : ST_PARTIAL,
            "shard %s of %s has gaps: of %lld scopes %lld were denied, %lld failed and %lld are "
            "left; %lld rules of others failed",
            scan->shard_id, scan->group_id, (long long)scopes, (long long)totals->denied,
            (long long)totals->failed, (long long)scan->left.total, (long long)scan->gaps.rules);
    return hint_gaps(app, scan, err);
}
