#include "warehouse/query.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "sql_text.h"
#include "warehouse/history.h"

#include <ctype.h>
#include <string.h>

static Db *open_empty(TempDir *dir) {
    Db *db = NULL;
    Err err;
    assert_int_equal(temp_dir_open(dir, &err), ST_OK);
    OWN(mem_free_at) char *path = temp_dir_path(dir, "history.db");
    assert_int_equal(history_open_scratch(path, &db, &err), ST_OK);
    return db;
}

static Db *open_small(TempDir *dir) {
    Db *db = open_empty(dir);
    OWN(buf_done) Buf text = {0};
    Err err;
    assert_int_equal(
        file_read(TEST_SOURCE_DIR "/tests/unit/warehouse/query_history.sql", 1 << 20, &text, &err),
        ST_OK);
    assert_int_equal(db_run(db, buf_text(&text), NULL, &err), ST_OK);
    return db;
}

static void put_cell(Buf *out, Cell cell) {
    switch (cell.type) {
    case CELL_NULL:
        buf_puts(out, "-");
        break;
    case CELL_TEXT:
        buf_puts(out, cell.text);
        break;
    case CELL_INT:
        buf_printf(out, "%lld", (long long)cell.integer);
        break;
    case CELL_REAL:
        buf_printf(out, "%.3f", cell.real);
        break;
    }
}

static int column_named(Stmt *stmt, const char *name) {
    for (int i = 0; i < stmt_column_count(stmt); i++) {
        if (str_equal(stmt_column_name(stmt, i), name)) {
            return i;
        }
    }
    fail_msg("there is no column %s", name);
    return -1;
}

/* The named columns (separated by blanks) of all rows: "a b; c d". */
static char *rows_of(Db *db, const char *query, const char *columns, const DbParam *params) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    Buf out = {0};
    QueryInfo info;
    Err err;
    bool row = true;
    assert_int_equal(query_find(query, &info, &err), ST_OK);
    if (query_prepare(db, &info, params, &stmt, &err) != ST_OK) {
        fail_msg("%s", err.message);
    }
    for (;;) {
        assert_int_equal(stmt_step(stmt, &row, &err), ST_OK);
        if (!row) {
            break;
        }
        OWN(mem_free_at) char *copy = mem_strdup(columns);
        char *rest = copy;
        buf_puts(&out, out.size > 0 ? "; " : "");
        for (char *name = str_split(&rest, " "); name != NULL; name = str_split(&rest, " ")) {
            put_cell(&out, stmt_cell(stmt, column_named(stmt, name)));
            buf_puts(&out, *rest != '\0' ? " " : "");
        }
    }
    return buf_take(&out);
}

static void assert_rows(Db *db, const char *query, const char *columns, const DbParam *params,
                        const char *expected) {
    OWN(mem_free_at) char *rows = rows_of(db, query, columns, params);
    assert_string_equal(rows, expected);
}

static void finds_queries_by_name(void **state) {
    (void)state;
    QueryInfo info;
    QueryInfo before = {0};
    Err err;
    assert_true(query_count() >= 14);
    for (size_t i = 0; i < query_count(); i++) {
        query_info(i, &info);
        assert_true(strcmp(before.name, info.name) < 0);
        before = info;
    }
    assert_int_equal(query_find("trend", &info, &err), ST_OK);
    assert_string_equal(info.name, "trend");
    assert_int_equal(query_find("trends", &info, &err), ST_USAGE);
    assert_non_null(strstr(err.message, "trends"));
    assert_non_null(strstr(err.hint, "accounts, changes, coverage"));
    assert_non_null(strstr(err.hint, ", trend,"));
    assert_int_equal(query_find("../trend", &info, &err), ST_USAGE);
    assert_int_equal(query_find("", &info, &err), ST_USAGE);
}

/* Checks that every ":name" in the SQL is documented; returns how many of them there are. */
static void check_params(const QueryInfo *info, Stmt *stmt) {
    QueryDoc doc;
    for (size_t i = 0; query_doc(info, "param", i, &doc); i++) {
        OWN(mem_free_at) char *name = mem_printf(":%s", doc.name);
        if (!stmt_has_param(stmt, name) || doc.text[0] == '\0') {
            fail_msg("%s: the parameter '%s' is not there or not explained", info->name, doc.name);
        }
    }
    for (const char *at = strchr(info->sql, ':'); at != NULL; at = strchr(at + 1, ':')) {
        char name[66] = "";
        size_t size = 1;
        while (size < 65 && (islower((unsigned char)at[size]) || at[size] == '_')) {
            size++;
        }
        memcpy(name, at, size);
        if (size == 1 || !stmt_has_param(stmt, name)) {
            continue; /* a colon of the prose */
        }
        bool documented = false;
        for (size_t i = 0; query_doc(info, "param", i, &doc); i++) {
            documented = documented || str_equal(doc.name, name + 1);
        }
        if (!documented) {
            fail_msg("%s: the parameter %s is not documented", info->name, name);
        }
    }
}

static void check_columns(const QueryInfo *info, Stmt *stmt) {
    QueryDoc doc;
    size_t count = (size_t)stmt_column_count(stmt);
    for (size_t i = 0; i < count; i++) {
        const char *name = stmt_column_name(stmt, (int)i);
        if (!query_doc(info, "column", i, &doc) || !str_equal(doc.name, name) ||
            doc.text[0] == '\0') {
            fail_msg("%s: column %zu is %s, and the header says otherwise", info->name, i, name);
        }
    }
    if (query_doc(info, "column", count, &doc)) {
        fail_msg("%s: the header tells of a column '%s' that is not there", info->name, doc.name);
    }
}

static void every_query_runs_and_is_documented(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_empty(&dir);
    for (size_t i = 0; i < query_count(); i++) {
        OWN(stmt_free_at) Stmt *stmt = NULL;
        QueryInfo info;
        Err err;
        query_info(i, &info);
        if (query_prepare(db, &info, NULL, &stmt, &err) != ST_OK || stmt_run(stmt, &err) != ST_OK) {
            fail_msg("%s: %s", info.name, err.message);
        }
        if (info.summary[0] == '\0') {
            fail_msg("%s has no summary", info.name);
        }
        if (!str_starts(info.name, "sheet_")) { /* a sheet has titles of its own */
            check_params(&info, stmt);
            check_columns(&info, stmt);
        }
    }
}

static void reads_the_header(void **state) {
    (void)state;
    QueryInfo info = {.name = "made-up",
                      .sql = "-- summary: s\n-- param from: the first: or none\n--\n"
                             "-- parameters: no\n-- column a: x\n-- param to:\n-- column b: y\n"
                             "SELECT 1;\n-- column c: too late\n"};
    QueryDoc doc;
    assert_true(query_doc(&info, "param", 0, &doc));
    assert_string_equal(doc.name, "from");
    assert_string_equal(doc.text, "the first: or none");
    assert_true(query_doc(&info, "param", 1, &doc));
    assert_string_equal(doc.name, "to");
    assert_string_equal(doc.text, "");
    assert_false(query_doc(&info, "param", 2, &doc));
    assert_true(query_doc(&info, "column", 1, &doc));
    assert_string_equal(doc.name, "b");
    assert_false(query_doc(&info, "column", 2, &doc));
}

static void refuses_parameters_it_does_not_have(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_empty(&dir);
    OWN(stmt_free_at) Stmt *stmt = NULL;
    QueryInfo info;
    Err err;
    assert_int_equal(query_find("trend", &info, &err), ST_OK);
    const DbParam wrong[] = {DB_TEXT("group", "2026-11-22"), DB_END};
    assert_int_equal(query_prepare(db, &info, wrong, &stmt, &err), ST_USAGE);
    assert_null(stmt);
    assert_non_null(strstr(err.message, "'group'"));
    assert_non_null(strstr(err.hint, "group_id, environment"));
    assert_int_equal(query_find("runs", &info, &err), ST_OK);
    assert_int_equal(query_prepare(db, &info, wrong, &stmt, &err), ST_USAGE);
    assert_string_equal(err.hint, "it has none");
}

#define DIFF_COLUMNS "change resource_id compliance_before compliance_after"

static void diff_takes_the_newest_run_and_the_one_before(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_small(&dir);
    assert_rows(db, "diff", DIFF_COLUMNS " previous_group_id group_id", NULL,
                "resolved policy NON_COMPLIANT COMPLIANT third fourth; "
                "resolved unseen NON_COMPLIANT COMPLIANT third fourth");
}

static void diff_spans_any_two_runs(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_small(&dir);
    DbParam params[] = {DB_TEXT("from", "first"), DB_TEXT("to", "fourth"), DB_END};
    assert_rows(db, "diff", DIFF_COLUMNS, params,
                "new late COMPLIANT NON_COMPLIANT; new second-week - NON_COMPLIANT; "
                "resolved policy NON_COMPLIANT COMPLIANT; "
                "resolved unseen NON_COMPLIANT COMPLIANT; gone deleted NON_COMPLIANT -");
    params[0] = DB_TEXT("from", "second");
    assert_rows(db, "diff", "change resource_id", params,
                "new late; reopened to-and-fro; resolved policy; resolved unseen");
    params[0] = DB_TEXT("from", "fourth");
    assert_rows(db, "diff", "change resource_id", params, "");
    params[0] = DB_TEXT("from", "no such run");
    assert_rows(db, "diff", "change resource_id", params, "");
}

static void diff_says_nothing_of_what_was_not_read(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_small(&dir);
    DbParam params[] = {DB_TEXT("from", "first"), DB_TEXT("to", "third"), DB_END};
    assert_rows(db, "diff", "change resource_id", params, "new late; gone deleted");
    params[0] = DB_TEXT("from", "second");
    assert_rows(db, "diff", "change resource_id", params, "new late; reopened to-and-fro");
}

static void diff_of_neighbours_is_what_changed(void **state) {
    (void)state;
    static const char *const runs[] = {"first", "second", "third", "fourth"};
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_small(&dir);
    for (size_t i = 0; i < 4; i++) {
        const char *columns = "change account_id rule_name " DIFF_COLUMNS " previous_group_id";
        DbParam of_diff[] = {DB_TEXT("to", runs[i]), DB_END};
        DbParam of_changes[] = {DB_TEXT("group_id", runs[i]), DB_END};
        OWN(mem_free_at) char *diff = rows_of(db, "diff", columns, of_diff);
        assert_rows(db, "changes", columns, of_changes, diff);
        assert_true((diff[0] == '\0') == (i == 0));
    }
}

static void gaps_are_listed_with_their_reasons(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_small(&dir);
    DbParam params[] = {DB_TEXT("group_id", "third"), DB_END};
    assert_rows(db, "gaps", "what account_id name outcome message last_scanned", params,
                "shard - 03 refused it is damaged -; "
                "scope 222222222222 - denied no such role 2026-11-08; "
                "rule 111111111111 iam-password-policy failed not yours 2026-11-15");
    assert_rows(db, "gaps", "what", NULL, "");
    params[0] = DB_TEXT("group_id", "third");
    assert_rows(db, "coverage", "account_id outcome", params,
                "111111111111 scanned; 222222222222 denied");
}

static void queries_answer_for_the_run_that_is_asked_for(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_small(&dir);
    const DbParam third[] = {DB_TEXT("group_id", "third"), DB_END};
    assert_rows(db, "rules", "rule_group compliant non_compliant ratio_after_waivers unread", NULL,
                "s3-bucket-versioning-enabled 1 4 0.400 0; iam-password-policy 1 0 1.000 0");
    assert_rows(db, "rules", "rule_group compliant non_compliant ratio unread", third,
                "s3-bucket-versioning-enabled 0 3 0.000 0; iam-password-policy 0 0 - 1");
    assert_rows(db, "environments", "environment non_compliant ratio scopes_scanned", third,
                "prod 3 0.000 1; nonprod 0 - 0");
    assert_rows(db, "trend", "group_id environment ratio", third, "third prod 0.000");
    assert_rows(db, "trend", "group_id environment change", NULL,
                "third prod -; fourth prod 0.250; fourth nonprod -");
    assert_rows(db, "owners", "owner compliant non_compliant", NULL, "team-a 0 3;  2 1");
    assert_rows(db, "evaluations", "resource_id mode since", third,
                "late DETECTIVE 2026-11-15; steady DETECTIVE 2026-11-01; "
                "steady PROACTIVE 2026-11-01; to-and-fro DETECTIVE 2026-11-15");
    assert_rows(db, "runs", "group_id complete previous_group_id", NULL,
                "first 1 -; second 1 first; third 0 second; fourth 1 third");
}

static void filters_narrow(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_small(&dir);
    const DbParam account[] = {DB_TEXT("account", "payments-dev"), DB_END};
    const DbParam rule[] = {DB_TEXT("rule", "iam-password-policy"), DB_END};
    const DbParam none[] = {DB_TEXT("owner", ""), DB_END};
    const DbParam resource[] = {DB_TEXT("resource", "to-and-fro"), DB_END};
    assert_rows(db, "findings", "resource_id age_runs", NULL,
                "steady 4; second-week 3; late 2; to-and-fro 2");
    assert_rows(db, "findings", "resource_id", account, "second-week");
    assert_rows(db, "findings", "resource_id", none, "second-week");
    assert_rows(db, "evaluations", "resource_id compliance", rule, "policy COMPLIANT");
    assert_rows(db, "resource", "compliance since until", resource,
                "NON_COMPLIANT first second; COMPLIANT second third; NON_COMPLIANT third -");
    assert_rows(db, "resource", "compliance", NULL, "");
}

static Status prepare_user(Db *db, const char *sql, const DbParam *params, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    Status status = query_prepare_user(db, sql, params, &stmt, err);
    assert_true((stmt != NULL) == (status == ST_OK));
    return status;
}

static void users_may_read_and_nothing_else(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_small(&dir);
    db_guard_user_sql(db);
    Err err;
    assert_int_equal(prepare_user(db, "SELECT * FROM runs; -- all", NULL, &err), ST_OK);
    assert_int_equal(prepare_user(db, "WITH x AS (SELECT 1 AS a) SELECT a FROM x", NULL, &err),
                     ST_OK);
    static const char *const refused[] = {
        "",
        "  -- nothing\n",
        "SELECT * FROM runs; SELECT 1",
        "SELECT no_such_column FROM runs",
        "SELEKT 1",
        "DELETE FROM run",
        "DELETE FROM run RETURNING group_id",
        "INSERT INTO account VALUES (9, '999999999999') RETURNING account_key",
        "UPDATE run SET version = '1'",
        "DROP VIEW runs",
        "CREATE TEMP TABLE t (a)",
        "ATTACH 'other.db' AS other",
        "PRAGMA user_version = 7",
        "PRAGMA journal_mode",
        "VACUUM",
        "VACUUM INTO 'copy.db'",
        "BEGIN",
        "SELECT 1; DELETE FROM run",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (prepare_user(db, refused[i], NULL, &err) != ST_USAGE || err.hint[0] == '\0') {
            fail_msg("not refused with a hint: %s", refused[i]);
        }
    }
    assert_rows(db, "runs", "group_id", NULL, "first; second; third; fourth");
}

static void users_bind_by_name(void **state) {
    (void)state;
    OWN(temp_dir_close) TempDir dir = {0};
    OWN(db_close_at) Db *db = open_small(&dir);
    OWN(stmt_free_at) Stmt *stmt = NULL;
    Err err;
    bool row = false;
    const DbParam params[] = {DB_TEXT("id", "third"), DB_END};
    const char *sql = "SELECT scan_date, :other IS NULL FROM runs WHERE group_id = :id";
    db_guard_user_sql(db);
    assert_int_equal(query_prepare_user(db, sql, params, &stmt, &err), ST_OK);
    assert_int_equal(stmt_step(stmt, &row, &err), ST_OK);
    assert_true(row);
    assert_string_equal(stmt_text(stmt, 0), "2026-11-15");
    assert_int_equal(stmt_int(stmt, 1), 1);
    assert_int_equal(prepare_user(db, "SELECT 1", params, &err), ST_USAGE);
    assert_non_null(strstr(err.message, ":id"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_queries_by_name),
        cmocka_unit_test(every_query_runs_and_is_documented),
        cmocka_unit_test(reads_the_header),
        cmocka_unit_test(refuses_parameters_it_does_not_have),
        cmocka_unit_test(diff_takes_the_newest_run_and_the_one_before),
        cmocka_unit_test(diff_spans_any_two_runs),
        cmocka_unit_test(diff_says_nothing_of_what_was_not_read),
        cmocka_unit_test(diff_of_neighbours_is_what_changed),
        cmocka_unit_test(gaps_are_listed_with_their_reasons),
        cmocka_unit_test(queries_answer_for_the_run_that_is_asked_for),
        cmocka_unit_test(filters_narrow),
        cmocka_unit_test(users_may_read_and_nothing_else),
        cmocka_unit_test(users_bind_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
