/* Db: SQLite with our errors and our settings. SQL comes from the .sql files embedded at build time
 * ("sql_text.h"); the only SQL in C is BEGIN, COMMIT, PRAGMA, ATTACH and DETACH, and it is here. */
#ifndef DB_DB_H
#define DB_DB_H

#include "base/err.h"
#include "format/table.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Db Db;
typedef struct Stmt Stmt;

typedef enum DbMode {
    DB_READ,    /* read only; absent is ST_NOT_FOUND */
    DB_WRITE,   /* must exist */
    DB_CREATE,  /* created when absent; rollback journal, full sync */
    DB_SCRATCH, /* created; no sync, secure_delete off: made to be published whole */
} DbMode;

Status db_open(const char *path, DbMode mode, Db **ret_db, Err *err) WARN_UNUSED;
void db_close(Db *db);
void db_close_at(Db **db);

/* ':name' parameters of a script. */
typedef struct DbParam {
    const char *name; /* with its colon; NULL ends a list */
    Cell value;
} DbParam;
#define DB_TEXT(name_, text_)   ((DbParam){name_, {.type = CELL_TEXT, .text = (text_)}})
#define DB_INT(name_, number_)  ((DbParam){name_, {.type = CELL_INT, .integer = (number_)}})
#define DB_REAL(name_, number_) ((DbParam){name_, {.type = CELL_REAL, .real = (number_)}})
#define DB_END                  ((DbParam){NULL, {.type = CELL_NULL}})

/* Runs all statements of a script; rows are passed over. Each statement gets those parameters that
 * it names. `params` ends with DB_END and may be NULL. A NULL text binds NULL. */
Status db_run(Db *db, const char *sql, const DbParam *params, Err *err) WARN_UNUSED;

/* The first column of the first row of one statement; `*ret_number` stays when there is no row. */
Status db_get_int(Db *db, const char *sql, const DbParam *params, int64_t *ret_number,
                  Err *err) WARN_UNUSED;

Status db_begin(Db *db, Err *err) WARN_UNUSED; /* immediate */
Status db_commit(Db *db, Err *err) WARN_UNUSED;
void db_rollback(Db *db); /* nothing when no transaction is open */

/* As `name`, a name that the program chose. */
Status db_attach(Db *db, const char *path, const char *name, Err *err) WARN_UNUSED;
/* That the file is sound: quick_check (types, NOT NULL and CHECK constraints among it) and foreign
 * keys. ST_CORRUPT otherwise. */
Status db_check(Db *db, const char *schema, Err *err) WARN_UNUSED;
/* The same, and that every index says what its table says: takes longer. */
Status db_check_indexes(Db *db, const char *schema, Err *err) WARN_UNUSED;
Status db_detach(Db *db, const char *name, Err *err) WARN_UNUSED;
/* Of the main database or an attached one. */
Status db_pragma_int(Db *db, const char *schema, const char *pragma, int64_t *ret_number,
                     Err *err) WARN_UNUSED;
Status db_set_pragma_int(Db *db, const char *pragma, int64_t number, Err *err) WARN_UNUSED;

/* Lets statements write the table sqlite_schema, until it is forbidden again and the schema read
 * anew. For migrations of ours; not within a transaction. */
Status db_edit_schema(Db *db, bool allow, Err *err) WARN_UNUSED;

int64_t db_changes(const Db *db); /* rows touched by the last statement of db_run */
int64_t db_last_rowid(const Db *db);

/* For the statements of one connection only: `name(text)` in SQL becomes make(text, ret, size).
 * NULL gives NULL. What it makes depends on its argument alone. */
typedef void DbTextFunction(const char *text, char *ret_text, size_t size);
Status db_add_text_function(Db *db, const char *name, DbTextFunction *make, Err *err) WARN_UNUSED;

/* The same for a question: `name(text)` becomes 1 or 0. `text` has `size` bytes, zero bytes among
 * them, and need not be valid UTF-8; NULL gives 1. A blob gives 0. */
typedef bool DbTextTest(const char *text, size_t size);
Status db_add_text_test(Db *db, const char *name, DbTextTest *test, Err *err) WARN_UNUSED;

/* Statements that run often. One statement only; what follows it is ST_USAGE. */
Status db_prepare(Db *db, const char *sql, Stmt **ret_stmt, Err *err) WARN_UNUSED;
void stmt_free_at(Stmt **stmt);
/* Those of the parameters that the statement names. */
Status stmt_bind(Stmt *stmt, const DbParam *params, Err *err) WARN_UNUSED;
bool stmt_has_param(Stmt *stmt, const char *name);            /* with its colon */
void stmt_bind_int(Stmt *stmt, int index, int64_t number);    /* index from 1 */
void stmt_bind_text(Stmt *stmt, int index, const char *text); /* borrowed; NULL binds NULL */
void stmt_bind_null(Stmt *stmt, int index);
Status stmt_step(Stmt *stmt, bool *ret_row, Err *err) WARN_UNUSED;
/* Steps to the end, then resets for the next round. */
Status stmt_run(Stmt *stmt, Err *err) WARN_UNUSED;
void stmt_reset(Stmt *stmt);
int stmt_column_count(Stmt *stmt);
const char *stmt_column_name(Stmt *stmt, int column);
int stmt_column_at(Stmt *stmt, const char *name); /* -1 when there is no such column */
Cell stmt_cell(Stmt *stmt, int column);           /* texts live until the next step */
const char *stmt_text(Stmt *stmt, int column);    /* NULL for NULL */
/* A blob, or text with a zero byte in it: no Cell can hold all of it. */
bool stmt_is_binary(Stmt *stmt, int column);
int64_t stmt_int(Stmt *stmt, int column);

/* Makes a long statement stop at this moment (wall clock, ms; 0 = never) with ST_DEADLINE, or when
 * `*cancelled` becomes true, with ST_CANCELLED. */
void db_set_limits(Db *db, int64_t deadline_ms, const bool *cancelled);

/* From now on only statements that read are prepared (ST_USAGE otherwise): for SQL that a user
 * wrote. */
void db_guard_user_sql(Db *db);

#endif
