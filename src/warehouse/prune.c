#include "warehouse/prune.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "sql_text.h"
#include "warehouse/chain.h"

typedef struct Prune {
    const PruneOptions *options;
    PruneResult *result;
    HistoryLatest latest;
    Db *db;
    int64_t before_run; /* 0 = no state goes */
    int64_t copies;     /* seen so far */
} Prune;

static void prune_done(Prune *prune) {
    db_close(prune->db);
}

/* Beside the store: the newest history as a file of our own. */
static Status fetch(Prune *prune, const char *path, Err *err) {
    TRY(history_latest(prune->options->store, &prune->latest, err));
    TRY(history_fetch(prune->options->store, &prune->latest, path, err));
    TRY(history_open_scratch(path, &prune->db, err));
    db_set_limits(prune->db, 0, prune->options->cancelled);
    return ST_OK;
}

/* ---- states ---- */

static Status find_run(Prune *prune, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    const DbParam params[] = {DB_INT(":days", prune->options->max_age_days), DB_END};
    bool row = false;
    TRY(db_prepare(prune->db, sql_prune_find_run, &stmt, err));
    TRY(stmt_bind(stmt, params, err));
    TRY(stmt_step(stmt, &row, err));
    if (row) {
        prune->before_run = stmt_int(stmt, 0);
        str_copy(prune->result->whole_from, sizeof prune->result->whole_from, stmt_text(stmt, 1));
    }
    return ST_OK;
}

static Status remove_states(Prune *prune, Err *err) {
    const DbParam params[] = {DB_INT(":before_run", prune->before_run), DB_END};
    TRY(db_begin(prune->db, err));
    TRY(db_run(prune->db, sql_prune_remove, params, err));
    TRY(db_commit(prune->db, err));
    return db_run(prune->db, sql_prune_vacuum, NULL, err);
}

static Status prune_states(Prune *prune, const char *path, Err *err) {
    PruneResult *result = prune->result;
    TRY(find_run(prune, err));
    if (prune->before_run == 0) {
        return ST_OK;
    }
    const DbParam params[] = {DB_INT(":before_run", prune->before_run), DB_END};
    TRY(db_run(prune->db, sql_prune_doomed, params, err));
    TRY(db_get_int(prune->db, sql_prune_count, NULL, &result->states, err));
    if (result->states == 0) {
        result->whole_from[0] = '\0';
        return ST_OK;
    }
    if (!prune->options->really) {
        return ST_OK;
    }
    TRY(remove_states(prune, err));
    db_close(prune->db);
    prune->db = NULL;
    TRY(history_publish(prune->options->store, &prune->latest, path, &result->history, err));
    result->published = true;
    return fetch(prune, path, err);
}

/* ---- copies ---- */

static Status tell_copy(Prune *prune, const char *key, int64_t bytes, const char *fate, Err *err) {
    const PruneCopy copy = {.key = key, .bytes = bytes, .fate = fate};
    return prune->options->each(prune->options->context, &copy, err);
}

static Status prune_copy(Prune *prune, const char *key, int64_t bytes, Err *err) {
    const PruneOptions *options = prune->options;
    prune->result->copies++;
    prune->result->bytes += bytes;
    if (options->really) {
        TRY(store_delete(options->store, key, err));
    }
    return tell_copy(prune, key, bytes, options->really ? "removed" : "would go", err);
}

static Status look_at_copy(void *context, const HistoryRef *ref, Err *err) {
    Prune *prune = context;
    const HistoryLatest *latest = &prune->latest;
    StoreObject object = {0};
    Status status = store_head(prune->options->store, ref->key, &object, err);
    if (status == ST_NOT_FOUND) {
        return ST_OK; /* it went before */
    }
    TRY(status);
    prune->copies++;
    bool is_previous = latest->has_previous && str_equal(ref->key, latest->previous.key);
    int64_t keep = prune->options->keep_dated;
    if (str_equal(ref->key, latest->newest.key)) {
        return tell_copy(prune, ref->key, object.bytes, "newest", err);
    }
    if (is_previous) {
        return tell_copy(prune, ref->key, object.bytes, "previous", err);
    }
    if (keep == 0 || prune->copies <= keep) {
        return tell_copy(prune, ref->key, object.bytes, "kept", err);
    }
    return prune_copy(prune, ref->key, object.bytes, err);
}

Status prune_history(const PruneOptions *options, PruneResult *ret_result, Err *err) {
    OWN(prune_done) Prune prune = {.options = options, .result = ret_result};
    OWN(mem_free_at) char *path = temp_dir_path(options->scratch, "prune.db");
    *ret_result = (PruneResult){0};
    TRY(fetch(&prune, path, err));
    if (options->max_age_days > 0) {
        TRY(prune_states(&prune, path, err));
    }
    TRY(look_at_copy(&prune, &prune.latest.newest, err));
    return chain_walk(prune.db, &prune.latest, look_at_copy, &prune, err);
}
