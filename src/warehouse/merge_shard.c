#include "warehouse/merge_shard.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "sql_text.h"
#include "warehouse/shard.h"

#include <string.h>

static Status get_text(Db *db, const char *sql, const DbParam *params, char **ret_text, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    TRY(db_prepare(db, sql, &stmt, err));
    TRY(stmt_bind(stmt, params, err));
    TRY(stmt_step(stmt, &row, err));
    *ret_text = mem_strdup(row ? stmt_text(stmt, 0) : NULL);
    return ST_OK;
}

/* The schema that a shard of this version has, as SQLite keeps it. */
static Status expected_schema(char **ret_schema, Err *err) {
    OWN(db_close_at) Db *fresh = NULL;
    TRY(db_open(":memory:", DB_SCRATCH, &fresh, err));
    TRY(db_run(fresh, sql_shard_create, NULL, err));
    return get_text(fresh, sql_shard_schema, NULL, ret_schema, err);
}

static Status check_schema(Db *history, Err *err) {
    int64_t application = 0;
    int64_t version = 0;
    int64_t differs = 0;
    TRY(db_pragma_int(history, "shard", "application_id", &application, err));
    TRY(db_pragma_int(history, "shard", "user_version", &version, err));
    if (application != SHARD_APPLICATION_ID) {
        return err_set(err, ST_CORRUPT, "it is a database, but no shard of confhouse");
    }
    if (version > SHARD_SCHEMA_VERSION) {
        return err_set(err, ST_NEWER, "it was written by a newer confhouse (schema version %lld)",
                       (long long)version);
    }
    OWN(mem_free_at) char *schema = NULL;
    TRY(expected_schema(&schema, err));
    const DbParam params[] = {DB_TEXT(":expected", schema), DB_END};
    TRY(db_get_int(history, sql_merge_shard_schema, params, &differs, err));
    if (version != SHARD_SCHEMA_VERSION || differs != 0) {
        return err_set(err, ST_CORRUPT, "its tables are not those of a shard");
    }
    return ST_OK;
}

static Status read_fact(Db *history, const char *name, char *ret_text, size_t size, Err *err) {
    OWN(mem_free_at) char *text = NULL;
    const DbParam params[] = {DB_TEXT(":name", name), DB_END};
    TRY(get_text(history, sql_merge_shard_info, params, &text, err));
    if (text == NULL || strlen(text) >= size) {
        return err_set(err, ST_CORRUPT, "it does not say its %s", name);
    }
    str_copy(ret_text, size, text);
    return ST_OK;
}

static Status read_facts(Db *history, ShardFacts *ret_facts, Err *err) {
    ShardFacts *f = ret_facts;
    int64_t ignored = 0;
    TRY(read_fact(history, "group_id", f->group_id, sizeof f->group_id, err));
    TRY(read_fact(history, "shard_id", f->shard_id, sizeof f->shard_id, err));
    TRY(read_fact(history, "scan_date", f->scan_date, sizeof f->scan_date, err));
    TRY(read_fact(history, "started_at", f->started_at, sizeof f->started_at, err));
    TRY(read_fact(history, "finished_at", f->finished_at, sizeof f->finished_at, err));
    if (!clock_parse_date(f->scan_date, &ignored) || !clock_parse_time(f->started_at, &ignored) ||
        !clock_parse_time(f->finished_at, &ignored)) {
        return err_set(err, ST_CORRUPT, "its dates are no dates");
    }
    return ST_OK;
}

Status merge_shard_check(const ShardClaim *claim, ShardFacts *ret_facts, Err *err) {
    OWN(db_close_at) Db *db = NULL;
    TRY(db_open(":memory:", DB_SCRATCH, &db, err));
    db_set_limits(db, 0, claim->cancelled);
    TRY(db_attach(db, claim->path, "shard", err));
    TRY(check_schema(db, err));
    TRY(db_check(db, "shard", err));
    TRY(read_facts(db, ret_facts, err));
    if (strcmp(ret_facts->group_id, claim->group_id) != 0 ||
        strcmp(ret_facts->shard_id, claim->shard_id) != 0) {
        return err_set(err, ST_CORRUPT, "it says that it is shard %s of the group %s",
                       ret_facts->shard_id, ret_facts->group_id);
    }
    return ST_OK;
}

Status merge_shard_count(const ShardClaim *claim, Err *err) {
    OWN(db_close_at) Db *db = NULL;
    TRY(db_open(":memory:", DB_SCRATCH, &db, err));
    db_set_limits(db, 0, claim->cancelled);
    TRY(db_attach(db, claim->path, "shard", err));
    return db_run(db, sql_merge_count_shard, NULL, err);
}

static Status run_steps(Db *history, const ShardMerge *merge, Err *err) {
    static const char *const steps[] = {
        sql_merge_begin_shard, sql_merge_scopes,  sql_merge_rules,       sql_merge_names,
        sql_merge_incoming,    sql_merge_changed, sql_merge_annotations, sql_merge_intervals,
        sql_merge_join_later,  sql_merge_tags,    sql_merge_outcomes,    sql_merge_told,
    };
    const DbParam params[] = {DB_INT(":run_no", merge->run_no),
                              DB_TEXT(":shard_id", merge->facts->shard_id), DB_END};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        TRY(db_run(history, steps[i], params, err));
    }
    return ST_OK;
}

static Status read_counts(Db *history, ShardCounts *ret_counts, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    TRY(db_prepare(history, sql_merge_shard_counts, &stmt, err));
    TRY(stmt_step(stmt, &row, err));
    ASSERT(row);
    ShardCounts counts = {
        .scopes = stmt_int(stmt, 0),
        .evaluations = stmt_int(stmt, 1),
        .merged = stmt_int(stmt, 2),
        .duplicates = stmt_int(stmt, 3),
        .superseded = stmt_int(stmt, 4),
        .changes = stmt_int(stmt, 5),
    };
    counts.refused = counts.evaluations - counts.merged - counts.duplicates - counts.superseded;
    *ret_counts = counts;
    return ST_OK;
}

static Status record_shard(Db *history, const ShardMerge *merge, ShardCounts *counts, Err *err) {
    const DbParam params[] = {DB_INT(":run_no", merge->run_no),
                              DB_TEXT(":shard_id", merge->facts->shard_id),
                              DB_TEXT(":sha256", merge->sha256),
                              DB_INT(":scopes", counts->scopes),
                              DB_INT(":evaluations", counts->evaluations),
                              DB_INT(":merged", counts->merged),
                              DB_INT(":duplicates", counts->duplicates),
                              DB_INT(":superseded", counts->superseded),
                              DB_INT(":refused", counts->refused),
                              DB_TEXT(":started_at", merge->facts->started_at),
                              DB_TEXT(":finished_at", merge->facts->finished_at),
                              DB_END};
    TRY(db_run(history, sql_merge_put_run_shard, params, err));
    counts->changes += db_changes(history); /* it was refused before */
    return db_run(history, sql_merge_run_dates, params, err);
}

static Status merge_in_transaction(Db *history, const ShardMerge *merge, ShardCounts *ret_counts,
                                   Err *err) {
    TRY(db_begin(history, err));
    TRY(run_steps(history, merge, err));
    TRY(read_counts(history, ret_counts, err));
    TRY(record_shard(history, merge, ret_counts, err));
    return db_commit(history, err);
}

Status merge_shard(Db *history, const ShardMerge *merge, ShardCounts *ret_counts, Err *err) {
    TRY(db_attach(history, merge->path, "shard", err));
    Status status = merge_in_transaction(history, merge, ret_counts, err);
    if (status != ST_OK) {
        db_rollback(history);
    }
    Err ignored;
    Status detached = db_detach(history, "shard", status == ST_OK ? err : &ignored);
    return status == ST_OK ? detached : status;
}
