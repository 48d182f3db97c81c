#include "base/err.h"

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

static void setting_an_error_clears_what_was_there(void **state) {
    (void)state;
    Err err = {.account = "123456789012", .code = "Old", .hint = "old", .http_status = 500};
    assert_int_equal(err_set(&err, ST_INPUT, "line %d is empty", 7), ST_INPUT);
    assert_int_equal(err.status, ST_INPUT);
    assert_string_equal(err.message, "line 7 is empty");
    assert_string_equal(err.hint, "");
    assert_string_equal(err.account, "");
    assert_string_equal(err.code, "");
    assert_int_equal(err.http_status, 0);
}

static void an_error_may_be_set_from_its_own_texts(void **state) {
    (void)state;
    Err err;
    err_set(&err, ST_IO, "first");
    err_set(&err, ST_NETWORK, "again: %s", err.message);
    assert_string_equal(err.message, "again: first");
    err_hint(&err, "see %s", err.message);
    assert_string_equal(err.hint, "see again: first");
}

static void nobody_needs_to_listen(void **state) {
    (void)state;
    assert_int_equal(err_set(NULL, ST_DENIED, "unheard"), ST_DENIED);
}

static void a_hint_keeps_the_message_and_the_kind(void **state) {
    (void)state;
    Err err;
    err_set(&err, ST_DENIED, "may not");
    assert_int_equal(err_hint(&err, "ask %s", "the owner"), ST_DENIED);
    assert_string_equal(err.message, "may not");
    assert_string_equal(err.hint, "ask the owner");
}

static void wrapping_puts_a_noun_before_the_message(void **state) {
    (void)state;
    Err err;
    err_set(&err, ST_CORRUPT, "bad page");
    err_hint(&err, "restore it");
    assert_int_equal(err_wrap(&err, "shard %s", "01"), ST_CORRUPT);
    assert_string_equal(err.message, "shard 01: bad page");
    assert_string_equal(err.hint, "restore it");
}

static void long_texts_are_cut_and_always_end(void **state) {
    (void)state;
    char text[4000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    Err err;
    err_set(&err, ST_IO, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    err_hint(&err, "%s", text);
    assert_int_equal(strlen(err.hint), sizeof err.hint - 1);
    err_wrap(&err, "%s", "account 123456789012");
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    assert_memory_equal(err.message, "account 123456789012: xxx", 25);
    err_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
}

static const struct {
    Status status;
    const char *word;
    int exit_status;
    Retry retry;
    const char *error_type;
} kinds[] = {
    {ST_OK, "ok", 0, RETRY_NO, ""},
    {ST_USAGE, "usage", 2, RETRY_NO, "InvalidSettings"},
    {ST_EVENT, "event", 2, RETRY_NO, "InvalidEvent"},
    {ST_INPUT, "input", 2, RETRY_NO, "InvalidInput"},
    {ST_IO, "io", 1, RETRY_NO, "StorageFailed"},
    {ST_NETWORK, "network", 1, RETRY_TRANSIENT, "NetworkFailed"},
    {ST_THROTTLED, "throttled", 1, RETRY_THROTTLE, "Throttled"},
    {ST_SERVER, "server", 1, RETRY_TRANSIENT, "ServiceFailed"},
    {ST_EXPIRED, "expired", 1, RETRY_RENEW, "CredentialsExpired"},
    {ST_DENIED, "denied", 1, RETRY_NO, "AccessDenied"},
    {ST_DEADLINE, "deadline", 3, RETRY_NO, "DeadlineExceeded"},
    {ST_CANCELLED, "cancelled", 3, RETRY_NO, "Cancelled"},
    {ST_PARTIAL, "partial", 3, RETRY_NO, "PartialResult"},
    {ST_NOTHING, "nothing", 4, RETRY_NO, "NothingToDo"},
    {ST_INTERNAL, "internal", 1, RETRY_NO, "InternalError"},
};

static void kinds_say_exit_status_retry_and_error_type(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        assert_string_equal(status_word(kinds[i].status), kinds[i].word);
        assert_int_equal(status_exit(kinds[i].status), kinds[i].exit_status);
        assert_int_equal(status_retry(kinds[i].status), kinds[i].retry);
        assert_string_equal(status_error_type(kinds[i].status), kinds[i].error_type);
    }
}

static void kinds_have_words_and_error_types_of_their_own(void **state) {
    (void)state;
    for (int a = ST_OK; a <= ST_INTERNAL; a++) {
        for (int b = a + 1; b <= ST_INTERNAL; b++) {
            assert_string_not_equal(status_word((Status)a), status_word((Status)b));
            assert_string_not_equal(status_error_type((Status)a), status_error_type((Status)b));
        }
    }
}

static Status count_then_give(int *count, Status status) {
    *count += 1;
    return status;
}

static Status try_two(int *count, Status first) {
    TRY(count_then_give(count, first));
    TRY(count_then_give(count, ST_OK));
    return ST_OK;
}

static void try_leaves_at_the_first_failure(void **state) {
    (void)state;
    int count = 0;
    assert_int_equal(try_two(&count, ST_OK), ST_OK);
    assert_int_equal(count, 2);
    count = 0;
    assert_int_equal(try_two(&count, ST_LIMIT), ST_LIMIT);
    assert_int_equal(count, 1);
}

static void release(int *const *count) {
    **count += 1;
}

static Status own_and_leave(int *released) {
    OWN(release) int *handle = released;
    TRY(count_then_give(handle, ST_IO));
    return ST_OK;
}

static void what_is_owned_is_released_on_every_way_out(void **state) {
    (void)state;
    int count = 0;
    assert_int_equal(own_and_leave(&count), ST_IO);
    assert_int_equal(count, 2);
}

static void what_must_hold_ends_the_program_when_it_does_not(void **state) {
    (void)state;
    ASSERT(1 + 1 == 2);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        ASSERT(child != 0);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_an_error_clears_what_was_there),
        cmocka_unit_test(an_error_may_be_set_from_its_own_texts),
        cmocka_unit_test(nobody_needs_to_listen),
        cmocka_unit_test(a_hint_keeps_the_message_and_the_kind),
        cmocka_unit_test(wrapping_puts_a_noun_before_the_message),
        cmocka_unit_test(long_texts_are_cut_and_always_end),
        cmocka_unit_test(kinds_say_exit_status_retry_and_error_type),
        cmocka_unit_test(kinds_have_words_and_error_types_of_their_own),
        cmocka_unit_test(try_leaves_at_the_first_failure),
        cmocka_unit_test(what_is_owned_is_released_on_every_way_out),
        cmocka_unit_test(what_must_hold_ends_the_program_when_it_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
