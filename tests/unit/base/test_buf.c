#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static void an_empty_buffer_is_an_empty_text(void **state) {
    (void)state;
    OWN(buf_done) Buf buf = {0};
    assert_string_equal(buf_text(&buf), "");
    assert_true(buf_append(&buf, NULL, 0));
    assert_int_equal(buf.size, 0);
    assert_string_equal(buf_text(&buf), "");
}

static void what_is_appended_stands_in_order(void **state) {
    (void)state;
    OWN(buf_done) Buf buf = {0};
    assert_true(buf_puts(&buf, "rule "));
    assert_true(buf_putc(&buf, '#'));
    assert_true(buf_printf(&buf, "%d of %s", 7, "many"));
    assert_true(buf_append(&buf, "\0!", 2));
    assert_int_equal(buf.size, 17);
    assert_memory_equal(buf.data, "rule #7 of many\0!", 18);
}

static void it_grows_as_needed(void **state) {
    (void)state;
    OWN(buf_done) Buf buf = {0};
    for (int i = 0; i < 10000; i++) {
        assert_true(buf_printf(&buf, "%04d", i));
    }
    assert_int_equal(buf.size, 40000);
    assert_int_equal(strlen(buf.data), 40000);
    assert_memory_equal(buf.data + 4 * 1234, "1234", 4);
    assert_memory_equal(buf.data + 4 * 9999, "9999", 5);
}

static void the_ceiling_holds_to_the_byte(void **state) {
    (void)state;
    OWN(buf_done) Buf buf = {.ceiling = 5};
    assert_true(buf_puts(&buf, "12345"));
    assert_false(buf.overflowed);
    assert_true(buf_puts(&buf, ""));
    assert_false(buf_putc(&buf, '6'));
    assert_true(buf.overflowed);
    assert_string_equal(buf_text(&buf), "12345");
}

/* A text with a hole in it is worse than a short one: after the mark, nothing more goes in. */
static void past_the_ceiling_nothing_more_is_appended(void **state) {
    (void)state;
    OWN(buf_done) Buf buf = {.ceiling = 5};
    assert_true(buf_puts(&buf, "ab"));
    assert_false(buf_printf(&buf, "%s", "cdef"));
    assert_true(buf.overflowed);
    assert_false(buf_putc(&buf, 'c'));
    assert_false(buf_append(&buf, "", 0));
    assert_string_equal(buf_text(&buf), "ab");
}

static void an_absurd_size_is_refused(void **state) {
    (void)state;
    OWN(buf_done) Buf buf = {0};
    assert_true(buf_puts(&buf, "x"));
    assert_false(buf_append(&buf, "x", SIZE_MAX));
    assert_true(buf.overflowed);
    assert_string_equal(buf_text(&buf), "x");
}

static void without_a_ceiling_of_its_own_there_is_one(void **state) {
    (void)state;
    OWN(buf_done) Buf buf = {0};
    OWN(mem_free_at) char *half = mem_alloc(BUF_DEFAULT_CEILING / 2);
    assert_true(buf_append(&buf, half, BUF_DEFAULT_CEILING / 2));
    assert_true(buf_append(&buf, half, BUF_DEFAULT_CEILING / 2));
    assert_false(buf_putc(&buf, 'x'));
    assert_int_equal(buf.size, BUF_DEFAULT_CEILING);
}

static void clearing_forgets_content_and_mark_but_not_the_ceiling(void **state) {
    (void)state;
    OWN(buf_done) Buf buf = {.ceiling = 3};
    assert_false(buf_puts(&buf, "long"));
    buf_clear(&buf);
    assert_false(buf.overflowed);
    assert_string_equal(buf_text(&buf), "");
    assert_true(buf_puts(&buf, "abc"));
    assert_false(buf_putc(&buf, 'd'));
    buf_clear(&buf);
    assert_string_equal(buf_text(&buf), "");
}

static void taking_leaves_an_empty_buffer(void **state) {
    (void)state;
    OWN(buf_done) Buf buf = {.ceiling = 100};
    buf_puts(&buf, "mine");
    OWN(mem_free_at) char *text = buf_take(&buf);
    assert_string_equal(text, "mine");
    assert_string_equal(buf_text(&buf), "");
    assert_int_equal(buf.ceiling, 100);
    OWN(mem_free_at) char *nothing = buf_take(&buf);
    assert_string_equal(nothing, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_an_empty_text),
        cmocka_unit_test(what_is_appended_stands_in_order),
        cmocka_unit_test(it_grows_as_needed),
        cmocka_unit_test(the_ceiling_holds_to_the_byte),
        cmocka_unit_test(past_the_ceiling_nothing_more_is_appended),
        cmocka_unit_test(an_absurd_size_is_refused),
        cmocka_unit_test(without_a_ceiling_of_its_own_there_is_one),
        cmocka_unit_test(clearing_forgets_content_and_mark_but_not_the_ceiling),
        cmocka_unit_test(taking_leaves_an_empty_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
