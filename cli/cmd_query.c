#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/suggest.h"
#include "cli.h"
#include "output.h"
#include "warehouse/query.h"

#include <string.h>

enum { USER_SQL_ROWS = 100000, USER_SQL_MS = 60000, MAX_PARAMS = 32 };

static Status list_queries(const Cli *cli, Err *err) {
    const char *const columns[] = {"name", "summary"};
    OWN(table_free_at) Table *table = table_new(stdout, output_format(cli), 2, columns);
    for (size_t i = 0; i < query_count(); i++) {
        QueryInfo info;
        query_info(i, &info);
        const Cell cells[] = {{.type = CELL_TEXT, .text = info.name},
                              {.type = CELL_TEXT, .text = info.summary}};
        table_row(table, cells);
    }
    return table_finish(table, err);
}

/* -p name=value, as parameters of SQL; they live in the arena. */
static Status take_params(const Cli *cli, Arena *arena, DbParam ret_params[MAX_PARAMS + 1],
                          Err *err) {
    const char *text = settings_text(&cli->settings, SETTING_PARAM);
    char *rest = arena_strdup(arena, text == NULL ? "" : text);
    size_t count = 0;
    for (char *one = str_split(&rest, "\n"); one != NULL; one = str_split(&rest, "\n")) {
        if (count == MAX_PARAMS) {
            return err_set(err, ST_USAGE, "there are more than %d parameters", MAX_PARAMS);
        }
        char *value = strchr(one, '=');
        ASSERT(value != NULL); /* the settings let nothing else pass */
        *value++ = '\0';
        for (size_t i = 0; i < count; i++) {
            if (str_equal(ret_params[i].name, one)) {
                return err_set(err, ST_USAGE, "the parameter %.64s is given twice", one);
            }
        }
        ret_params[count++] = DB_TEXT(one, value);
    }
    ret_params[count] = DB_END;
    return ST_OK;
}

/* The nearest name beside the list of them all. */
static Status find_query(const char *name, QueryInfo *ret_info, Err *err) {
    Status status = query_find(name, ret_info, err);
    if (status != ST_USAGE) {
        return status;
    }
    Suggestion suggestion;
    static char best[sizeof ret_info->name];
    suggest_begin(&suggestion, name);
    for (size_t i = 0; i < query_count(); i++) {
        QueryInfo info;
        query_info(i, &info);
        suggest_offer(&suggestion, info.name);
        if (suggestion.best == info.name) {
            str_copy(best, sizeof best, info.name);
            suggestion.best = best;
        }
    }
    return suggestion.best == NULL ? status : err_hint(err, "did you mean '%s'?", best);
}

static void limit_time(Cli *cli, Db *history, bool is_user_sql) {
    int64_t deadline = cli->app.deadline_ms;
    if (deadline == 0 && is_user_sql) {
        deadline = clock_now_ms() + USER_SQL_MS;
    }
    db_set_limits(history, deadline, &cli->app.cancelled);
}

static Status print_result(Cli *cli, Stmt *stmt, bool is_user_sql, Err *err) {
    bool is_set = settings_is_set(&cli->settings, SETTING_LIMIT);
    int64_t limit = is_set ? settings_int(&cli->settings, SETTING_LIMIT)
                           : (is_user_sql ? (int64_t)USER_SQL_ROWS : 0);
    bool cut = false;
    Status status = output_rows(cli, stmt, limit, &cut, err);
    if (status == ST_DEADLINE) {
        err_set(err, ST_DEADLINE, "the deadline came before the query was done");
        return err_hint(err, "--deadline gives it more time");
    }
    if (status == ST_INTERNAL && is_user_sql) { /* like bad JSON in json_extract */
        err->status = ST_USAGE;
        return err_wrap(err, "the SQL cannot be run");
    }
    TRY(status);
    if (cut && !is_set) {
        err_set(err, ST_PARTIAL, "there are more rows than these %lld", (long long)limit);
        return err_hint(err, "--limit sets how many are shown");
    }
    return ST_OK;
}

Status cmd_query(Cli *cli, Err *err) {
    OWN(arena_done) Arena arena = {0};
    OWN(stmt_free_at) Stmt *stmt = NULL;
    DbParam params[MAX_PARAMS + 1];
    QueryInfo info;
    Db *history = NULL;
    const char *sql = settings_text(&cli->settings, SETTING_SQL);
    const char *name = cli->operand_count > 0 ? cli->operands[0] : NULL;
    if (sql != NULL && name != NULL) {
        return err_set(err, ST_USAGE, "give the name of a query or --sql, not both");
    }
    if (sql == NULL && name == NULL) {
        return list_queries(cli, err);
    }
    TRY(take_params(cli, &arena, params, err));
    if (name != NULL) {
        TRY(find_query(name, &info, err));
    }
    TRY(app_history(&cli->app, &history, err));
    limit_time(cli, history, sql != NULL);
    if (sql != NULL) {
        db_guard_user_sql(history);
        TRY(query_prepare_user(history, sql, params, &stmt, err));
    } else {
        TRY(query_prepare(history, &info, params, &stmt, err));
    }
    return print_result(cli, stmt, sql != NULL, err);
}
