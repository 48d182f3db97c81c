#include "notify/message.h"

#include "base/str.h"
#include "format/display.h"
#include "warehouse/query.h"

static Cell cell_of(Stmt *stmt, const char *column) {
    int at = stmt_column_at(stmt, column);
    ASSERT(at >= 0);
    return stmt_cell(stmt, at);
}

static int64_t int_of(Stmt *stmt, const char *column) {
    return cell_of(stmt, column).integer;
}

/* As it may be shown; "" for NULL. */
static const char *text_of(Stmt *stmt, const char *column, Arena *arena) {
    Cell cell = cell_of(stmt, column);
    OWN(buf_done) Buf shown = {0};
    if (cell.type == CELL_TEXT) {
        (void)display_append(&shown, cell.text);
    }
    return arena_strdup(arena, buf_text(&shown));
}

static void take_run(Stmt *stmt, MessageFigures *figures) {
    figures->group_id = text_of(stmt, "group_id", &figures->arena);
    figures->date = text_of(stmt, "scan_date", &figures->arena);
    figures->organization_id = text_of(stmt, "organization_id", &figures->arena);
    figures->management_account = text_of(stmt, "management_account", &figures->arena);
    figures->previous_date = text_of(stmt, "previous_date", &figures->arena);
    figures->scopes_wanted = int_of(stmt, "scopes_planned") - int_of(stmt, "scopes_skipped");
    figures->scopes_read = int_of(stmt, "scopes_scanned");
    figures->last_known = int_of(stmt, "findings_last_known");
}

static void take_environment(Stmt *stmt, MessageFigures *figures) {
    static const char *const names[MESSAGE_ENVIRONMENTS] = {"Prod", "Non-Prod", "Unclassified"};
    int index = figures->environment_count++;
    ASSERT(index < MESSAGE_ENVIRONMENTS);
    figures->environments[index] = (MessageEnvironment){
        .name = names[index],
        .reading = text_of(stmt, "reading", &figures->arena),
        .ratio = cell_of(stmt, "ratio"),
        .after_waivers = cell_of(stmt, "ratio_after_waivers"),
        .change = cell_of(stmt, "change"),
        .open = cell_of(stmt, "non_compliant"),
        .fresh = cell_of(stmt, "new_findings"),
        .reopened = cell_of(stmt, "reopened_findings"),
        .resolved = cell_of(stmt, "resolved_findings"),
        .gone = cell_of(stmt, "gone_findings"),
    };
}

static void take_rule(Stmt *stmt, MessageFigures *figures) {
    if (figures->rule_count < MESSAGE_ITEMS) {
        figures->rules[figures->rule_count++] = (MessageItem){
            .name = text_of(stmt, "rule_group", &figures->arena),
            .count = int_of(stmt, "non_compliant"),
            .fresh = cell_of(stmt, "new_findings"),
        };
    }
}

static void take_missing(Stmt *stmt, MessageFigures *figures) {
    if (figures->missing_count < MESSAGE_ITEMS) {
        figures->missing[figures->missing_count++] = (MessageItem){
            .name = text_of(stmt, "in_words", &figures->arena),
            .example = text_of(stmt, "example", &figures->arena),
        };
    }
}

typedef void TakeRow(Stmt *stmt, MessageFigures *figures);

static Status ask(Db *history, const char *query, const char *group_id, TakeRow *take,
                  MessageFigures *figures, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    QueryInfo info;
    const DbParam params[] = {DB_TEXT("group_id", group_id), DB_END};
    TRY(query_find(query, &info, err));
    TRY(query_prepare(history, &info, params, &stmt, err));
    for (;;) {
        bool row = false;
        TRY(stmt_step(stmt, &row, err));
        if (!row) {
            return ST_OK;
        }
        take(stmt, figures);
    }
}

Status message_load(Db *history, const char *group_id, MessageFigures *ret_figures, Err *err) {
    *ret_figures = (MessageFigures){0};
    TRY(ask(history, "sheet_run", group_id, take_run, ret_figures, err));
    if (ret_figures->group_id == NULL) {
        return err_set(err, ST_NOTHING, "the history has no run %s", group_id);
    }
    TRY(ask(history, "sheet_environments", group_id, take_environment, ret_figures, err));
    TRY(ask(history, "sheet_attention_rules", group_id, take_rule, ret_figures, err));
    return ask(history, "sheet_missing", group_id, take_missing, ret_figures, err);
}

void message_done(MessageFigures *figures) {
    arena_done(&figures->arena);
}
