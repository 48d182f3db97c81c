#include "base/err.h"
#include "base/str.h"
#include "report/cell_text.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdlib.h>
#include <string.h>

static void expect(const char *text, const char *clean) {
    OWN(buf_done) Buf out = {0};
    buf_puts(&out, "what was there before");
    cell_text_clean(&out, text);
    assert_string_equal(buf_text(&out), clean);
}

static void ordinary_text_stays(void **state) {
    (void)state;
    expect("", "");
    expect("my-bucket", "my-bucket");
    expect("gr\xC3\xBC\xC3\x9F \xF0\x9F\x9A\x80 \xE2\x82\xAC",
           "gr\xC3\xBC\xC3\x9F \xF0\x9F\x9A\x80 \xE2\x82\xAC");
    expect("a\tb\nc", "a\tb\nc");
    expect("=1+1", "=1+1"); /* it is written as a text, so it needs no change */
}

static void bytes_that_are_not_utf8_are_replaced(void **state) {
    (void)state;
    expect("a\xFF"
           "b",
           "a\xEF\xBF\xBD"
           "b");
    expect("\xC3", "\xEF\xBF\xBD");
    expect("\xC3(", "\xEF\xBF\xBD(");
    expect("\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD");                 /* overlong */
    expect("\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); /* half a surrogate pair */
    expect("\xF8\x88\x80\x80\x80 ok",
           "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD ok");
}

static void characters_that_xml_forbids_are_replaced(void **state) {
    (void)state;
    expect("a\x01\x08\x0B\x1F", "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    expect("\xEF\xBF\xBE\xEF\xBF\xBF", "\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void line_ends_become_lf(void **state) {
    (void)state;
    expect("a\r\nb\rc\n", "a\nb\nc\n");
}

static void what_looks_like_an_escape_of_excel_is_escaped(void **state) {
    (void)state;
    expect("_x0041_", "_x005F_x0041_");
    expect("_x003D_1+1 _xZZZZ_ _x004", "_x005F_x003D_1+1 _xZZZZ_ _x004");
}

/* `count` times `piece`. */
static char *repeat(const char *piece, size_t count) {
    size_t size = strlen(piece);
    char *text = calloc(count, size + 1);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + i * size, piece, size + 1);
    }
    return text;
}

static void a_text_that_just_fits_is_not_cut(void **state) {
    (void)state;
    char *text = repeat("x", CELL_TEXT_MAX_UNITS);
    expect(text, text);
    free(text);
}

static void a_text_that_is_too_long_is_cut_with_a_mark(void **state) {
    (void)state;
    char *text = repeat("x", CELL_TEXT_MAX_UNITS + 1);
    OWN(buf_done) Buf out = {0};
    cell_text_clean(&out, text);
    free(text);
    assert_true(str_ends(buf_text(&out), "x\xE2\x80\xA6 [cut]"));
    assert_int_equal(out.size, CELL_TEXT_MAX_UNITS + 2); /* the ellipsis has three bytes */
}

static void excel_counts_an_emoji_as_two_characters(void **state) {
    (void)state;
    char *text = repeat("\xF0\x9F\x9A\x80", CELL_TEXT_MAX_UNITS / 2 + 1);
    OWN(buf_done) Buf out = {0};
    cell_text_clean(&out, text);
    free(text);
    assert_true(str_ends(buf_text(&out), "\xF0\x9F\x9A\x80\xE2\x80\xA6 [cut]"));
    assert_int_equal(out.size, (CELL_TEXT_MAX_UNITS - 7) / 2 * 4 + 9);
}

static void codes_have_words(void **state) {
    (void)state;
    assert_string_equal(cell_text_word("nonprod")->word, "Non-Prod");
    assert_string_equal(cell_text_word("denied")->word, "Access denied");
    assert_int_equal(cell_text_word("denied")->style, STYLE_RED);
    assert_null(cell_text_word("something else"));
}

static void lines_are_counted_as_they_break(void **state) {
    (void)state;
    assert_int_equal(cell_text_lines("", 10), 1);
    assert_int_equal(cell_text_lines("s3-bucket-logging-enabled", 30), 1);
    assert_int_equal(cell_text_lines("one\ntwo\n\nfour", 30), 4);
    /* a long word goes to the next line whole, and leaves room behind it */
    assert_int_equal(cell_text_lines("seven AAAAAAAAAAAAAAAAAA AAAAAAAAAAAAAAAAAA", 25), 3);
    assert_int_equal(cell_text_lines("arn:aws:acm:eu-west-1:002937588823:certificate/"
                                     "76e5e60b-7257-bcc3-43db-7770d5c19cfb",
                                     29),
                     4);
    /* wider than a line: broken anywhere */
    assert_int_equal(cell_text_lines("0123456789012345678901234567890123456789", 10), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_text_stays),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
        cmocka_unit_test(characters_that_xml_forbids_are_replaced),
        cmocka_unit_test(line_ends_become_lf),
        cmocka_unit_test(what_looks_like_an_escape_of_excel_is_escaped),
        cmocka_unit_test(a_text_that_just_fits_is_not_cut),
        cmocka_unit_test(a_text_that_is_too_long_is_cut_with_a_mark),
        cmocka_unit_test(excel_counts_an_emoji_as_two_characters),
        cmocka_unit_test(codes_have_words),
        cmocka_unit_test(lines_are_counted_as_they_break),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
