/* Command lines as credential_process has them. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "aws/source_words.h"
#include "base/buf.h"

#include <string.h>

/* The words in angle brackets. */
static void assert_split(const char *line, const char *expected) {
    OWN(source_words_done) SourceWords words = {0};
    OWN(buf_done) Buf out = {0};
    Err err = {0};
    Status status = source_words_split(line, &words, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ST_OK);
    for (size_t i = 0; i < words.count; i++) {
        buf_printf(&out, "<%s>", words.words[i]);
    }
    assert_null(words.words[words.count]);
    assert_string_equal(buf_text(&out), expected);
}

static void words_stand_between_blanks(void **state) {
    (void)state;
    assert_split("a", "<a>");
    assert_split("  a\tb \n  c ", "<a><b><c>");
}

static void quotes_keep_blanks_together(void **state) {
    (void)state;
    assert_split("'a b' \"c d\" e' 'f", "<a b><c d><e f>");
    assert_split("'' \"\" x", "<><><x>");
    assert_split("\"it's\" '\"'", "<it's><\">");
}

/* As Python's shlex.split, which AWS's command line uses. */
static void backslashes_quote_one_character(void **state) {
    (void)state;
    assert_split("a\\ b \\\\ \\'", "<a b><\\><'>");
    assert_split("\"a\\\"b\\\\c\\d\\$\"", "<a\"b\\c\\d\\$>");
    assert_split("'a\\b'", "<a\\b>");
}

static void nothing_is_expanded(void **state) {
    (void)state;
    assert_split("~/bin/x $HOME `id` $(id) *.c a;b|c>d # e",
                 "<~/bin/x><$HOME><`id`><$(id)><*.c><a;b|c>d><#><e>");
}

static void what_is_left_open_is_refused(void **state) {
    (void)state;
    const char *wrong[] = {"", "  ", "'a", "\"a", "a\\", "\"a\\", "a 'b\" c"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        SourceWords words = {0};
        Err err = {0};
        assert_int_equal(source_words_split(wrong[i], &words, &err), ST_USAGE);
        assert_null(words.words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_stand_between_blanks),
        cmocka_unit_test(quotes_keep_blanks_together),
        cmocka_unit_test(backslashes_quote_one_character),
        cmocka_unit_test(nothing_is_expanded),
        cmocka_unit_test(what_is_left_open_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
