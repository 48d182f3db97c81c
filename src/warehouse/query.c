#include "warehouse/query.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "sql_text.h"

#include <string.h>

static const char folder[] = "queries/";

/* The paths are sorted, so all queries stand together in the order of their names. */
static const SqlFile *first_query(void) {
    const SqlFile *file = sql_files;
    while (file->path != NULL && !str_starts(file->path, folder)) {
        file++;
    }
    return file;
}

size_t query_count(void) {
    size_t count = 0;
    for (const SqlFile *file = first_query(); file->path != NULL; file++) {
        count += str_starts(file->path, folder);
    }
    return count;
}

/* What follows "-- " and `word` at the start of a line, trimmed; false when it is another line. */
static bool line_after(const char *line, size_t size, const char *word, const char **ret_text,
                       size_t *ret_size) {
    size_t prefix = strlen("-- ") + strlen(word);
    if (size <= prefix || memcmp(line, "-- ", 3) != 0 || memcmp(line + 3, word, prefix - 3) != 0 ||
        line[prefix] != ' ') {
        return false;
    }
    line += prefix;
    size -= prefix;
    while (size > 0 && line[0] == ' ') {
        line++;
        size--;
    }
    *ret_text = line;
    *ret_size = size;
    return true;
}

static void copy_piece(char *to, size_t to_size, const char *text, size_t size) {
    size_t length = size < to_size ? size : to_size - 1;
    memcpy(to, text, length);
    to[length] = '\0';
}

/* The next line of the comment that begins the file; false where the SQL begins. */
static bool next_header_line(const char **rest, const char **ret_line, size_t *ret_size) {
    if (!str_starts(*rest, "--")) {
        return false;
    }
    *ret_line = *rest;
    *ret_size = strcspn(*rest, "\n");
    *rest += *ret_size;
    *rest += **rest == '\n';
    return true;
}

void query_info(size_t index, QueryInfo *ret_info) {
    ASSERT(index < query_count());
    const SqlFile *file = first_query() + index;
    const char *name = file->path + strlen(folder);
    *ret_info = (QueryInfo){.sql = file->text};
    copy_piece(ret_info->name, sizeof ret_info->name, name, strlen(name) - strlen(".sql"));
    const char *rest = file->text;
    const char *line = NULL;
    const char *text = NULL;
    size_t size = 0;
    while (next_header_line(&rest, &line, &size)) {
        if (line_after(line, size, "summary:", &text, &size)) {
            copy_piece(ret_info->summary, sizeof ret_info->summary, text, size);
            return;
        }
    }
}

Status query_find(const char *name, QueryInfo *ret_info, Err *err) {
    OWN(buf_done) Buf names = {0};
    for (size_t i = 0; i < query_count(); i++) {
        query_info(i, ret_info);
        if (str_equal(ret_info->name, name)) {
            return ST_OK;
        }
        /* Those of the sheets follow the workbook; they would drown the others. */
        if (!str_starts(ret_info->name, "sheet_")) {
            buf_printf(&names, "%s%s", names.size > 0 ? ", " : "", ret_info->name);
        }
    }
    *ret_info = (QueryInfo){0};
    err_set(err, ST_USAGE, "there is no query '%.64s'", name);
    return err_hint(err, "there are %s, and one for every sheet of the workbook (sheet_…)",
                    buf_text(&names));
}

bool query_doc(const QueryInfo *info, const char *kind, size_t index, QueryDoc *ret_doc) {
    const char *rest = info->sql;
    const char *line = NULL;
    const char *text = NULL;
    size_t size = 0;
    while (next_header_line(&rest, &line, &size)) {
        if (!line_after(line, size, kind, &text, &size)) {
            continue;
        }
        const char *colon = memchr(text, ':', size);
        if (colon == NULL || index-- > 0) {
            continue;
        }
        copy_piece(ret_doc->name, sizeof ret_doc->name, text, (size_t)(colon - text));
        const char *after = colon + 1;
        after += after < text + size && *after == ' ';
        copy_piece(ret_doc->text, sizeof ret_doc->text, after, (size_t)(text + size - after));
        return true;
    }
    return false;
}

bool query_has_param(const QueryInfo *info, const char *name) {
    QueryDoc doc;
    for (size_t i = 0; query_doc(info, "param", i, &doc); i++) {
        if (str_equal(doc.name, name)) {
            return true;
        }
    }
    return false;
}

static Status unknown_param(const QueryInfo *info, const char *name, Err *err) {
    OWN(buf_done) Buf names = {0};
    QueryDoc doc;
    for (size_t i = 0; query_doc(info, "param", i, &doc); i++) {
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", doc.name);
    }
    err_set(err, ST_USAGE, "the query %s has no parameter '%.64s'", info->name, name);
    return names.size == 0 ? err_hint(err, "it has none")
                           : err_hint(err, "it has %s", buf_text(&names));
}

/* SQLite's names of parameters have a colon, those of users have none. */
static Status bind(Stmt *stmt, const DbParam *params, Err *err) {
    OWN(arena_done) Arena arena = {0};
    for (; params != NULL && params->name != NULL; params++) {
        const char *name = arena_printf(&arena, ":%s", params->name);
        if (!stmt_has_param(stmt, name)) {
            err_set(err, ST_USAGE, "the SQL has no parameter :%.64s", params->name);
            return err_hint(err, "write it as :%.64s where its value is to stand", params->name);
        }
        const DbParam one[] = {{name, params->value}, DB_END};
        TRY(stmt_bind(stmt, one, err));
    }
    return ST_OK;
}

Status query_prepare(Db *db, const QueryInfo *info, const DbParam *params, Stmt **ret_stmt,
                     Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    *ret_stmt = NULL;
    for (const DbParam *param = params; param != NULL && param->name != NULL; param++) {
        if (!query_has_param(info, param->name)) {
            return unknown_param(info, param->name, err);
        }
    }
    if (db_prepare(db, info->sql, &stmt, err) != ST_OK) {
        return err_wrap(err, "the query %s", info->name);
    }
    TRY(bind(stmt, params, err));
    *ret_stmt = stmt;
    stmt = NULL;
    return ST_OK;
}

Status query_prepare_user(Db *db, const char *sql, const DbParam *params, Stmt **ret_stmt,
                          Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    Err cause;
    *ret_stmt = NULL;
    Status status = db_prepare(db, sql, &stmt, &cause);
    if (status == ST_INTERNAL || status == ST_USAGE) {
        err_set(err, ST_USAGE, "the SQL cannot be run: %s", cause.message);
        return err_hint(err, "%s",
                        cause.hint[0] != '\0' ? cause.hint
                                              : "give one statement that reads, like "
                                                "SELECT * FROM runs");
    }
    if (status != ST_OK) {
        return err_set(err, status, "%s", cause.message);
    }
    if (stmt_column_count(stmt) == 0) { /* VACUUM asks no leave, and gives no rows */
        err_set(err, ST_USAGE, "the SQL cannot be run: it does not read");
        return err_hint(err, "give one statement that reads, like SELECT * FROM runs");
    }
    TRY(bind(stmt, params, err));
    *ret_stmt = stmt;
    stmt = NULL;
    return ST_OK;
}
