#include "base/str.h"
#include "format/table.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(value)                                                                                \
    { .type = CELL_TEXT, .text = (value) }
#define INTEGER(value)                                                                             \
    { .type = CELL_INT, .integer = (value) }
#define REAL(value)                                                                                \
    { .type = CELL_REAL, .real = (value) }
#define NOTHING                                                                                    \
    { .type = CELL_NULL }

static const char *const columns[] = {"name", "count", "ratio"};

/* What the table prints of `row_count` rows of three cells; the caller frees with free(). */
static char *print(TableFormat format, const Cell *cells, size_t row_count) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    OWN(table_free_at) Table *table = table_new(out, format, 3, columns);
    for (size_t i = 0; i < row_count; i++) {
        table_row(table, cells + 3 * i);
    }
    Err err;
    assert_int_equal(table_finish(table, &err), ST_OK);
    fclose(out);
    return text;
}

static void assert_printed(TableFormat format, const Cell *cells, size_t row_count,
                           const char *expected) {
    char *text = print(format, cells, row_count);
    assert_string_equal(text, expected);
    free(text);
}

static const Cell sample[] = {
    TEXT("prod"), INTEGER(1200), REAL(0.5), TEXT("a,b|c\n=1"), INTEGER(-7),
    NOTHING,      NOTHING,       NOTHING,   REAL(1.0 / 3),
};

static void aligns_for_people(void **state) {
    (void)state;
    assert_printed(TABLE_TEXT, sample, 3,
                   "name      count               ratio\n"
                   "--------  -----  ------------------\n"
                   "prod       1200                 0.5\n"
                   "a,b|c?=1     -7\n"
                   "                 0.3333333333333333\n");
}

static void writes_csv(void **state) {
    (void)state;
    assert_printed(TABLE_CSV, sample, 2, "name,count,ratio\nprod,1200,0.5\n\"a,b|c\n=1\",-7,\n");
    const Cell formula[] = {TEXT("=1"), INTEGER(-1), REAL(-0.5)};
    assert_printed(TABLE_CSV, formula, 1, "name,count,ratio\n'=1,-1,-0.5\n");
}

static void writes_json(void **state) {
    (void)state;
    assert_printed(TABLE_JSON, sample, 2,
                   "[\n  {\"name\":\"prod\",\"count\":1200,\"ratio\":0.5},\n"
                   "  {\"name\":\"a,b|c\\n=1\",\"count\":-7,\"ratio\":null}\n]\n");
}

static void writes_markdown(void **state) {
    (void)state;
    const Cell cells[] = {TEXT("a|b\r\nc<i>"), INTEGER(5), TEXT("x"), TEXT("y"), NOTHING, NOTHING};
    assert_printed(TABLE_MARKDOWN, cells, 2,
                   "| name            | count | ratio |\n"
                   "| --------------- | ----: | ----- |\n"
                   "| a\\|b<br>c&lt;i> |     5 | x     |\n"
                   "| y               |       |       |\n");
}

static void prints_no_rows(void **state) {
    (void)state;
    assert_printed(TABLE_TEXT, NULL, 0, "name  count  ratio\n----  -----  -----\n");
    assert_printed(TABLE_CSV, NULL, 0, "name,count,ratio\n");
    assert_printed(TABLE_JSON, NULL, 0, "[]\n");
    assert_printed(TABLE_MARKDOWN, NULL, 0, "| name | count | ratio |\n| ---- | ----- | ----- |\n");
}

static void aligns_by_what_is_seen(void **state) {
    (void)state;
    const Cell cells[] = {TEXT("\xE6\x9D\xB1\xE4\xBA\xAC"),
                          INTEGER(1),
                          NOTHING,
                          TEXT("caf\xC3\xA9x"),
                          INTEGER(22),
                          NOTHING};
    assert_printed(TABLE_TEXT, cells, 2,
                   "name   count  ratio\n"
                   "-----  -----  -----\n"
                   "\xE6\x9D\xB1\xE4\xBA\xAC       1\n"
                   "caf\xC3\xA9x     22\n");
}

static void a_single_empty_cell_is_still_a_row(void **state) {
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    OWN(table_free_at) Table *table = table_new(out, TABLE_CSV, 1, columns);
    const Cell cell = NOTHING;
    table_row(table, &cell);
    Err err;
    assert_int_equal(table_finish(table, &err), ST_OK);
    fclose(out);
    assert_string_equal(text, "name\n\"\"\n");
    free(text);
}

static void reals_that_are_none_are_empty(void **state) {
    (void)state;
    const Cell cells[] = {REAL((double)NAN), REAL((double)INFINITY), REAL(0.1 + 0.2)};
    assert_printed(TABLE_CSV, cells, 1, "name,count,ratio\n,,0.30000000000000004\n");
    assert_printed(TABLE_JSON, cells, 1,
                   "[\n  {\"name\":null,\"count\":null,\"ratio\":0.30000000000000004}\n]\n");
}

/* Rows past TABLE_ALIGN_ROWS keep the widths of those before. */
static void prints_many_rows(void **state) {
    (void)state;
    enum { ROWS = TABLE_ALIGN_ROWS + 5 };
    Cell *cells = calloc(3 * ROWS, sizeof *cells);
    for (int i = 0; i < ROWS; i++) {
        cells[3 * i] = (Cell)TEXT(i < TABLE_ALIGN_ROWS ? "row" : "longer");
        cells[3 * i + 1] = (Cell)INTEGER(i);
    }
    char *text = print(TABLE_TEXT, cells, ROWS);
    int lines = 0;
    for (const char *c = text; *c != '\0'; c++) {
        lines += *c == '\n';
    }
    assert_int_equal(lines, ROWS + 2);
    assert_non_null(strstr(text, "\nrow     999\n"));
    assert_true(str_ends(text, "\nlonger   1004\n"));
    free(text);
    free(cells);
}

static void tells_when_it_could_not_print(void **state) {
    (void)state;
    for (int format = TABLE_TEXT; format <= TABLE_MARKDOWN; format++) {
        FILE *out = fopen("/dev/full", "w");
        assert_non_null(out);
        OWN(table_free_at) Table *table = table_new(out, (TableFormat)format, 3, columns);
        for (int i = 0; i < 2000; i++) {
            table_row(table, sample);
        }
        Err err;
        assert_int_equal(table_finish(table, &err), ST_IO);
        fclose(out);
    }
}

static void knows_the_names_of_formats(void **state) {
    (void)state;
    TableFormat format = TABLE_TEXT;
    assert_true(table_format_parse("markdown", &format));
    assert_int_equal(format, TABLE_MARKDOWN);
    assert_true(table_format_parse("table", &format));
    assert_int_equal(format, TABLE_TEXT);
    assert_false(table_format_parse("TABLE", &format));
    assert_false(table_format_parse("", &format));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligns_for_people),
        cmocka_unit_test(writes_csv),
        cmocka_unit_test(writes_json),
        cmocka_unit_test(writes_markdown),
        cmocka_unit_test(prints_no_rows),
        cmocka_unit_test(aligns_by_what_is_seen),
        cmocka_unit_test(a_single_empty_cell_is_still_a_row),
        cmocka_unit_test(reals_that_are_none_are_empty),
        cmocka_unit_test(prints_many_rows),
        cmocka_unit_test(tells_when_it_could_not_print),
        cmocka_unit_test(knows_the_names_of_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
