#include "warehouse/merge.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "sql_text.h"
#include "warehouse/merge_ahead.h"
#include "warehouse/rule_group.h"
#include "warehouse/waiver.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MAX_ATTEMPTS = 50, /* each time, somebody else has published a run */
    MAX_SHARDS = PLAN_MAX_SHARDS,
    RUNS_A_DAY = 65536,
    APPEND_STEP = 256,
    LOST_TRIES = 15,
    LOST_WAIT_US = 200 * 1000,
};
#define DAY_MS ((int64_t)24 * 3600 * 1000)

/* One merge, from fetched to published. */
typedef struct Merge {
    Store *store;
    const MergeOptions *options;
    Arena arena;
    Db *history;
    TempDir dir;
    Plan plan;
    bool has_plan;
    size_t shard_count;
    const char **shard_keys; /* in order */
    int64_t run_no;          /* 0 = the run is not in the history yet */
    bool run_was_there;
    int64_t changes;
    MergeResult *result;
} Merge;

static void merge_done(Merge *merge) {
    db_close(merge->history);
    plan_done(&merge->plan);
    arena_done(&merge->arena);
    temp_dir_close(&merge->dir);
}

/* ---- the run ---- */

static void group_text(const char *text, char *ret_text, size_t size) {
    char group[RULE_GROUP_SIZE];
    rule_group_of(text, group);
    str_copy(ret_text, size, group);
}

/* A number between those of the runs before and after: see the table `run`. */
static Status place_run(Merge *merge, const char *date, int64_t *ret_run_no, Err *err) {
    int64_t time_ms = 0;
    bool row = false;
    ASSERT(clock_parse_date(date, &time_ms));
    int64_t first = time_ms / DAY_MS * RUNS_A_DAY;
    int64_t last = first + RUNS_A_DAY;
    OWN(stmt_free_at) Stmt *stmt = NULL;
    const DbParam params[] = {DB_INT(":first", first), DB_INT(":last", last),
                              DB_TEXT(":group_id", merge->options->group_id), DB_END};
    TRY(db_prepare(merge->history, sql_merge_neighbours, &stmt, err));
    TRY(stmt_bind(stmt, params, err));
    TRY(stmt_step(stmt, &row, err));
    ASSERT(row);
    int64_t before = stmt_int(stmt, 0);
    int64_t after = stmt_int(stmt, 1);
    int64_t middle = before + (after - before) / 2;
    bool appends = before > first && after == last && before + APPEND_STEP < after;
    *ret_run_no = appends ? before + APPEND_STEP : middle;
    if (middle == before) {
        return err_set(err, ST_LIMIT, "there is no place for another run on %s", date);
    }
    return ST_OK;
}

/* What was pruned is not known any more, so nothing can be merged with it. */
static Status refuse_pruned(Merge *merge, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    const DbParam params[] = {DB_INT(":run_no", merge->run_no), DB_END};
    bool is_pruned = false;
    TRY(db_prepare(merge->history, sql_merge_is_pruned, &stmt, err));
    TRY(stmt_bind(stmt, params, err));
    TRY(stmt_step(stmt, &is_pruned, err));
    if (is_pruned) {
        err_set(err, ST_USAGE, "the run %s cannot be merged: the history before %s was pruned",
                merge->options->group_id, stmt_text(stmt, 0));
        return err_hint(err, "an older dated copy of the history may still have it");
    }
    return ST_OK;
}

/* The plan, and whose names count more than those in shards. */
static Status put_plan(Merge *merge, Err *err) {
    if (!merge->has_plan) {
        return ST_OK;
    }
    const DbParam params[] = {
        DB_INT(":run_no", merge->run_no), DB_TEXT(":organization_id", merge->plan.organization_id),
        DB_TEXT(":management_account_id", merge->plan.management_account_id), DB_END};
    TRY(db_run(merge->history, sql_merge_put_plan, params, err));
    merge->changes += db_changes(merge->history);
    for (size_t i = 0; i < merge->plan.account_count; i++) {
        const DbParam account[] = {DB_TEXT(":account_id", merge->plan.accounts[i].id), DB_END};
        TRY(db_run(merge->history, sql_merge_put_planned_account, account, err));
    }
    return ST_OK;
}

/* Enters the run, or finds it. */
static Status enter_run(Merge *merge, const char *date, Err *err) {
    if (merge->run_no != 0) {
        return ST_OK;
    }
    const MergeOptions *options = merge->options;
    const DbParam find[] = {DB_TEXT(":group_id", options->group_id), DB_END};
    TRY(db_get_int(merge->history, sql_merge_find_run, find, &merge->run_no, err));
    merge->run_was_there = merge->run_no != 0;
    if (!merge->run_was_there) {
        TRY(place_run(merge, date, &merge->run_no, err));
    }
    TRY(refuse_pruned(merge, err));
    const DbParam params[] = {DB_INT(":run_no", merge->run_no),
                              DB_TEXT(":group_id", options->group_id),
                              DB_TEXT(":scan_date", date),
                              DB_TEXT(":owner_tag", options->owner_tag),
                              DB_TEXT(":version", CONFHOUSE_VERSION),
                              DB_END};
    TRY(db_run(merge->history, sql_merge_put_run, params, err));
    merge->changes += db_changes(merge->history);
    TRY(put_plan(merge, err));
    return db_run(merge->history, sql_merge_forget_unplanned, params, err);
}

/* ---- shards ---- */

static Status add_shard_key(void *context, const char *key, int64_t bytes, Err *err) {
    Merge *merge = context;
    char shard_id[65];
    (void)bytes;
    if (!layout_shard_id(key, shard_id, sizeof shard_id)) {
        return ST_OK;
    }
    if (merge->shard_count == MAX_SHARDS) {
        return err_set(err, ST_LIMIT, "there are more than %d shards", MAX_SHARDS);
    }
    merge->shard_keys[merge->shard_count++] = arena_strdup(&merge->arena, key);
    return ST_OK;
}

static Status find_inputs(Merge *merge, Err *err) {
    const char *group_id = merge->options->group_id;
    LayoutKey prefix;
    merge->shard_keys = arena_alloc(&merge->arena, MAX_SHARDS * sizeof *merge->shard_keys);
    TRY(layout_batch_prefix(group_id, &prefix, err));
    TRY(store_list(merge->store, prefix.text, add_shard_key, merge, err));
    Status status = plan_read(group_id, merge->store, &merge->plan, err);
    merge->has_plan = status == ST_OK;
    if (status != ST_OK && status != ST_NOTHING) {
        return status;
    }
    if (!merge->has_plan && merge->shard_count == 0) {
        err_set(err, ST_NOTHING, "the group %s has neither a plan nor shards", group_id);
        return err_hint(err, "check --group-id and --store, or scan first");
    }
    return ST_OK;
}

/* What is wrong with the shard, not with us: the others are merged. */
static bool is_refusal(Status status) {
    return status == ST_CORRUPT || status == ST_LIMIT || status == ST_NEWER;
}

/* Two shards lie on the disk at a time: the one that is merged, and the next. */
static void place_shards(Merge *merge, MergeAhead places[2]) {
    for (int i = 0; i < 2; i++) {
        places[i] = (MergeAhead){
            .packed = arena_printf(&merge->arena, "%s/shard-%d.db.gz", merge->dir.path, i),
            .path = arena_printf(&merge->arena, "%s/shard-%d.db", merge->dir.path, i),
            .group_id = merge->options->group_id,
            .max_bytes = merge->options->shard_max_bytes,
            .cancelled = merge->options->cancelled,
        };
    }
}

static Status fetch_shard(Merge *merge, size_t number, MergeAhead places[2], Err *err) {
    MergeAhead *ahead = &places[number % 2];
    const char *key = merge->shard_keys[number];
    ASSERT(layout_shard_id(key, ahead->shard_id, sizeof ahead->shard_id));
    if (store_get_file(merge->store, key, ahead->packed, NULL, err) != ST_OK) {
        return err_wrap(err, "merging %s", key);
    }
    merge_ahead_begin(ahead);
    return ST_OK;
}

static Status merge_checked(Merge *merge, const MergeAhead *checked, Err *err) {
    ShardCounts counts = {0};
    TRY(enter_run(merge, checked->facts.scan_date, err));
    const ShardMerge shard = {.path = checked->path,
                              .run_no = merge->run_no,
                              .facts = &checked->facts,
                              .sha256 = checked->sha256};
    TRY(merge_shard(merge->history, &shard, &counts, err));
    MergeResult *result = merge->result;
    result->shards++;
    result->evaluations += counts.evaluations;
    result->merged += counts.merged;
    result->duplicates += counts.duplicates;
    result->superseded += counts.superseded;
    result->refused += counts.refused;
    merge->changes += counts.changes;
    return ST_OK;
}

typedef struct Refusal {
    char shard_id[65];
    char message[300];
} Refusal;

typedef struct Refusals {
    Refusal *items; /* room for each shard */
    size_t count;
} Refusals;

static Status record_refusals(Merge *merge, const Refusals *refusals, Err *err) {
    for (size_t i = 0; i < refusals->count; i++) {
        const Refusal *refusal = &refusals->items[i];
        const DbParam params[] = {DB_INT(":run_no", merge->run_no),
                                  DB_TEXT(":shard_id", refusal->shard_id),
                                  DB_TEXT(":message", refusal->message), DB_END};
        TRY(db_run(merge->history, sql_merge_put_refused_shard, params, err));
        merge->changes += db_changes(merge->history);
    }
    return ST_OK;
}

/* Merges a shard while the one after it is checked. Refusals are noted, and are no failure. */
static Status merge_next(Merge *merge, size_t number, MergeAhead places[2], Refusals *refusals,
                         Err *err) {
    MergeAhead *ahead = &places[number % 2];
    const char *key = merge->shard_keys[number];
    Err failure = {0};
    log_progress("merging: shard %zu of %zu", number + 1, merge->shard_count);
    Status status = merge_ahead_end(ahead, &failure);
    if (number + 1 < merge->shard_count) {
        TRY(fetch_shard(merge, number + 1, places, err));
    }
    if (status == ST_OK) {
        status = merge_checked(merge, ahead, &failure);
    }
    merge_ahead_drop(ahead);
    if (is_refusal(status)) {
        Refusal *refusal = &refusals->items[refusals->count++];
        log_message(LOG_WARN, "%s is refused: %s", key, failure.message);
        str_copy(refusal->shard_id, sizeof refusal->shard_id, ahead->shard_id);
        str_copy(refusal->message, sizeof refusal->message, failure.message);
        return ST_OK;
    }
    if (status != ST_OK) {
        *err = failure;
        return err_wrap(err, "merging %s", key);
    }
    return ST_OK;
}

/* One after another: SQLite attaches ten at most, and memory stays that of two. */
static Status merge_each(Merge *merge, MergeAhead places[2], Refusals *refusals, Err *err) {
    if (merge->shard_count > 0) {
        TRY(fetch_shard(merge, 0, places, err));
    }
    for (size_t i = 0; i < merge->shard_count; i++) {
        TRY(merge_next(merge, i, places, refusals, err));
    }
    return ST_OK;
}

static Status merge_shards(Merge *merge, Err *err) {
    MergeAhead places[2];
    Refusals refusals = {arena_alloc(&merge->arena, (merge->shard_count + 1) * sizeof(Refusal)), 0};
    place_shards(merge, places);
    Status status = merge_each(merge, places, &refusals, err);
    merge_ahead_drop(&places[0]);
    merge_ahead_drop(&places[1]);
    TRY(status);
    log_progress(NULL);
    merge->result->shards_refused = (int64_t)refusals.count;
    if (merge->result->shards == 0 && !merge->has_plan) {
        return err_set(err, ST_CORRUPT, "none of the %zu shards of the group %s can be merged",
                       merge->shard_count, merge->options->group_id);
    }
    return record_refusals(merge, &refusals, err);
}

/* ---- the plan, the accounts, the counts ---- */

static Status put_planned_account(Merge *merge, const PlanAccount *account, Err *err) {
    const char *reason = account->skip_reason;
    const DbParam params[] = {DB_INT(":run_no", merge->run_no), DB_TEXT(":account_id", account->id),
                              DB_TEXT(":name", account->name), DB_TEXT(":org_path", account->path),
                              DB_END};
    TRY(db_run(merge->history, sql_merge_put_account, params, err));
    merge->changes += db_changes(merge->history);
    for (size_t i = 0; i < merge->plan.region_count; i++) {
        const DbParam scope[] = {
            DB_INT(":run_no", merge->run_no),
            DB_TEXT(":account_id", account->id),
            DB_TEXT(":region", merge->plan.regions[i]),
            DB_TEXT(":outcome", reason != NULL ? "skipped" : "missing"),
            DB_TEXT(":error_code", reason),
            DB_TEXT(":message", reason != NULL ? "skipped on purpose" : "no shard tells of it"),
            DB_END};
        TRY(db_run(merge->history, sql_merge_put_planned_scope, scope, err));
        merge->changes += db_changes(merge->history);
    }
    return ST_OK;
}

static int by_account_id(const void *id, const void *account) {
    return strcmp(id, ((const PlanAccount *)account)->id);
}

/* The plan's accounts are in the order of their ids. */
static const char *environment_tag(const Merge *merge, const char *account_id) {
    const PlanAccount *account =
        merge->plan.account_count == 0
            ? NULL
            : bsearch(account_id, merge->plan.accounts, merge->plan.account_count,
                      sizeof *merge->plan.accounts, by_account_id);
    return account == NULL ? NULL : plan_account_tag(account, merge->options->environment_tags);
}

static Status set_environment(Merge *merge, Stmt *account, Err *err) {
    const EnvironmentAccount it = {.id = stmt_text(account, 0),
                                   .tag = environment_tag(merge, stmt_text(account, 0)),
                                   .path = stmt_text(account, 2),
                                   .name = stmt_text(account, 1)};
    Environment environment = environment_classify(&merge->options->environments, &it);
    const DbParam params[] = {DB_INT(":run_no", merge->run_no),
                              DB_TEXT(":account_id", stmt_text(account, 0)),
                              DB_TEXT(":environment", environment_name(environment)), DB_END};
    TRY(db_run(merge->history, sql_merge_set_environment, params, err));
    merge->changes += db_changes(merge->history);
    return ST_OK;
}

static Status set_environments(Merge *merge, Err *err) {
    OWN(stmt_free_at) Stmt *accounts = NULL;
    const DbParam params[] = {DB_INT(":run_no", merge->run_no), DB_END};
    bool row = false;
    TRY(db_prepare(merge->history, sql_merge_accounts, &accounts, err));
    TRY(stmt_bind(accounts, params, err));
    for (;;) {
        TRY(stmt_step(accounts, &row, err));
        if (!row) {
            return ST_OK;
        }
        TRY(set_environment(merge, accounts, err));
    }
}

/* Waivers are for the newest run: what was accepted in an older one is past. */
static Status apply_waivers(Merge *merge, Err *err) {
    char newest[65];
    int64_t changes = 0;
    WaiverFile file;
    TRY(history_newest_group(merge->history, newest, err));
    if (strcmp(newest, merge->options->group_id) != 0) {
        return ST_OK;
    }
    TRY(waiver_load(merge->store, merge->history, &file, err));
    TRY(waiver_apply(merge->history, merge->run_no, &changes, err));
    merge->changes += changes;
    merge->result->waiver_problems = file.problems;
    return ST_OK;
}

static Status count_run(Merge *merge, int64_t run_no, Err *err) {
    const DbParam params[] = {DB_INT(":run_no", run_no), DB_END};
    TRY(db_run(merge->history, sql_merge_forget_unplanned, params, err));
    TRY(db_run(merge->history, sql_merge_unplanned, params, err));
    TRY(db_run(merge->history, sql_merge_rule_counts, params, err));
    if (run_no == merge->run_no) {
        TRY(apply_waivers(merge, err));
    }
    return db_run(merge->history, sql_merge_rollup, params, err);
}

static Status count_runs(Merge *merge, Err *err) {
    OWN(stmt_free_at) Stmt *runs = NULL;
    const DbParam params[] = {DB_INT(":run_no", merge->run_no), DB_END};
    bool row = false;
    TRY(db_prepare(merge->history, sql_merge_later_runs, &runs, err));
    TRY(stmt_bind(runs, params, err));
    for (;;) {
        TRY(stmt_step(runs, &row, err));
        if (!row) {
            return ST_OK;
        }
        TRY(count_run(merge, stmt_int(runs, 0), err));
    }
}

static Status complete_run(Merge *merge, Err *err) {
    TRY(db_begin(merge->history, err));
    for (size_t i = 0; i < merge->plan.account_count; i++) {
        TRY(put_planned_account(merge, &merge->plan.accounts[i], err));
    }
    TRY(set_environments(merge, err));
    TRY(count_runs(merge, err));
    return db_commit(merge->history, err);
}

static Status read_totals(Merge *merge, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    const DbParam params[] = {DB_INT(":run_no", merge->run_no), DB_END};
    bool row = false;
    TRY(db_prepare(merge->history, sql_merge_totals, &stmt, err));
    TRY(stmt_bind(stmt, params, err));
    TRY(stmt_step(stmt, &row, err));
    ASSERT(row);
    MergeResult *result = merge->result;
    result->scopes_planned = stmt_int(stmt, 0);
    result->scopes_scanned = stmt_int(stmt, 1);
    result->scopes_denied = stmt_int(stmt, 2);
    result->scopes_failed = stmt_int(stmt, 3);
    result->scopes_missing = stmt_int(stmt, 4);
    result->scopes_skipped = stmt_int(stmt, 5);
    result->rules_failed = stmt_int(stmt, 6);
    result->waivers = stmt_int(stmt, 8);
    result->findings_waived = stmt_int(stmt, 9);
    str_copy(result->regions_off, sizeof result->regions_off, stmt_text(stmt, 10));
    result->findings_new = stmt_int(stmt, 11);
    result->findings_open = stmt_int(stmt, 12);
    str_copy(result->group_id, sizeof result->group_id, merge->options->group_id);
    str_copy(result->date, sizeof result->date, stmt_text(stmt, 7));
    return ST_OK;
}

/* ---- the whole way ---- */

static Status merge_all(Merge *merge, Err *err) {
    if (merge->has_plan) {
        TRY(enter_run(merge, merge->plan.date, err));
    } else if (merge->options->date != NULL) {
        TRY(enter_run(merge, merge->options->date, err));
    }
    TRY(merge_shards(merge, err));
    TRY(complete_run(merge, err));
    return read_totals(merge, err);
}

static Status open_history(Merge *merge, const HistoryLatest *latest, const char *path, Err *err) {
    if (latest->exists) {
        TRY(history_fetch(merge->store, latest, path, err));
    }
    TRY(history_open_scratch(path, &merge->history, err));
    db_set_limits(merge->history, 0, merge->options->cancelled);
    TRY(db_add_text_function(merge->history, "rule_group_of", group_text, err));
    return db_run(merge->history, sql_merge_begin_run, NULL, err);
}

/* The newest history. Where it is not announced though there are some, another first merge may be
 * about to do so: it is given a moment. */
static Status find_latest(const Merge *merge, HistoryLatest *ret_latest, Err *err) {
    for (int tries = 0;; tries++) {
        TRY(history_latest(merge->store, ret_latest, err));
        if (ret_latest->exists) {
            return ST_OK;
        }
        Status status = history_check_not_lost(merge->store, merge->options->group_id, err);
        if (status != ST_CORRUPT || tries == LOST_TRIES) {
            return status;
        }
        usleep(LOST_WAIT_US);
    }
}

static Status merge_and_publish(Merge *merge, Err *err) {
    HistoryLatest latest;
    char newest[65];
    TRY(temp_dir_open(&merge->dir, err));
    OWN(mem_free_at) char *path = temp_dir_path(&merge->dir, "history.db");
    TRY(find_inputs(merge, err));
    TRY(find_latest(merge, &latest, err));
    TRY(open_history(merge, &latest, path, err));
    TRY(merge_all(merge, err));
    TRY(history_newest_group(merge->history, newest, err));
    db_close(merge->history);
    merge->history = NULL;
    merge->result->changed_the_past =
        merge->run_was_there && merge->changes > 0 && strcmp(newest, merge->options->group_id) != 0;
    if (latest.exists && merge->run_was_there && merge->changes == 0) {
        merge->result->history = latest.newest; /* it says all of this already */
        return ST_OK;
    }
    TRY(history_publish(merge->store, &latest, path, &merge->result->history, err));
    merge->result->published = true;
    return ST_OK;
}

Status merge_run(Store *store, const MergeOptions *options, MergeResult *ret_result, Err *err) {
    TRY(str_check_id("group_id", options->group_id, err));
    TRY(environment_check_rules(&options->environments, err));
    for (int attempt = 1;; attempt++) {
        *ret_result = (MergeResult){0};
        OWN(merge_done) Merge merge = {.store = store, .options = options, .result = ret_result};
        Status status = merge_and_publish(&merge, err);
        if (status != ST_CONFLICT || attempt == MAX_ATTEMPTS) {
            return status;
        }
        log_message(LOG_INFO, "another merge was published meanwhile: merging into its history");
        usleep((useconds_t)(attempt * 10000)); /* those who wait longer let others through */
    }
}
