/* When to try again, and after how long. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "http/retry.h"

static void what_cannot_get_better_is_not_tried_again(void **state) {
    (void)state;
    const Status statuses[] = {ST_DENIED,   ST_CREDENTIALS, ST_REJECTED, ST_NOT_FOUND,
                               ST_CONFLICT, ST_LIMIT,       ST_IO,       ST_DEADLINE,
                               ST_USAGE,    ST_CANCELLED,   ST_INPUT};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        RetryState retry = {0};
        RetryQuota quota;
        int64_t delay_ms = 0;
        retry_quota_init(&quota);
        assert_false(retry_decide(&retry, &quota, statuses[i], 0.5, &delay_ms));
        assert_int_equal(quota.tokens, RETRY_QUOTA_TOKENS);
    }
}

static void what_broke_is_tried_a_few_times_with_growing_delays(void **state) {
    (void)state;
    const int64_t at_most_ms[] = {1000, 2000, 4000, 8000, 16000, 20000, 20000, 20000};
    RetryState retry = {0};
    RetryQuota quota;
    int64_t delay_ms = 0;
    retry_quota_init(&quota);
    for (int i = 0; i < RETRY_MAX_TRANSIENT; i++) {
        assert_true(retry_decide(&retry, &quota, ST_NETWORK, 0.5, &delay_ms));
        assert_int_equal(delay_ms, at_most_ms[i] / 2);
    }
    assert_false(retry_decide(&retry, &quota, ST_SERVER, 0.5, &delay_ms));
    assert_int_equal(quota.tokens, RETRY_QUOTA_TOKENS - RETRY_MAX_TRANSIENT * RETRY_COST);
}

static void nonsense_is_asked_again_less_often(void **state) {
    (void)state;
    RetryState retry = {0};
    RetryQuota quota;
    int64_t delay_ms = 0;
    retry_quota_init(&quota);
    for (int i = 0; i < RETRY_MAX_PROTOCOL; i++) {
        assert_true(retry_decide(&retry, &quota, ST_PROTOCOL, 0.5, &delay_ms));
    }
    assert_false(retry_decide(&retry, &quota, ST_PROTOCOL, 0.5, &delay_ms));
}

static void a_broken_service_is_not_hammered(void **state) {
    (void)state;
    RetryQuota quota;
    int64_t delay_ms = 0;
    int retries = 0;
    retry_quota_init(&quota);
    for (int call = 0; call < 1000; call++) {
        RetryState retry = {0};
        retries += retry_decide(&retry, &quota, ST_SERVER, 0.5, &delay_ms);
    }
    assert_int_equal(retries, RETRY_QUOTA_TOKENS / RETRY_COST);
    for (int i = 0; i < RETRY_COST; i++) {
        retry_quota_success(&quota);
    }
    RetryState retry = {0};
    assert_true(retry_decide(&retry, &quota, ST_SERVER, 0.5, &delay_ms));
    assert_false(retry_decide(&retry, &quota, ST_SERVER, 0.5, &delay_ms));
}

static void successes_do_not_fill_the_quota_over_its_brim(void **state) {
    (void)state;
    RetryQuota quota;
    retry_quota_init(&quota);
    retry_quota_success(&quota);
    assert_int_equal(quota.tokens, RETRY_QUOTA_TOKENS);
}

static void throttling_is_met_with_patience_and_costs_nothing(void **state) {
    (void)state;
    RetryState retry = {0};
    RetryQuota quota;
    int64_t delay_ms = 0;
    retry_quota_init(&quota);
    for (int i = 0; i < 10000; i++) {
        assert_true(retry_decide(&retry, &quota, ST_THROTTLED, 0.999, &delay_ms));
        assert_in_range(delay_ms, 0, 20000);
    }
    assert_int_equal(delay_ms, 19980);
    assert_int_equal(quota.tokens, RETRY_QUOTA_TOKENS);
}

static void expired_credentials_are_renewed_once(void **state) {
    (void)state;
    RetryState retry = {0};
    RetryQuota quota;
    int64_t delay_ms = 1;
    retry_quota_init(&quota);
    assert_true(retry_decide(&retry, &quota, ST_EXPIRED, 0.5, &delay_ms));
    assert_int_equal(delay_ms, 0);
    assert_false(retry_decide(&retry, &quota, ST_EXPIRED, 0.5, &delay_ms));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_get_better_is_not_tried_again),
        cmocka_unit_test(what_broke_is_tried_a_few_times_with_growing_delays),
        cmocka_unit_test(nonsense_is_asked_again_less_often),
        cmocka_unit_test(a_broken_service_is_not_hammered),
        cmocka_unit_test(successes_do_not_fill_the_quota_over_its_brim),
        cmocka_unit_test(throttling_is_met_with_patience_and_costs_nothing),
        cmocka_unit_test(expired_credentials_are_renewed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
