/* What db.c and stmt.c share; nobody else includes this. */
#ifndef DB_DB_INTERNAL_H
#define DB_DB_INTERNAL_H

#include "db/db.h"

#include <sqlite3.h>

struct Db {
    sqlite3 *handle;
    int64_t deadline_ms;
    const bool *cancelled;
    char attached[32]; /* the database attached last */
};

/* Turns SQLite's last error into ours: `doing` says what was tried. */
Status db_failed(Db *db, const char *doing, Err *err);

/* Takes over `handle`. */
Stmt *stmt_new(Db *db, sqlite3_stmt *handle);

#endif
