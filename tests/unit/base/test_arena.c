#include "base/arena.h"
#include "base/err.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static void memory_is_zeroed_aligned_and_apart(void **state) {
    (void)state;
    OWN(arena_done) Arena arena = {0};
    unsigned char *pieces[200];
    for (size_t i = 0; i < 200; i++) {
        size_t size = i * 7 + 1;
        pieces[i] = arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t at = 0; at < size; at++) {
            assert_int_equal(pieces[i][at], 0);
        }
        memset(pieces[i], (int)i, size);
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t at = 0; at < i * 7 + 1; at++) {
            assert_int_equal(pieces[i][at], (int)i);
        }
    }
}

static void a_piece_larger_than_a_block_is_fine(void **state) {
    (void)state;
    OWN(arena_done) Arena arena = {0};
    char *small = arena_strdup(&arena, "small");
    size_t size = (size_t)1 << 20;
    char *large = arena_alloc(&arena, size);
    large[0] = 'a';
    large[size - 1] = 'z';
    assert_string_equal(small, "small");
    assert_true(arena.total_bytes >= size);
}

static void texts_are_copied(void **state) {
    (void)state;
    OWN(arena_done) Arena arena = {0};
    char source[] = "account";
    char *copy = arena_strdup(&arena, source);
    char *part = arena_strndup(&arena, source, 3);
    char *printed = arena_printf(&arena, "%s/%d", source, 12);
    source[0] = 'X';
    assert_string_equal(copy, "account");
    assert_string_equal(part, "acc");
    assert_string_equal(printed, "account/12");
}

/* What is reset over and over must not grow: that is what an arena is for. */
static void a_reset_arena_does_not_grow(void **state) {
    (void)state;
    OWN(arena_done) Arena arena = {0};
    size_t after_first = 0;
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 100; i++) {
            char *text = arena_printf(&arena, "%0900d", i);
            assert_int_equal(strlen(text), 900);
        }
        arena_reset(&arena);
        if (round == 0) {
            after_first = arena.total_bytes;
        }
        assert_int_equal(arena.total_bytes, after_first);
    }
    const unsigned char zero[64] = {0};
    assert_memory_equal(arena_alloc(&arena, sizeof zero), zero, sizeof zero);
}

static void an_empty_arena_can_be_reset_and_closed(void **state) {
    (void)state;
    Arena arena = {0};
    arena_reset(&arena);
    arena_done(&arena);
    arena_done(&arena);
    assert_int_equal(arena.total_bytes, 0);
    assert_string_equal(arena_strdup(&arena, "usable again"), "usable again");
    arena_done(&arena);
    assert_int_equal(arena.total_bytes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_aligned_and_apart),
        cmocka_unit_test(a_piece_larger_than_a_block_is_fine),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(a_reset_arena_does_not_grow),
        cmocka_unit_test(an_empty_arena_can_be_reset_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
