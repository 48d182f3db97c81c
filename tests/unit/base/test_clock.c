#include "base/clock.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>
#include <time.h>

static const int64_t day_ms = 86400000;

static const struct {
    int64_t time_ms;
    const char *date;
    const char *time;
    const char *stamp;
} instants[] = {
    {0, "1970-01-01", "1970-01-01T00:00:00Z", "19700101T000000Z"},
    {951782400000, "2000-02-29", "2000-02-29T00:00:00Z", "20000229T000000Z"},
    {1709208000000, "2024-02-29", "2024-02-29T12:00:00Z", "20240229T120000Z"},
    {1767225599000, "2025-12-31", "2025-12-31T23:59:59Z", "20251231T235959Z"},
    {4102444800000, "2100-01-01", "2100-01-01T00:00:00Z", "21000101T000000Z"},
    {253402300799000, "9999-12-31", "9999-12-31T23:59:59Z", "99991231T235959Z"},
};

static void instants_are_written_and_read_back(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof instants / sizeof instants[0]; i++) {
        char date[CLOCK_DATE_SIZE];
        char time[CLOCK_TIME_SIZE];
        char stamp[CLOCK_STAMP_SIZE];
        clock_format_date(instants[i].time_ms, date);
        clock_format_time(instants[i].time_ms, time);
        clock_format_stamp(instants[i].time_ms, stamp);
        assert_string_equal(date, instants[i].date);
        assert_string_equal(time, instants[i].time);
        assert_string_equal(stamp, instants[i].stamp);
        int64_t read_ms = -1;
        assert_true(clock_parse_time(time, &read_ms));
        assert_int_equal(read_ms, instants[i].time_ms);
        assert_true(clock_parse_stamp(stamp, &read_ms));
        assert_int_equal(read_ms, instants[i].time_ms);
        assert_true(clock_parse_date(date, &read_ms));
        assert_int_equal(read_ms, instants[i].time_ms / day_ms * day_ms);
    }
}

static void each_day_of_a_century_comes_back(void **state) {
    (void)state;
    for (int64_t day = 0; day < 36525; day++) {
        char date[CLOCK_DATE_SIZE];
        int64_t read_ms = -1;
        clock_format_date(day * day_ms + day_ms - 1, date);
        assert_true(clock_parse_date(date, &read_ms));
        assert_int_equal(read_ms, day * day_ms);
    }
}

static void what_is_out_of_range_is_clamped(void **state) {
    (void)state;
    char date[CLOCK_DATE_SIZE];
    clock_format_date(-1, date);
    assert_string_equal(date, "1970-01-01");
    clock_format_date(INT64_MAX, date);
    assert_string_equal(date, "9999-12-31");
}

static void days_that_do_not_exist_are_refused(void **state) {
    (void)state;
    const char *const bad[] = {
        "2023-02-29", "2100-02-29",  "2024-04-31",  "2024-13-01",  "2024-00-10", "2024-01-00",
        "2024-01-32", "1969-12-31",  "0000-01-01",  "24-01-01",    "2024-1-1",   "2024/01/01",
        "20240101",   "2024-01-01T", "2024-01-01 ", " 2024-01-01", "2024-01-0a", "",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t time_ms = 0;
        if (clock_parse_date(bad[i], &time_ms)) {
            fail_msg("'%s' was taken for a date", bad[i]);
        }
    }
    int64_t time_ms = 0;
    assert_false(clock_parse_date(NULL, &time_ms));
}

static void times_may_have_a_fraction(void **state) {
    (void)state;
    int64_t time_ms = 0;
    assert_true(clock_parse_time("1970-01-01T00:00:01.5Z", &time_ms));
    assert_int_equal(time_ms, 1500);
    assert_true(clock_parse_time("1970-01-01T00:00:01.123456789Z", &time_ms));
    assert_int_equal(time_ms, 1123);
    assert_true(clock_parse_time("1970-01-01T00:00:01+00:00", &time_ms));
    assert_int_equal(time_ms, 1000);
}

static void times_that_do_not_exist_are_refused(void **state) {
    (void)state;
    const char *const bad[] = {
        "2024-01-01T24:00:00Z", "2024-01-01T23:60:00Z",     "2024-01-01T23:59:60Z",
        "2024-02-30T00:00:00Z", "2024-01-01T00:00:00",      "2024-01-01T00:00:00+01:00",
        "2024-01-01 00:00:00Z", "2024-01-01T00:00:00Zmore", "2024-01-01T00:00Z",
        "2024-01-01T0:00:00Z",  "2024-01-01T00:00:00.1.2Z", "",
    };
    int64_t time_ms = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (clock_parse_time(bad[i], &time_ms)) {
            fail_msg("'%s' was taken for a time", bad[i]);
        }
    }
    assert_false(clock_parse_time(NULL, &time_ms));
}

static void stamps_are_taken_exactly(void **state) {
    (void)state;
    const char *const bad[] = {"20240101T000000",  "20240101T000000Zx", "20240101 000000Z",
                               "20240230T000000Z", "20240101T250000Z",  "2024-01-01T00:00:00Z"};
    int64_t time_ms = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(clock_parse_stamp(bad[i], &time_ms));
    }
    assert_false(clock_parse_stamp(NULL, &time_ms));
}

static void now_is_now(void **state) {
    (void)state;
    int64_t before_s = (int64_t)time(NULL);
    int64_t now_ms = clock_now_ms();
    assert_in_range(now_ms, (before_s - 1) * 1000, (before_s + 60) * 1000);
    int64_t first = clock_monotonic_ms();
    assert_true(clock_monotonic_ms() >= first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_written_and_read_back),
        cmocka_unit_test(each_day_of_a_century_comes_back),
        cmocka_unit_test(what_is_out_of_range_is_clamped),
        cmocka_unit_test(days_that_do_not_exist_are_refused),
        cmocka_unit_test(times_may_have_a_fraction),
        cmocka_unit_test(times_that_do_not_exist_are_refused),
        cmocka_unit_test(stamps_are_taken_exactly),
        cmocka_unit_test(now_is_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
