/* The small history of tests/fixtures, made anew in a folder. */
#ifndef TEST_HISTORY_FIXTURE_H
#define TEST_HISTORY_FIXTURE_H

#include "base/buf.h"
#include "base/file.h"
#include "db/db.h"
#include "warehouse/history.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>

#define ASSERT_OK(expr)                                                                            \
    do {                                                                                           \
        Status assert_status_ = (expr);                                                            \
        if (assert_status_ != ST_OK) {                                                             \
            fail_msg("%s: %s", status_word(assert_status_), err.message);                          \
        }                                                                                          \
    } while (0)

static inline void fixture_add(Db *db, const char *name) {
    Err err = {0};
    OWN(buf_done) Buf rows = {0};
    char path[512];
    snprintf(path, sizeof path, "%s/tests/fixtures/%s", TEST_SOURCE_DIR, name);
    ASSERT_OK(file_read(path, 1 << 20, &rows, &err));
    ASSERT_OK(db_run(db, buf_text(&rows), NULL, &err));
}

static inline Db *fixture_make(const char *path) {
    Err err = {0};
    Db *db = NULL;
    ASSERT_OK(file_remove(path, &err));
    ASSERT_OK(history_open_scratch(path, &db, &err));
    fixture_add(db, "history_small.sql");
    db_close(db);
    ASSERT_OK(db_open(path, DB_WRITE, &db, &err));
    return db;
}

#endif
