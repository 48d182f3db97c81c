/* The heap of timers. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "http/http_timer.h"

static void ignore(void *context) {
    (void)context;
}

static void timers_come_out_by_time_then_by_age(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    static int marks[COUNT];
    TimerHeap heap = {0};
    uint32_t x = 12345;
    for (int i = 0; i < COUNT; i++) {
        x = x * 1664525U + 1013904223U;
        marks[i] = i;
        http_timer_put(&heap, (int64_t)(x >> 8) % 50, ignore, &marks[i]);
    }
    int64_t last_due = -1;
    int last_mark = -1;
    for (int i = 0; i < COUNT; i++) {
        TimerEntry entry;
        assert_true(http_timer_take(&heap, 50, &entry));
        int mark = *(int *)entry.context;
        assert_true(entry.due_ms > last_due || (entry.due_ms == last_due && mark > last_mark));
        last_due = entry.due_ms;
        last_mark = mark;
    }
    assert_int_equal(heap.count, 0);
    http_timer_done(&heap);
}

static void only_what_is_due_comes_out(void **state) {
    (void)state;
    TimerHeap heap = {0};
    TimerEntry entry;
    assert_int_equal(http_timer_wait_ms(&heap, 0, 77), 77);
    http_timer_put(&heap, 100, ignore, NULL);
    assert_false(http_timer_take(&heap, 99, &entry));
    assert_int_equal(http_timer_wait_ms(&heap, 60, 77), 40);
    assert_int_equal(http_timer_wait_ms(&heap, 160, 77), 0);
    assert_true(http_timer_take(&heap, 100, &entry));
    assert_false(http_timer_take(&heap, 100, &entry));
    http_timer_done(&heap);
}

static void forgotten_timers_are_gone_and_the_others_stay_in_order(void **state) {
    (void)state;
    int kept = 0;
    int forgotten = 0;
    TimerHeap heap = {0};
    for (int i = 100; i > 0; i--) {
        http_timer_put(&heap, i, ignore, i % 3 == 0 ? &kept : &forgotten);
    }
    http_timer_forget(&heap, &forgotten);
    assert_int_equal(heap.count, 33);
    for (int i = 3; i <= 99; i += 3) {
        TimerEntry entry;
        assert_true(http_timer_take(&heap, 1000, &entry));
        assert_int_equal(entry.due_ms, i);
    }
    http_timer_done(&heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_come_out_by_time_then_by_age),
        cmocka_unit_test(only_what_is_due_comes_out),
        cmocka_unit_test(forgotten_timers_are_gone_and_the_others_stay_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
