#include "warehouse/chain.h"

#include "base/str.h"
#include "sql_text.h"

static Status put_predecessor(Db *db, const HistoryRef *ref, bool only_first, Err *err) {
    const DbParam params[] = {DB_TEXT(":key", ref->key),
                              DB_INT(":bytes", ref->bytes),
                              DB_TEXT(":sha256", ref->sha256),
                              DB_TEXT(":group_id", ref->group_id),
                              DB_INT(":schema_version", ref->schema_version),
                              DB_INT(":only_first", only_first),
                              DB_END};
    return db_run(db, sql_history_put_predecessor, params, err);
}

Status chain_extend(Db *db, const HistoryLatest *latest, Err *err) {
    if (latest->has_previous) {
        TRY(put_predecessor(db, &latest->previous, true, err));
    }
    return latest->exists ? put_predecessor(db, &latest->newest, false, err) : ST_OK;
}

Status chain_has(Db *db, const char *key, bool *ret_has, Err *err) {
    int64_t count = 0;
    const DbParam params[] = {DB_TEXT(":key", key), DB_END};
    TRY(db_get_int(db, sql_history_is_predecessor, params, &count, err));
    *ret_has = count > 0;
    return ST_OK;
}

Status chain_walk(Db *db, const HistoryLatest *latest, ChainEach *each, void *context, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    int64_t count = 0;
    TRY(db_prepare(db, sql_history_predecessors, &stmt, err));
    for (;; count++) {
        HistoryRef ref = {0};
        bool row = false;
        TRY(stmt_step(stmt, &row, err));
        if (!row) {
            break;
        }
        str_copy(ref.key, sizeof ref.key, stmt_text(stmt, 0));
        ref.bytes = stmt_int(stmt, 1);
        str_copy(ref.sha256, sizeof ref.sha256, stmt_text(stmt, 2));
        str_copy(ref.group_id, sizeof ref.group_id, stmt_text(stmt, 3));
        ref.schema_version = stmt_int(stmt, 4);
        TRY(each(context, &ref, err));
    }
    return count == 0 && latest->has_previous ? each(context, &latest->previous, err) : ST_OK;
}
