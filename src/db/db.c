#include "db/db.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "db/db_internal.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { PROGRESS_STEPS = 20000, BUSY_TIMEOUT_MS = 10000 };

/* What SQLite's result codes mean here. */
static Status status_of(const Db *db, int code) {
    switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
        return ST_CORRUPT;
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ST_IO;
    case SQLITE_TOOBIG:
        return ST_LIMIT;
    case SQLITE_AUTH:
        return ST_USAGE;
    case SQLITE_INTERRUPT:
        return db->cancelled != NULL && *db->cancelled ? ST_CANCELLED : ST_DEADLINE;
    default:
        return ST_INTERNAL;
    }
}

/* SQLite calls a file malformed that it could not read. What the system said of its files tells
 * that apart from one that is; 0 = nothing. */
static int unread_errno(const Db *db) {
    const char *const schemas[] = {"main", "temp", db->attached};
    int number = 0;
    for (size_t i = 0; i < sizeof schemas / sizeof schemas[0] && number == 0; i++) {
        (void)sqlite3_file_control(db->handle, schemas[i], SQLITE_FCNTL_LAST_ERRNO, &number);
    }
    return number;
}

Status db_failed(Db *db, const char *doing, Err *err) {
    int code = sqlite3_extended_errcode(db->handle);
    Status status = status_of(db, code);
    int number = (code & 0xff) == SQLITE_CORRUPT ? unread_errno(db) : 0;
    if (number != 0) {
        return err_set(err, ST_IO, "cannot %s: %s", doing, strerror(number));
    }
    err_set(err, status, "cannot %s: %s", doing, sqlite3_errmsg(db->handle));
    if (err == NULL) {
        return status;
    }
    if ((code & 0xff) == SQLITE_FULL) {
        err_hint(err, "make room on that disk (or point TMPDIR to another) and run again");
    } else if ((code & 0xff) == SQLITE_AUTH) {
        err_hint(err, "only statements that read are run here");
    }
    return status;
}

static int on_progress(void *context) {
    const Db *db = context;
    bool cancelled = db->cancelled != NULL && *db->cancelled;
    bool late = db->deadline_ms > 0 && clock_now_ms() >= db->deadline_ms;
    return cancelled || late;
}

static Status set_up(Db *db, DbMode mode, Err *err) {
    /* Nothing in a database file may run code, whoever made the file. */
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_busy_timeout(db->handle, BUSY_TIMEOUT_MS);
    sqlite3_progress_handler(db->handle, PROGRESS_STEPS, on_progress, db);
    switch (mode) {
    case DB_SCRATCH:
        return db_run(db,
                      "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = OFF;"
                      "PRAGMA secure_delete = OFF; PRAGMA locking_mode = EXCLUSIVE;"
                      "PRAGMA temp_store = FILE; PRAGMA cache_size = -65536;",
                      NULL, err);
    case DB_READ:
        return db_run(db, "PRAGMA query_only = ON; PRAGMA cache_size = -2048;", NULL, err);
    case DB_WRITE:
    case DB_CREATE:
        return db_run(db, "PRAGMA synchronous = FULL;", NULL, err);
    }
    return ST_OK;
}

/* Statistics of memory cost a lock at each allocation, and connections in several threads wait for
 * it. */
static void configure(void) {
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

Status db_open(const char *path, DbMode mode, Db **ret_db, Err *err) {
    static const int flags[] = {
        [DB_READ] = SQLITE_OPEN_READONLY,
        [DB_WRITE] = SQLITE_OPEN_READWRITE,
        [DB_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
        [DB_SCRATCH] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    };
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    *ret_db = NULL;
    ASSERT(pthread_once(&configured, configure) == 0);
    OWN(db_close_at) Db *db = mem_alloc(sizeof *db);
    int code = sqlite3_open_v2(path, &db->handle, flags[mode] | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        Status status = err_set(err, ST_IO, "cannot open the database %s: %s", path,
                                sqlite3_errmsg(db->handle));
        return status;
    }
    if (set_up(db, mode, err) != ST_OK) {
        return err == NULL ? ST_IO : err_wrap(err, "%s", path);
    }
    /* The first read is what tells a database from any other file. */
    int64_t ignored = 0;
    if (db_pragma_int(db, "main", "schema_version", &ignored, err) != ST_OK) {
        return err == NULL ? ST_CORRUPT : err_wrap(err, "%s", path);
    }
    *ret_db = db;
    db = NULL;
    return ST_OK;
}

void db_close(Db *db) {
    if (db != NULL) {
        sqlite3_close_v2(db->handle);
        mem_free(db);
    }
}

void db_close_at(Db **db) {
    db_close(*db);
}

Status db_prepare(Db *db, const char *sql, Stmt **ret_stmt, Err *err) {
    sqlite3_stmt *handle = NULL;
    const char *rest = NULL;
    *ret_stmt = NULL;
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, &rest) !=
        SQLITE_OK) {
        return db_failed(db, "prepare a statement", err);
    }
    if (handle == NULL) {
        return err_set(err, ST_USAGE, "there is no statement in the SQL text");
    }
    Stmt *stmt = stmt_new(db, handle);
    sqlite3_stmt *second = NULL;
    int code = sqlite3_prepare_v2(db->handle, rest, -1, &second, NULL);
    sqlite3_finalize(second);
    if (code != SQLITE_OK || second != NULL) {
        stmt_free_at(&stmt);
        return err_set(err, ST_USAGE, "one statement is wanted, and there is more: %.60s", rest);
    }
    *ret_stmt = stmt;
    return ST_OK;
}

static bool is_blank(const char *sql) {
    return sql[strspn(sql, " \t\r\n;")] == '\0';
}

Status db_run(Db *db, const char *sql, const DbParam *params, Err *err) {
    while (!is_blank(sql)) {
        sqlite3_stmt *handle = NULL;
        if (sqlite3_prepare_v2(db->handle, sql, -1, &handle, &sql) != SQLITE_OK) {
            return db_failed(db, "prepare a statement", err);
        }
        if (handle == NULL) { /* only a comment was left */
            continue;
        }
        OWN(stmt_free_at) Stmt *stmt = stmt_new(db, handle);
        TRY(stmt_bind(stmt, params, err));
        TRY(stmt_run(stmt, err));
    }
    return ST_OK;
}

Status db_get_int(Db *db, const char *sql, const DbParam *params, int64_t *ret_number, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    TRY(db_prepare(db, sql, &stmt, err));
    TRY(stmt_bind(stmt, params, err));
    TRY(stmt_step(stmt, &row, err));
    if (row) {
        *ret_number = stmt_int(stmt, 0);
    }
    return ST_OK;
}

Status db_begin(Db *db, Err *err) {
    return db_run(db, "BEGIN IMMEDIATE", NULL, err);
}

Status db_commit(Db *db, Err *err) {
    return db_run(db, "COMMIT", NULL, err);
}

void db_rollback(Db *db) {
    if (sqlite3_get_autocommit(db->handle) == 0) {
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

/* "PRAGMA <schema>.<pragma>": names that this program chose, never those of users. */
static Status prepare_pragma(Db *db, const char *schema, const char *pragma, Stmt **ret_stmt,
                             Err *err) {
    OWN(mem_free_at) char *sql = mem_printf("PRAGMA %s.%s", schema, pragma);
    return db_prepare(db, sql, ret_stmt, err);
}

Status db_pragma_int(Db *db, const char *schema, const char *pragma, int64_t *ret_number,
                     Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    TRY(prepare_pragma(db, schema, pragma, &stmt, err));
    TRY(stmt_step(stmt, &row, err));
    *ret_number = row ? stmt_int(stmt, 0) : 0;
    return ST_OK;
}

Status db_set_pragma_int(Db *db, const char *pragma, int64_t number, Err *err) {
    OWN(mem_free_at) char *sql = mem_printf("PRAGMA %s = %lld", pragma, (long long)number);
    return db_run(db, sql, NULL, err);
}

Status db_edit_schema(Db *db, bool allow, Err *err) {
    if (allow) {
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
        return db_run(db, "PRAGMA writable_schema = ON", NULL, err);
    }
    TRY(db_run(db, "PRAGMA writable_schema = RESET", NULL, err));
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return ST_OK;
}

static Status check(Db *db, const char *schema, const char *pragma, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    bool row = false;
    TRY(prepare_pragma(db, schema, pragma, &stmt, err));
    TRY(stmt_step(stmt, &row, err));
    const char *said = row ? stmt_text(stmt, 0) : NULL;
    int number = str_equal(said, "ok") ? 0 : unread_errno(db);
    if (number != 0) {
        return err_set(err, ST_IO, "cannot check it: %s", strerror(number));
    }
    if (!str_equal(said, "ok")) {
        return err_set(err, ST_CORRUPT, "it is damaged: %.300s", said == NULL ? "?" : said);
    }
    OWN(stmt_free_at) Stmt *keys = NULL;
    TRY(prepare_pragma(db, schema, "foreign_key_check", &keys, err));
    TRY(stmt_step(keys, &row, err));
    if (row) {
        return err_set(err, ST_CORRUPT, "it is damaged: a row of %.64s points to nothing",
                       stmt_text(keys, 0));
    }
    return ST_OK;
}

Status db_check(Db *db, const char *schema, Err *err) {
    return check(db, schema, "quick_check(1)", err);
}

Status db_check_indexes(Db *db, const char *schema, Err *err) {
    return check(db, schema, "integrity_check(1)", err);
}

Status db_attach(Db *db, const char *path, const char *name, Err *err) {
    OWN(mem_free_at) char *sql = mem_printf("ATTACH :path AS %s", name);
    const DbParam params[] = {DB_TEXT(":path", path), DB_END};
    str_copy(db->attached, sizeof db->attached, name);
    Status status = db_run(db, sql, params, err);
    /* What cannot be attached is forgotten at once, and why with it: a file that is malformed is so
     * again, one that could not be read for a moment is not. */
    return status == ST_CORRUPT ? db_run(db, sql, params, err) : status;
}

Status db_detach(Db *db, const char *name, Err *err) {
    OWN(mem_free_at) char *sql = mem_printf("DETACH %s", name);
    return db_run(db, sql, NULL, err);
}

int64_t db_changes(const Db *db) {
    return sqlite3_changes64(db->handle);
}

int64_t db_last_rowid(const Db *db) {
    return sqlite3_last_insert_rowid(db->handle);
}

static void call_text_function(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    DbTextFunction *make = NULL;
    void *data = sqlite3_user_data(context);
    memcpy(&make, data, sizeof make);
    const char *text = (const char *)sqlite3_value_text(values[0]);
    if (text == NULL) {
        sqlite3_result_null(context);
        return;
    }
    char made[1024];
    make(text, made, sizeof made);
    sqlite3_result_text(context, made, -1, SQLITE_TRANSIENT);
}

Status db_add_text_function(Db *db, const char *name, DbTextFunction *make, Err *err) {
    void *data = mem_alloc(sizeof make);
    memcpy(data, &make, sizeof make); /* a function is no object: it travels as bytes */
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    if (sqlite3_create_function_v2(db->handle, name, 1, flags, data, call_text_function, NULL, NULL,
                                   mem_free) != SQLITE_OK) {
        return db_failed(db, "add a function", err);
    }
    return ST_OK;
}

static void call_text_test(sqlite3_context *context, int count, sqlite3_value **values) {
    (void)count;
    DbTextTest *test = NULL;
    void *data = sqlite3_user_data(context);
    memcpy(&test, data, sizeof test);
    switch (sqlite3_value_type(values[0])) {
    case SQLITE_NULL:
        sqlite3_result_int(context, 1);
        return;
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_value_text(values[0]);
        sqlite3_result_int(context, test(text, (size_t)sqlite3_value_bytes(values[0])));
        return;
    }
    default:
        sqlite3_result_int(context, 0);
    }
}

Status db_add_text_test(Db *db, const char *name, DbTextTest *test, Err *err) {
    void *data = mem_alloc(sizeof test);
    memcpy(data, &test, sizeof test);
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
    if (sqlite3_create_function_v2(db->handle, name, 1, flags, data, call_text_test, NULL, NULL,
                                   mem_free) != SQLITE_OK) {
        return db_failed(db, "add a function", err);
    }
    return ST_OK;
}

void db_set_limits(Db *db, int64_t deadline_ms, const bool *cancelled) {
    db->deadline_ms = deadline_ms;
    db->cancelled = cancelled;
}

static int authorize(void *context, int action, const char *a, const char *b, const char *schema,
                     const char *trigger) {
    (void)context;
    (void)a;
    (void)b;
    (void)schema;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    default:
        return SQLITE_DENY;
    }
}

void db_guard_user_sql(Db *db) {
    sqlite3_set_authorizer(db->handle, authorize, NULL);
    sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
}
