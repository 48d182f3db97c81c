#include "warehouse/verify.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"
#include "sql_text.h"
#include "store/layout.h"
#include "warehouse/chain.h"
#include "warehouse/history.h"

#include <string.h>

enum { DIFFERENCES_SHOWN = 20 };

typedef struct Verify {
    const VerifyOptions *options;
    VerifyResult *result;
    HistoryLatest latest;
    Db *db;     /* NULL when it cannot be looked at */
    Buf detail; /* of the check at hand */
    int64_t links;
} Verify;

static void verify_done(Verify *verify) {
    db_close(verify->db);
    buf_done(&verify->detail);
}

const char *verify_state_name(VerifyState state) {
    static const char *const names[] = {
        [VERIFY_OK] = "ok",
        [VERIFY_REMOVED] = "removed",
        [VERIFY_NOTE] = "note",
        [VERIFY_FAILED] = "failed",
    };
    return names[state];
}

static Status tell(Verify *verify, const char *check, const char *subject, VerifyState state,
                   Err *err) {
    const VerifyCheck told = {check, subject, state, buf_text(&verify->detail)};
    verify->result->checks++;
    verify->result->failed += state == VERIFY_FAILED;
    verify->result->removed += state == VERIFY_REMOVED;
    Status status = verify->options->each(verify->options->context, &told, err);
    buf_clear(&verify->detail);
    return status;
}

/* Whether this is what we look for, and not what keeps us from looking. */
static bool is_finding(Status status) {
    return status == ST_CORRUPT || status == ST_NEWER;
}

/* ---- copies ---- */

/* Downloads a copy to `path` and compares it with what is known of it. */
static Status check_copy(Verify *verify, const HistoryRef *ref, const char *path,
                         VerifyState *ret_state, Err *err) {
    char sha256[SHA256_HEX_SIZE];
    int64_t bytes = 0;
    log_progress("verifying %s", ref->key);
    Status status = store_get_file(verify->options->store, ref->key, path, NULL, err);
    if (status == ST_NOT_FOUND) {
        buf_printf(&verify->detail, "there is no such object any more");
        *ret_state = VERIFY_REMOVED;
        return ST_OK;
    }
    TRY(status);
    TRY(digest_file_sha256_hex(path, sha256, &bytes, err));
    *ret_state = VERIFY_FAILED;
    if (bytes != ref->bytes) {
        buf_printf(&verify->detail, "it has %lld bytes, and was published with %lld",
                   (long long)bytes, (long long)ref->bytes);
    } else if (strcmp(sha256, ref->sha256) != 0) {
        buf_printf(&verify->detail, "its SHA-256 is %s, and was published as %s", sha256,
                   ref->sha256);
    } else {
        buf_puts(&verify->detail, sha256);
        *ret_state = VERIFY_OK;
    }
    return ST_OK;
}

static Status check_newest(Verify *verify, const char *path, bool *ret_sound, Err *err) {
    const HistoryRef *newest = &verify->latest.newest;
    VerifyState state = VERIFY_OK;
    TRY(check_copy(verify, newest, path, &state, err));
    *ret_sound = state == VERIFY_OK;
    if (state == VERIFY_REMOVED) {
        buf_clear(&verify->detail);
        buf_printf(&verify->detail, "%s names it, and there is no such object", LAYOUT_LATEST);
        state = VERIFY_FAILED;
    }
    return tell(verify, "sha256", newest->key, state, err);
}

static Status check_link(void *context, const HistoryRef *ref, Err *err) {
    Verify *verify = context;
    const HistoryLatest *latest = &verify->latest;
    if (verify->links++ == 0) {
        bool agree = latest->has_previous && str_equal(latest->previous.key, ref->key) &&
                     str_equal(latest->previous.sha256, ref->sha256);
        buf_printf(&verify->detail, "%s and the history %s name the one before it", LAYOUT_LATEST,
                   agree ? "both" : "do not both");
        TRY(tell(verify, "chain", ref->key, agree ? VERIFY_OK : VERIFY_FAILED, err));
    }
    OWN(mem_free_at) char *path = temp_dir_path(verify->options->scratch, "predecessor.db");
    VerifyState state = VERIFY_OK;
    TRY(check_copy(verify, ref, path, &state, err));
    TRY(tell(verify, "sha256", ref->key, state, err));
    return file_remove(path, err);
}

static Status check_chain(Verify *verify, Err *err) {
    const HistoryLatest *latest = &verify->latest;
    if (verify->db != NULL) {
        TRY(chain_walk(verify->db, latest, check_link, verify, err));
    } else if (latest->has_previous) {
        TRY(check_link(verify, &latest->previous, err));
    }
    if (verify->links == 0 && latest->has_previous) {
        buf_printf(&verify->detail, "the history does not name it as the one before");
        return tell(verify, "chain", latest->previous.key, VERIFY_FAILED, err);
    }
    return ST_OK;
}

static Status check_stray(void *context, const char *key, int64_t bytes, Err *err) {
    Verify *verify = context;
    const HistoryLatest *latest = &verify->latest;
    bool is_known = str_equal(key, latest->newest.key) ||
                    (latest->has_previous && str_equal(key, latest->previous.key));
    if (!str_ends(key, ".db") || verify->db == NULL) {
        return ST_OK;
    }
    if (!is_known) {
        TRY(chain_has(verify->db, key, &is_known, err));
    }
    if (is_known) {
        return ST_OK;
    }
    buf_printf(&verify->detail, "%lld bytes that the newest history was not built upon",
               (long long)bytes);
    return tell(verify, "chain", key, VERIFY_NOTE, err);
}

/* ---- the database ---- */

static Status open_newest(Verify *verify, const char *path, Err *err) {
    const HistoryRef *newest = &verify->latest.newest;
    OWN(mem_free_at) char *current = temp_dir_path(verify->options->scratch, "current.db");
    char group_id[65];
    Status status = history_open(path, current, &verify->db, err);
    if (is_finding(status)) {
        buf_puts(&verify->detail, err->message);
        return tell(verify, "database", newest->key, VERIFY_FAILED, err);
    }
    TRY(status);
    db_set_limits(verify->db, 0, verify->options->cancelled);
    TRY(history_newest_group(verify->db, group_id, err));
    bool agree = str_equal(group_id, newest->group_id);
    buf_printf(&verify->detail, "a history of schema version %lld; its newest run is %s",
               (long long)newest->schema_version, group_id);
    return tell(verify, "database", newest->key, agree ? VERIFY_OK : VERIFY_FAILED, err);
}

static Status check_integrity(Verify *verify, Err *err) {
    log_progress("verifying tables and indexes");
    Status status = db_check_indexes(verify->db, "main", err);
    if (status != ST_OK && !is_finding(status)) {
        return status;
    }
    if (status == ST_OK) {
        buf_puts(&verify->detail, "integrity_check and foreign_key_check find nothing");
        return tell(verify, "integrity", verify->latest.newest.key, VERIFY_OK, err);
    }
    buf_puts(&verify->detail, err->message);
    db_close(verify->db); /* what it says is worth nothing */
    verify->db = NULL;
    return tell(verify, "integrity", verify->latest.newest.key, VERIFY_FAILED, err);
}

/* "name value, name value" */
static void describe_row(Stmt *stmt, Buf *out) {
    for (int i = 0; i < stmt_column_count(stmt); i++) {
        const char *text = stmt_text(stmt, i);
        buf_printf(out, "%s%s %s", i == 0 ? "" : ", ", stmt_column_name(stmt, i),
                   text == NULL ? "-" : text);
    }
}

/* Runs a query each of whose rows is a fault. */
static Status check_no_rows(Verify *verify, const char *check, const char *sql, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    const char *subject = verify->latest.newest.key;
    int64_t rows = 0;
    log_progress("verifying %s", check);
    TRY(db_prepare(verify->db, sql, &stmt, err));
    for (;; rows++) {
        bool row = false;
        TRY(stmt_step(stmt, &row, err));
        if (!row) {
            break;
        }
        if (rows < DIFFERENCES_SHOWN) {
            describe_row(stmt, &verify->detail);
            TRY(tell(verify, check, subject, VERIFY_FAILED, err));
        }
    }
    if (rows > DIFFERENCES_SHOWN) {
        buf_printf(&verify->detail, "and %lld more", (long long)(rows - DIFFERENCES_SHOWN));
        return tell(verify, check, subject, VERIFY_FAILED, err);
    }
    if (rows > 0) {
        return ST_OK;
    }
    buf_puts(&verify->detail, "all add up");
    return tell(verify, check, subject, VERIFY_OK, err);
}

static Status note_pruned(Verify *verify, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    TRY(db_prepare(verify->db, sql_verify_pruned, &stmt, err));
    TRY(stmt_step(stmt, &row, err));
    if (!row) {
        return ST_OK;
    }
    buf_printf(&verify->detail,
               "whole from the run %s on: %lld states that ended before it were "
               "removed",
               stmt_text(stmt, 0), (long long)stmt_int(stmt, 1));
    return tell(verify, "pruned", verify->latest.newest.key, VERIFY_NOTE, err);
}

static Status check_database(Verify *verify, const char *path, Err *err) {
    TRY(open_newest(verify, path, err));
    if (verify->db == NULL) {
        return ST_OK;
    }
    TRY(check_integrity(verify, err));
    if (verify->db == NULL) {
        return ST_OK;
    }
    TRY(note_pruned(verify, err));
    TRY(check_no_rows(verify, "rows of shards", sql_verify_lost_rows, err));
    return check_no_rows(verify, "rollups", sql_verify_rollups, err);
}

Status verify_history(const VerifyOptions *options, VerifyResult *ret_result, Err *err) {
    OWN(verify_done) Verify verify = {.options = options, .result = ret_result};
    OWN(mem_free_at) char *path = temp_dir_path(options->scratch, "newest.db");
    bool is_sound = false;
    *ret_result = (VerifyResult){0};
    TRY(history_latest(options->store, &verify.latest, err));
    if (!verify.latest.exists) {
        return err_set(err, ST_NOTHING, "there is no history yet");
    }
    TRY(check_newest(&verify, path, &is_sound, err));
    if (is_sound) {
        TRY(check_database(&verify, path, err));
    }
    TRY(check_chain(&verify, err));
    TRY(store_list(options->store, LAYOUT_HISTORY, check_stray, &verify, err));
    log_progress(NULL);
    return ST_OK;
}
