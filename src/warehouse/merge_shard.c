#include "warehouse/merge_shard.h"

#include "sql_text.h"

static Status count_shard(const ShardClaim *claim, Err *err) {
    OWN(db_close_at) Db *db = NULL;
    TRY(db_open(":memory:", DB_SCRATCH, &db, err));
    db_set_limits(db, 0, claim->cancelled);
    TRY(db_attach(db, claim->path, "shard", err));
    return db_run(db, sql_merge_count_shard, NULL, err);
}

Status merge_shard_count(const ShardClaim *claim, Err *err) {
    return shard_blame(count_shard(claim, err), err);
}

static Status run_steps(Db *history, const ShardMerge *merge, Err *err) {
    static const char *const steps[] = {
        sql_merge_begin_shard, sql_merge_scopes,  sql_merge_rules,         sql_merge_names,
        sql_merge_incoming,    sql_merge_changed, sql_merge_annotations,   sql_merge_intervals,
        sql_merge_join_later,  sql_merge_tags,    sql_merge_resource_tags, sql_merge_outcomes,
        sql_merge_told,
    };
    const DbParam params[] = {DB_INT(":run_no", merge->run_no),
                              DB_TEXT(":shard_id", merge->facts->shard_id), DB_END};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        TRY(db_run(history, steps[i], params, err));
    }
    return ST_OK;
}

static Status read_counts(Db *history, const ShardMerge *merge, ShardCounts *ret_counts, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    const DbParam params[] = {DB_INT(":run_no", merge->run_no),
                              DB_TEXT(":shard_id", merge->facts->shard_id), DB_END};
    TRY(db_prepare(history, sql_merge_shard_counts, &stmt, err));
    TRY(stmt_bind(stmt, params, err));
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
                              DB_INT(":merged", counts->merged + counts->duplicates),
                              DB_INT(":superseded", counts->superseded),
                              DB_INT(":refused", counts->refused),
                              DB_TEXT(":started_at", merge->facts->started_at),
                              DB_TEXT(":finished_at", merge->facts->finished_at),
                              DB_END};
    TRY(db_run(history, sql_merge_put_run_shard, params, err));
    counts->changes += db_changes(history); /* it counts, even where all of it is superseded */
    TRY(db_run(history, sql_merge_drop_refusal, params, err));
    counts->changes += db_changes(history);
    return db_run(history, sql_merge_run_dates, params, err);
}

static Status merge_in_transaction(Db *history, const ShardMerge *merge, ShardCounts *ret_counts,
                                   Err *err) {
    TRY(db_begin(history, err));
    TRY(run_steps(history, merge, err));
    TRY(read_counts(history, merge, ret_counts, err));
    TRY(record_shard(history, merge, ret_counts, err));
    return db_commit(history, err);
}

Status merge_shard(Db *history, const ShardMerge *merge, ShardCounts *ret_counts, Err *err) {
    Status attached = db_attach(history, merge->path, "shard", err);
    if (attached != ST_OK) {
        return shard_blame(attached, err);
    }
    Status status = merge_in_transaction(history, merge, ret_counts, err);
    if (status != ST_OK) {
        db_rollback(history);
    }
    Err ignored;
    Status detached = db_detach(history, "shard", status == ST_OK ? err : &ignored);
    return status == ST_OK ? detached : shard_blame(status, err);
}
