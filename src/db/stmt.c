#include "base/mem.h"
#include "base/str.h"
#include "db/db.h"
#include "db/db_internal.h"

#include <string.h>

struct Stmt {
    Db *db;
    sqlite3_stmt *handle;
};

Stmt *stmt_new(Db *db, sqlite3_stmt *handle) {
    Stmt *stmt = mem_alloc(sizeof *stmt);
    *stmt = (Stmt){db, handle};
    return stmt;
}

void stmt_free_at(Stmt **stmt) {
    if (*stmt != NULL) {
        sqlite3_finalize((*stmt)->handle);
        mem_free(*stmt);
        *stmt = NULL;
    }
}

static int bind_cell(Stmt *stmt, int index, const Cell *cell) {
    switch (cell->type) {
    case CELL_NULL:
        return sqlite3_bind_null(stmt->handle, index);
    case CELL_TEXT: /* a NULL text binds NULL */
        return sqlite3_bind_text(stmt->handle, index, cell->text, -1, SQLITE_TRANSIENT);
    case CELL_INT:
        return sqlite3_bind_int64(stmt->handle, index, cell->integer);
    case CELL_REAL:
        return sqlite3_bind_double(stmt->handle, index, cell->real);
    }
    return SQLITE_MISUSE;
}

Status stmt_bind(Stmt *stmt, const DbParam *params, Err *err) {
    for (; params != NULL && params->name != NULL; params++) {
        int index = sqlite3_bind_parameter_index(stmt->handle, params->name);
        if (index > 0 && bind_cell(stmt, index, &params->value) != SQLITE_OK) {
            return db_failed(stmt->db, "bind a parameter", err);
        }
    }
    return ST_OK;
}

bool stmt_has_param(Stmt *stmt, const char *name) {
    return sqlite3_bind_parameter_index(stmt->handle, name) > 0;
}

/* Binding by index fails only when the program is wrong: the index does not exist, or the
 * statement was not reset. */
void stmt_bind_int(Stmt *stmt, int index, int64_t number) {
    ASSERT(sqlite3_bind_int64(stmt->handle, index, number) == SQLITE_OK);
}

void stmt_bind_text(Stmt *stmt, int index, const char *text) {
    ASSERT(sqlite3_bind_text(stmt->handle, index, text, -1, SQLITE_STATIC) == SQLITE_OK);
}

void stmt_bind_null(Stmt *stmt, int index) {
    ASSERT(sqlite3_bind_null(stmt->handle, index) == SQLITE_OK);
}

Status stmt_step(Stmt *stmt, bool *ret_row, Err *err) {
    int code = sqlite3_step(stmt->handle);
    *ret_row = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return db_failed(stmt->db, "run a statement", err);
    }
    return ST_OK;
}

Status stmt_run(Stmt *stmt, Err *err) {
    bool row = true;
    Status status = ST_OK;
    while (status == ST_OK && row) {
        status = stmt_step(stmt, &row, err);
    }
    stmt_reset(stmt);
    return status;
}

void stmt_reset(Stmt *stmt) {
    sqlite3_reset(stmt->handle); /* repeats the error that the step has told already */
}

int stmt_column_count(Stmt *stmt) {
    return sqlite3_column_count(stmt->handle);
}

const char *stmt_column_name(Stmt *stmt, int column) {
    return sqlite3_column_name(stmt->handle, column);
}

int stmt_column_at(Stmt *stmt, const char *name) {
    for (int i = 0; i < stmt_column_count(stmt); i++) {
        if (str_equal(stmt_column_name(stmt, i), name)) {
            return i;
        }
    }
    return -1;
}

Cell stmt_cell(Stmt *stmt, int column) {
    switch (sqlite3_column_type(stmt->handle, column)) {
    case SQLITE_INTEGER:
        return (Cell){.type = CELL_INT, .integer = sqlite3_column_int64(stmt->handle, column)};
    case SQLITE_FLOAT:
        return (Cell){.type = CELL_REAL, .real = sqlite3_column_double(stmt->handle, column)};
    case SQLITE_NULL:
        return (Cell){.type = CELL_NULL};
    default:
        return (Cell){.type = CELL_TEXT, .text = stmt_text(stmt, column)};
    }
}

bool stmt_is_binary(Stmt *stmt, int column) {
    int type = sqlite3_column_type(stmt->handle, column);
    if (type != SQLITE_TEXT) {
        return type == SQLITE_BLOB;
    }
    const char *text = stmt_text(stmt, column);
    return strlen(text) != (size_t)sqlite3_column_bytes(stmt->handle, column);
}

const char *stmt_text(Stmt *stmt, int column) {
    return (const char *)sqlite3_column_text(stmt->handle, column);
}

int64_t stmt_int(Stmt *stmt, int column) {
    return sqlite3_column_int64(stmt->handle, column);
}
