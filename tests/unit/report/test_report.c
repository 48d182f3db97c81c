#include "base/mem.h"
#include "base/str.h"
#include "history_fixture.h"
#include "report/package.h"
#include "report/report.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Left behind for tests/e2e/test_report_workbook.py, which reads every cell of them. */
#define FIXTURE_DB            TEST_BINARY_DIR "/report-fixture.db"
#define FIXTURE_BOOK          TEST_BINARY_DIR "/report-fixture.xlsx"
#define FIXTURE_PARTS         TEST_BINARY_DIR "/report-fixture-parts.xlsx"
#define FIXTURE_EARLY         TEST_BINARY_DIR "/report-fixture-early.xlsx"
#define FIXTURE_FIRST         TEST_BINARY_DIR "/report-fixture-first.xlsx"
#define FIXTURE_NARROW(which) TEST_BINARY_DIR "/report-fixture-" which ".xlsx"

static const ReportOptions fixture_options = {
    .green_from = 0.95, .yellow_from = 0.80, .history_sha256 = "ab12"};

static Db *history;

static int setup(void **state) {
    (void)state;
    history = fixture_make(FIXTURE_DB);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    db_close(history);
    return 0;
}

static int count_files(const char *folder) {
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    int count = 0;
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        count += entry->d_name[0] != '.';
    }
    closedir(dir);
    return count;
}

static ReportResult write_book(const char *group_id, int64_t max_rows, const char *path) {
    Err err = {0};
    ReportOptions options = fixture_options;
    options.group_id = group_id;
    options.max_rows = max_rows;
    ReportResult result;
    ASSERT_OK(report_write(history, &options, path, &result, &err));
    ASSERT_OK(package_check(path, &err));
    return result;
}

static void the_newest_run_is_reported_when_none_is_named(void **state) {
    (void)state;
    ReportResult result = write_book(NULL, 0, FIXTURE_BOOK);
    assert_string_equal(result.group_id, "2026-11-22");
    assert_string_equal(result.date, "2026-11-22");
    assert_true(result.rows > 50);
}

static void an_older_run_is_reported_by_name(void **state) {
    (void)state;
    ReportResult result = write_book("2026-11-08", 0, FIXTURE_EARLY);
    assert_string_equal(result.group_id, "2026-11-08");
    result = write_book("2026-10-18", 0, FIXTURE_FIRST);
    assert_string_equal(result.date, "2026-10-18");
}

static void sheets_go_on_in_further_parts(void **state) {
    (void)state;
    ReportResult whole = write_book(NULL, 0, FIXTURE_BOOK);
    ReportResult parts = write_book(NULL, 6, FIXTURE_PARTS);
    assert_int_equal(parts.rows, whole.rows);
}

static void write_narrowed(ReportOptions options, const char *path) {
    Err err = {0};
    ReportResult result;
    options.green_from = fixture_options.green_from;
    options.yellow_from = fixture_options.yellow_from;
    assert_true(report_is_narrowed(&options));
    ASSERT_OK(report_write(history, &options, path, &result, &err));
}

static void a_report_is_narrowed_to_what_is_asked_for(void **state) {
    (void)state;
    write_narrowed((ReportOptions){.environment = "prod"}, FIXTURE_NARROW("prod"));
    write_narrowed((ReportOptions){.owner = "platform", .since = "2026-11-01"},
                   FIXTURE_NARROW("owner"));
    write_narrowed((ReportOptions){.owner = ""}, FIXTURE_NARROW("nobody"));
    write_narrowed((ReportOptions){.account = "webshop-staging"}, FIXTURE_NARROW("account"));
    assert_false(report_is_narrowed(&fixture_options));
}

static void narrowed_to_nothing_is_nothing(void **state) {
    (void)state;
    const ReportOptions options[] = {{.account = "payments-prd"},
                                     {.account = "webshop-staging", .environment = "prod"},
                                     {.owner = "platfrom"},
                                     {.owner = "platform", .account = "old-sandbox"}};
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        Err err = {0};
        ReportResult result;
        assert_int_equal(report_write(history, &options[i], "/nonexistent/a.xlsx", &result, &err),
                         ST_NOTHING);
        assert_non_null(strstr(err.message, i < 2 ? "the account" : "what is owned by platf"));
    }
}

/* The small history, changed by a further file; its report, for the tests that read it. */
static void write_other(const char *name) {
    Err err = {0};
    ReportResult result;
    OWN(mem_free_at) char *db_path = mem_printf("%s/report-fixture-%s.db", TEST_BINARY_DIR, name);
    OWN(mem_free_at) char *path = mem_printf("%s/report-fixture-%s.xlsx", TEST_BINARY_DIR, name);
    OWN(mem_free_at) char *sql = mem_printf("history_%s.sql", name);
    OWN(db_close_at) Db *db = fixture_make(db_path);
    fixture_add(db, sql);
    ASSERT_OK(report_write(db, &fixture_options, path, &result, &err));
}

static void organizations_of_all_kinds_get_a_workbook(void **state) {
    (void)state;
    write_other("noprod");
    write_other("unscanned");
    write_other("clean");
}

static void a_run_that_is_not_there_is_nothing(void **state) {
    (void)state;
    Err err = {0};
    OWN(temp_dir_close) TempDir dir = {0};
    ASSERT_OK(temp_dir_open(&dir, &err));
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "a.xlsx");
    ReportOptions options = fixture_options;
    ReportResult result;
    options.group_id = "2020-01-01";
    assert_int_equal(report_write(history, &options, path, &result, &err), ST_NOTHING);
    assert_non_null(strstr(err.message, "2020-01-01"));
    options.group_id = "../../etc";
    assert_int_equal(report_write(history, &options, path, &result, &err), ST_USAGE);
    assert_int_equal(count_files(dir.path), 0);
}

static void an_empty_history_is_nothing(void **state) {
    (void)state;
    Err err = {0};
    OWN(temp_dir_close) TempDir dir = {0};
    ASSERT_OK(temp_dir_open(&dir, &err));
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "a.xlsx");
    OWN(temp_dir_close) TempDir scratch = {0};
    ASSERT_OK(temp_dir_open(&scratch, &err));
    OWN(db_close_at) Db *empty = NULL;
    OWN(mem_free_at) char *empty_path = temp_dir_path(&scratch, "empty.db");
    ASSERT_OK(history_open_scratch(empty_path, &empty, &err));
    ReportResult result;
    assert_int_equal(report_write(empty, &fixture_options, path, &result, &err), ST_NOTHING);
    assert_int_equal(count_files(dir.path), 0);
}

static void a_place_that_cannot_be_written_is_an_error(void **state) {
    (void)state;
    Err err = {0};
    ReportResult result;
    assert_int_equal(report_write(history, &fixture_options, "/nonexistent/a.xlsx", &result, &err),
                     ST_IO);
    assert_non_null(strstr(err.message, "/nonexistent/a.xlsx"));
    assert_int_not_equal(err.hint[0], '\0');
}

static void a_folder_in_the_way_is_an_error_and_leaves_nothing(void **state) {
    (void)state;
    Err err = {0};
    OWN(temp_dir_close) TempDir dir = {0};
    ASSERT_OK(temp_dir_open(&dir, &err));
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "a.xlsx");
    ASSERT_OK(file_make_dirs(path, &err));
    ReportResult result;
    assert_int_equal(report_write(history, &fixture_options, path, &result, &err), ST_IO);
    assert_int_equal(count_files(dir.path), 1);
}

/* Writes with a limit on the size of files, which stands for a full disk: writing fails in the same
 * places. */
static Status write_within(Db *db, rlim_t max_bytes, const char *path, Err *err) {
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit limit = {max_bytes, before.rlim_max};
    ReportResult result;
    setrlimit(RLIMIT_FSIZE, &limit);
    Status status = report_write(db, &fixture_options, path, &result, err);
    setrlimit(RLIMIT_FSIZE, &before);
    return status;
}

/* The rows of a sheet are larger than the workbook, which is packed: from some limit on only they
 * do not fit. */
static void a_full_disk_leaves_the_old_workbook(void **state) {
    (void)state;
    Err err = {0};
    OWN(temp_dir_close) TempDir dir = {0};
    ASSERT_OK(temp_dir_open(&dir, &err));
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "a.xlsx");
    OWN(mem_free_at) char *db_path = temp_dir_path(&dir, "many.db");
    OWN(db_close_at) Db *many = fixture_make(db_path);
    fixture_add(many, "history_many.sql");
    OWN(buf_done) Buf whole = {0};
    ReportResult result;
    ASSERT_OK(report_write(many, &fixture_options, path, &result, &err));
    ASSERT_OK(file_read(path, 8 << 20, &whole, &err));
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    int failures = 0;
    int successes = 0;
    for (rlim_t size = 1024; size <= 8 << 20; size += size / 2) {
        ASSERT_OK(file_write_atomic(path, "old", 3, &err));
        Status status = write_within(many, size, path, &err);
        failures += status == ST_IO;
        successes += status == ST_OK;
        assert_int_equal(count_files(dir.path), 2);
        OWN(buf_done) Buf data = {0};
        ASSERT_OK(file_read(path, 8 << 20, &data, &err));
        if (status == ST_IO) {
            assert_string_equal(buf_text(&data), "old");
        } else {
            assert_int_equal(data.size, whole.size);
            assert_memory_equal(data.data, whole.data, whole.size);
        }
    }
    signal(SIGXFSZ, handler);
    assert_true(failures > 5);
    assert_true(successes > 0);
}

static void being_stopped_leaves_nothing(void **state) {
    (void)state;
    Err err = {0};
    OWN(temp_dir_close) TempDir dir = {0};
    ASSERT_OK(temp_dir_open(&dir, &err));
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "a.xlsx");
    bool cancelled = true;
    ReportOptions options = fixture_options;
    options.cancelled = &cancelled;
    ReportResult result;
    assert_int_equal(report_write(history, &options, path, &result, &err), ST_CANCELLED);
    assert_int_equal(count_files(dir.path), 0);
}

static void the_same_run_gives_the_same_workbook(void **state) {
    (void)state;
    Err err = {0};
    OWN(temp_dir_close) TempDir dir = {0};
    ASSERT_OK(temp_dir_open(&dir, &err));
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "a.xlsx");
    OWN(buf_done) Buf first = {0};
    OWN(buf_done) Buf second = {0};
    write_book("2026-11-08", 0, path);
    ASSERT_OK(file_read(path, 1 << 20, &first, &err));
    write_book("2026-11-08", 0, path);
    ASSERT_OK(file_read(path, 1 << 20, &second, &err));
    assert_int_equal(first.size, second.size);
    assert_memory_equal(first.data, second.data, first.size);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_run_is_reported_when_none_is_named),
        cmocka_unit_test(an_older_run_is_reported_by_name),
        cmocka_unit_test(sheets_go_on_in_further_parts),
        cmocka_unit_test(a_report_is_narrowed_to_what_is_asked_for),
        cmocka_unit_test(narrowed_to_nothing_is_nothing),
        cmocka_unit_test(organizations_of_all_kinds_get_a_workbook),
        cmocka_unit_test(a_run_that_is_not_there_is_nothing),
        cmocka_unit_test(an_empty_history_is_nothing),
        cmocka_unit_test(a_place_that_cannot_be_written_is_an_error),
        cmocka_unit_test(a_folder_in_the_way_is_an_error_and_leaves_nothing),
        cmocka_unit_test(a_full_disk_leaves_the_old_workbook),
        cmocka_unit_test(being_stopped_leaves_nothing),
        cmocka_unit_test(the_same_run_gives_the_same_workbook),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
