#include "format/csv.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

/* All rows as text: fields joined by '|', each row with its line before and '\n' behind. */
static Status read_all(const char *text, size_t size, Buf *out, Err *err) {
    OWN(arena_done) Arena arena = {0};
    CsvReader reader;
    csv_open(&reader, text, size);
    for (bool more = true; more;) {
        CsvRow row;
        TRY(csv_next(&reader, &arena, &row, &more, err));
        if (!more) {
            assert_int_equal(row.count, 0);
            break;
        }
        buf_printf(out, "%d:", reader.line);
        for (size_t i = 0; i < row.count; i++) {
            buf_printf(out, "%s%s", i > 0 ? "|" : "", row.fields[i]);
        }
        buf_putc(out, '\n');
    }
    return ST_OK;
}

static void assert_rows(const char *text, const char *expected) {
    OWN(buf_done) Buf out = {0};
    Err err;
    assert_int_equal(read_all(text, strlen(text), &out, &err), ST_OK);
    assert_string_equal(buf_text(&out), expected);
}

static void assert_refused(const char *text, size_t size, const char *line) {
    OWN(buf_done) Buf out = {0};
    Err err;
    assert_int_equal(read_all(text, size, &out, &err), ST_INPUT);
    assert_non_null(strstr(err.message, line));
}

static void reads_rows(void **state) {
    (void)state;
    assert_rows("", "");
    assert_rows("a,b\nc,d", "1:a|b\n2:c|d\n");
    assert_rows("a,b\r\nc,d\r\n", "1:a|b\n2:c|d\n");
    assert_rows("a\rb", "1:a\n2:b\n");
    assert_rows(",\n,,x", "1:|\n2:||x\n");
    assert_rows("a, b ,c", "1:a| b |c\n");
    assert_rows("a,", "1:a|\n");
    assert_rows("\xEF\xBB\xBFid,name\n", "1:id|name\n");
}

static void passes_over_blank_lines(void **state) {
    (void)state;
    assert_rows("\n\r\n  \t\na\n\n\nb\n\n", "4:a\n7:b\n");
    assert_rows("\"\"\n", "1:\n");
    assert_rows(" a", "1: a\n");
}

static void reads_quoted_fields(void **state) {
    (void)state;
    assert_rows("\"a,b\",\"c\"\"d\",\"\"", "1:a,b|c\"d|\n");
    assert_rows("\"a\nb\r\nc\",x\nnext", "1:a\nb\r\nc|x\n4:next\n");
    assert_rows("\"\"\"\"", "1:\"\n");
    assert_rows("a\"b,5\" pipe", "1:a\"b|5\" pipe\n");
}

static void names_the_line_of_a_mistake(void **state) {
    (void)state;
    static const char *const bad[] = {"a\n\"b\nc\nd", "a\n\"b\"c", "a\n\"b\" ,c",
                                      "a\nb\xFF",     "a\n\"",     "a\nb,\xC3"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refused(bad[i], strlen(bad[i]), "line 2:");
    }
    assert_refused("a\n\n\nb\0c", 8, "line 4:");
    assert_refused("\"x\ny\"\n\"\0\"", 9, "line 3:");
}

static void assert_goes_on(const char *text, int line, const char *field) {
    OWN(arena_done) Arena arena = {0};
    CsvReader reader;
    CsvRow row;
    bool more = false;
    Err err;
    csv_open(&reader, text, strlen(text));
    assert_int_equal(csv_next(&reader, &arena, &row, &more, &err), ST_INPUT);
    csv_pass_row(&reader);
    assert_int_equal(csv_next(&reader, &arena, &row, &more, &err), ST_OK);
    assert_int_equal(more, field != NULL);
    if (more) {
        assert_int_equal(reader.line, line);
        assert_string_equal(row.fields[0], field);
    }
}

static void goes_on_behind_a_row_that_it_refused(void **state) {
    (void)state;
    assert_goes_on("\"a,b\nc,d", 2, "c");
    assert_goes_on("x,\"a\"b,c\r\nd", 2, "d");
    assert_goes_on("\"a\nb\"c\nd", 3, "d");
    assert_goes_on("a\xFF,b\nc", 2, "c");
    assert_goes_on("a\xFF", 0, NULL);
    assert_goes_on("\"", 0, NULL);
}

static void takes_so_many_fields_and_no_more(void **state) {
    (void)state;
    OWN(buf_done) Buf text = {0};
    for (int i = 1; i < CSV_MAX_FIELDS; i++) {
        buf_putc(&text, ',');
    }
    OWN(buf_done) Buf out = {0};
    Err err;
    assert_int_equal(read_all(text.data, text.size, &out, &err), ST_OK);
    buf_putc(&text, ',');
    assert_refused(text.data, text.size, "line 1:");
}

static void assert_field(const char *text, const char *expected) {
    OWN(buf_done) Buf out = {0};
    csv_append_text(&out, text);
    assert_string_equal(buf_text(&out), expected);
}

static void quotes_where_needed(void **state) {
    (void)state;
    assert_field("", "");
    assert_field("plain text", "plain text");
    assert_field("a,b", "\"a,b\"");
    assert_field("a\"b\"", "\"a\"\"b\"\"\"");
    assert_field("a\nb", "\"a\nb\"");
    assert_field("a\r", "\"a\r\"");
}

static void never_writes_a_formula(void **state) {
    (void)state;
    assert_field("=1+1", "'=1+1");
    assert_field("+1", "'+1");
    assert_field("-1", "'-1");
    assert_field("@SUM(A1)", "'@SUM(A1)");
    assert_field("\tx", "'\tx");
    assert_field("\r=1", "\"'\r=1\"");
    assert_field("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"");
    assert_field("a=1", "a=1");
}

static void reads_what_it_writes(void **state) {
    (void)state;
    const char *text = "x\"y,z\r\n\"\"";
    OWN(buf_done) Buf line = {0};
    csv_append_text(&line, text);
    OWN(arena_done) Arena arena = {0};
    CsvReader reader;
    CsvRow row;
    bool more = false;
    Err err;
    csv_open(&reader, line.data, line.size);
    assert_int_equal(csv_next(&reader, &arena, &row, &more, &err), ST_OK);
    assert_int_equal(row.count, 1);
    assert_string_equal(row.fields[0], text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rows),
        cmocka_unit_test(passes_over_blank_lines),
        cmocka_unit_test(reads_quoted_fields),
        cmocka_unit_test(names_the_line_of_a_mistake),
        cmocka_unit_test(goes_on_behind_a_row_that_it_refused),
        cmocka_unit_test(takes_so_many_fields_and_no_more),
        cmocka_unit_test(quotes_where_needed),
        cmocka_unit_test(never_writes_a_formula),
        cmocka_unit_test(reads_what_it_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
