#include "app/lookup.h"

#include "base/str.h"
#include "warehouse/query.h"

Status lookup_prepare(Db *history, const char *query, const char *group_id, Stmt **ret_stmt,
                      Err *err) {
    QueryInfo info;
    const DbParam params[] = {group_id == NULL ? DB_END : DB_TEXT("group_id", group_id), DB_END};
    TRY(query_find(query, &info, err));
    return query_prepare(history, &info, params, ret_stmt, err);
}

const char *lookup_text(Stmt *stmt, const char *column) {
    int at = stmt_column_at(stmt, column);
    const char *text = at < 0 ? NULL : stmt_text(stmt, at);
    return text == NULL ? "" : text;
}

static void take_run(Stmt *stmt, LookupRun *run) {
    str_copy(run->group_id, sizeof run->group_id, lookup_text(stmt, "group_id"));
    str_copy(run->date, sizeof run->date, lookup_text(stmt, "scan_date"));
    str_copy(run->previous_group_id, sizeof run->previous_group_id,
             lookup_text(stmt, "previous_group_id"));
    run->is_pruned = str_equal(lookup_text(stmt, "pruned"), "1");
}

static Status check_is_whole(const LookupRun *run, Err *err) {
    if (!run->is_pruned) {
        return ST_OK;
    }
    err_set(err, ST_NOTHING, "the evaluations of %s were pruned", run->group_id);
    return err_hint(err, "its counts are still there: 'confhouse query trend'; an older dated copy "
                         "of the history may have the rest");
}

Status lookup_run(Db *history, const char *group_id, LookupRun *ret_run, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    *ret_run = (LookupRun){0};
    TRY(lookup_prepare(history, "runs", NULL, &stmt, err));
    for (;;) {
        bool row = false;
        TRY(stmt_step(stmt, &row, err));
        if (!row) {
            break;
        }
        take_run(stmt, ret_run);
        if (str_equal(ret_run->group_id, group_id)) {
            return check_is_whole(ret_run, err);
        }
    }
    if (ret_run->group_id[0] == '\0') {
        return err_set(err, ST_NOTHING, "the history has no runs");
    }
    if (group_id == NULL) {
        return ST_OK; /* they come oldest first */
    }
    err_set(err, ST_NOTHING, "there is no run '%.64s' in the history", group_id);
    return err_hint(err, "the newest is '%s'; 'confhouse query runs' lists them",
                    ret_run->group_id);
}
