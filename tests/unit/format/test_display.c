#include "base/err.h"
#include "format/display.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

static void assert_shown(const char *text, const char *expected, size_t width) {
    OWN(buf_done) Buf out = {0};
    assert_int_equal(display_append(&out, text), width);
    assert_string_equal(buf_text(&out), expected);
}

static void counts_columns(void **state) {
    (void)state;
    assert_shown("", "", 0);
    assert_shown("abc", "abc", 3);
    assert_shown("caf\xC3\xA9", "caf\xC3\xA9", 4);
    assert_shown("cafe\xCC\x81", "cafe\xCC\x81", 4);                         /* combining acute */
    assert_shown("\xE6\x9D\xB1\xE4\xBA\xAC", "\xE6\x9D\xB1\xE4\xBA\xAC", 4); /* Tokyo */
    assert_shown("\xF0\x9F\x9A\x80!", "\xF0\x9F\x9A\x80!", 3);               /* a rocket */
}

static void drives_no_terminal(void **state) {
    (void)state;
    assert_shown("a\x1B[31mb\x7F\n\r\t", "a?[31mb????", 11);
    assert_shown("\xC2\x9B"
                 "31m",
                 "?31m", 4); /* C1: another way to write ESC [ */
    assert_shown("\xE2\x80\xAE"
                 "exe",
                 "?exe", 4); /* right to left override */
    assert_shown("\xFF"
                 "a\xC3",
                 "?a?", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_columns),
        cmocka_unit_test(drives_no_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
