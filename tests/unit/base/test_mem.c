#include "base/err.h"
#include "base/mem.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void new_memory_is_zero(void **state) {
    (void)state;
    const char zero[300] = {0};
    OWN(mem_free_at) char *bytes = mem_alloc(sizeof zero);
    assert_memory_equal(bytes, zero, sizeof zero);
    OWN(mem_free_at) int32_t *numbers = mem_array(75, sizeof *numbers);
    assert_memory_equal(numbers, zero, sizeof zero);
}

static void nothing_at_all_can_be_had_and_given_back(void **state) {
    (void)state;
    OWN(mem_free_at) char *none = mem_alloc(0);
    OWN(mem_free_at) char *empty = mem_array(0, 8);
    assert_non_null(none);
    assert_non_null(empty);
    mem_free(NULL);
    OWN(mem_free_at) char *null = NULL;
    assert_null(null);
}

static void growing_keeps_what_was_there(void **state) {
    (void)state;
    OWN(mem_free_at) int *numbers = mem_grow(NULL, 2, sizeof *numbers);
    numbers[0] = 41;
    numbers[1] = 42;
    numbers = mem_grow(numbers, 20000, sizeof *numbers);
    numbers[19999] = 43;
    assert_int_equal(numbers[0], 41);
    assert_int_equal(numbers[1], 42);
}

static void texts_are_copied(void **state) {
    (void)state;
    const char *text = "region eu-west-1";
    OWN(mem_free_at) char *whole = mem_strdup(text);
    assert_string_equal(whole, text);
    assert_ptr_not_equal(whole, text);
    OWN(mem_free_at) char *part = mem_strndup(text, 6);
    assert_string_equal(part, "region");
    OWN(mem_free_at) char *printed = mem_printf("%s has %d", text, 3);
    assert_string_equal(printed, "region eu-west-1 has 3");
    assert_null(mem_strdup(NULL));
}

/* A size that overflows must not become a small one. */
static void a_size_that_overflows_ends_the_program(void **state) {
    (void)state;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        volatile size_t count = SIZE_MAX / 4;
        mem_free(mem_array(count, 16));
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_memory_is_zero),
        cmocka_unit_test(nothing_at_all_can_be_had_and_given_back),
        cmocka_unit_test(growing_keeps_what_was_there),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(a_size_that_overflows_ends_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
