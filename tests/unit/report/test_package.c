#include "base/file.h"
#include "base/mem.h"
#include "report/package.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

static TempDir dir;
static char *path;

static int setup(void **state) {
    (void)state;
    Err err = {0};
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    path = temp_dir_path(&dir, "a.xlsx");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    mem_free(path);
    temp_dir_close(&dir);
    return 0;
}

/* A workbook of some thousand rows. The file in which they wait is cut at `cut_at` bytes, unless
 * that is negative, as it is when the disk is full. */
static void write_book(off_t cut_at) {
    lxw_workbook_options options = {.constant_memory = LXW_TRUE, .tmpdir = dir.path};
    lxw_workbook *book = workbook_new_opt(path, &options);
    lxw_worksheet *sheet = workbook_add_worksheet(book, "Rows");
    for (lxw_row_t row = 0; row < 4000; row++) {
        assert_int_equal(worksheet_write_string(sheet, row, 0, "some text", NULL), LXW_NO_ERROR);
    }
    if (cut_at >= 0) {
        fflush(sheet->optimize_tmpfile);
        assert_int_equal(ftruncate(fileno(sheet->optimize_tmpfile), cut_at), 0);
        fseek(sheet->optimize_tmpfile, 0, SEEK_END);
    }
    assert_int_equal(workbook_close(book), LXW_NO_ERROR); /* the library does not notice */
}

static void a_whole_workbook_passes(void **state) {
    (void)state;
    Err err = {0};
    write_book(-1);
    assert_int_equal(package_check(path, &err), ST_OK);
}

static void rows_that_were_lost_are_found(void **state) {
    (void)state;
    for (off_t cut_at = 100; cut_at < 50000; cut_at = cut_at * 3 + 1) {
        Err err = {0};
        write_book(cut_at);
        assert_int_equal(package_check(path, &err), ST_IO);
        assert_non_null(strstr(err.message, "xl/worksheets/sheet1.xml"));
        assert_int_not_equal(err.hint[0], '\0');
    }
}

static void a_file_cut_short_is_found(void **state) {
    (void)state;
    Err err = {0};
    OWN(buf_done) Buf whole = {0};
    write_book(-1);
    assert_int_equal(file_read(path, 1 << 20, &whole, &err), ST_OK);
    for (size_t size = 0; size < whole.size; size += 97) {
        assert_int_equal(file_write_atomic(path, whole.data, size, &err), ST_OK);
        assert_int_equal(package_check(path, &err), ST_IO);
    }
}

static void what_is_no_workbook_is_refused(void **state) {
    (void)state;
    Err err = {0};
    assert_int_equal(file_write_atomic(path, "", 0, &err), ST_OK);
    assert_int_equal(package_check(path, &err), ST_IO);
    char zeroes[100] = {0};
    assert_int_equal(file_write_atomic(path, zeroes, sizeof zeroes, &err), ST_OK);
    assert_int_equal(package_check(path, &err), ST_IO);
    assert_int_equal(package_check("/nonexistent/a.xlsx", &err), ST_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_workbook_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(rows_that_were_lost_are_found, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_cut_short_is_found, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_workbook_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
