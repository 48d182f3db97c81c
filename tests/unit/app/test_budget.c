#include "app/budget.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdlib.h>
#include <string.h>

#define GB (1024 * BUDGET_MB)

static const BudgetLimits function = {
    .left_ms = 840000, .disk_free_bytes = 512 * BUDGET_MB, .memory_mb = 512, .scratch = "/tmp"};
static const BudgetLimits machine = {.left_ms = -1, .disk_free_bytes = 3 * GB, .scratch = "/tmp"};

static BudgetNeed need_of(int64_t ms, int64_t disk_bytes, int64_t memory_bytes) {
    return (BudgetNeed){.what = "merging the run g",
                        .retry = "confhouse merge --group-id g",
                        .ms = ms,
                        .disk_bytes = disk_bytes,
                        .memory_bytes = memory_bytes};
}

static void assert_fits(const BudgetLimits *limits, BudgetNeed need) {
    Err err;
    assert_int_equal(budget_check(limits, &need, &err), ST_OK);
}

static void assert_short(const BudgetLimits *limits, BudgetNeed need, Status status,
                         const char *message, const char *hint) {
    Err err;
    assert_int_equal(budget_check(limits, &need, &err), status);
    if (strstr(err.message, message) == NULL || strstr(err.hint, hint) == NULL) {
        fail_msg("%s\n%s", err.message, err.hint);
    }
    assert_non_null(strstr(err.message, "merging the run g"));
    assert_non_null(strstr(err.message, "not begun"));
}

static void what_fits_to_the_byte_is_begun(void **state) {
    (void)state;
    assert_fits(&function, need_of(840000, 512 * BUDGET_MB, 512 * BUDGET_MB));
    assert_fits(&machine, need_of(INT64_MAX, 3 * GB, 900 * GB));
    const BudgetLimits unknown = {.left_ms = -1, .disk_free_bytes = -1};
    assert_fits(&unknown, need_of(INT64_MAX, INT64_MAX, INT64_MAX));
}

static void a_function_is_told_which_sizes_to_set(void **state) {
    (void)state;
    assert_short(&function, need_of(0, 512 * BUDGET_MB + 1, 0), ST_LIMIT, "513 MB in /tmp",
                 "EphemeralStorage to 1024 MB");
    assert_short(&function, need_of(0, 10240 * BUDGET_MB, 0), ST_LIMIT, "512 MB are free",
                 "EphemeralStorage to 10240 MB");
    assert_short(&function, need_of(0, 10240 * BUDGET_MB + 1, 0), ST_LIMIT, "10241 MB",
                 "Fargate task or by hand: confhouse merge --group-id g");
    assert_short(&function, need_of(0, 0, 512 * BUDGET_MB + 1), ST_LIMIT, "513 MB of memory",
                 "MemorySize to 576 MB");
    assert_short(&function, need_of(0, 0, 20 * GB), ST_LIMIT, "the function has 512 MB",
                 "Fargate task");
}

static void what_cannot_end_in_time_names_the_ways_out(void **state) {
    (void)state;
    assert_short(&function, need_of(840001, 0, 0), ST_DEADLINE,
                 "may take 841 s, and the deadline comes in 840 s", "MemorySize");
    assert_short(&function, need_of(840001, 0, 0), ST_DEADLINE, "", "Fargate task");
    BudgetLimits late = machine;
    late.left_ms = 0;
    assert_short(&late, need_of(1, 0, 0), ST_DEADLINE, "comes in 0 s", "--deadline");
}

static void a_machine_is_told_how_large_a_disk_to_take(void **state) {
    (void)state;
    assert_short(&machine, need_of(0, 3 * GB + 1, 0), ST_LIMIT, "3073 MB in /tmp",
                 "TMPDIR to a folder on a disk with 4 GB free");
}

/* What a merge takes at most, as measured: half a gigabyte of history, 1.5 million rows in shards
 * of 20 MB together. */
static void a_large_weekly_run_fits_into_a_common_function(void **state) {
    (void)state;
    const BudgetMerge sizes = {512 * BUDGET_MB, 20 * BUDGET_MB, 2 * BUDGET_MB};
    const BudgetLimits limits = {.left_ms = 840000,
                                 .disk_free_bytes = 2048 * BUDGET_MB,
                                 .memory_mb = 1024,
                                 .scratch = "/tmp"};
    BudgetNeed need = need_of(0, 0, 0);
    budget_need_merge(&sizes, limits.memory_mb, &need);
    assert_fits(&limits, need);
    assert_true(need.disk_bytes > sizes.history + sizes.shards);
    budget_need_history(sizes.history, true, limits.memory_mb, &need);
    assert_fits(&limits, need);
    assert_true(need.disk_bytes > 2 * sizes.history);
    budget_need_workbook(500000, limits.memory_mb, &need);
    assert_fits(&limits, need);
}

static void a_small_run_fits_into_the_smallest_function(void **state) {
    (void)state;
    const BudgetMerge sizes = {20 * BUDGET_MB, BUDGET_MB, BUDGET_MB / 8};
    const BudgetLimits limits = {
        .left_ms = 60000, .disk_free_bytes = 512 * BUDGET_MB, .memory_mb = 128, .scratch = "/tmp"};
    BudgetNeed need = need_of(0, 0, 0);
    budget_need_merge(&sizes, limits.memory_mb, &need);
    assert_fits(&limits, need);
    budget_need_scan(BUDGET_MB, 64, &need);
    assert_fits(&limits, need);
}

static void more_of_anything_needs_more(void **state) {
    (void)state;
    BudgetNeed few = need_of(0, 0, 0);
    BudgetNeed many = need_of(0, 0, 0);
    budget_need_merge(&(BudgetMerge){GB, BUDGET_MB, BUDGET_MB}, 1769, &few);
    budget_need_merge(&(BudgetMerge){GB, GB, GB}, 1769, &many);
    assert_true(many.disk_bytes > few.disk_bytes && many.ms > few.ms);
    budget_need_merge(&(BudgetMerge){GB, BUDGET_MB, BUDGET_MB}, 128, &many);
    assert_true(many.ms > few.ms && many.disk_bytes == few.disk_bytes);
    budget_need_merge(&(BudgetMerge){GB, BUDGET_MB, BUDGET_MB}, 10240, &many);
    assert_int_equal(many.ms, few.ms); /* one core is all that it uses */
    budget_need_workbook(10, 0, &few);
    budget_need_workbook(1000000, 0, &many);
    assert_true(many.disk_bytes > few.disk_bytes && many.ms > few.ms);
    budget_need_scan(0, 1, &few);
    budget_need_scan(GB, 1000, &many);
    assert_true(many.disk_bytes > few.disk_bytes && many.memory_bytes > few.memory_bytes);
}

static void fewer_calls_fly_where_memory_is_small(void **state) {
    (void)state;
    assert_int_equal(budget_concurrency(0, 1000), 1000);
    assert_int_equal(budget_concurrency(10240, 1000), 1000);
    assert_int_equal(budget_concurrency(128, 64), 64);
    assert_int_equal(budget_concurrency(128, 1000), 160);
    assert_int_equal(budget_concurrency(1, 64), 1);
    for (int memory_mb = 128; memory_mb <= 1024; memory_mb += 64) {
        BudgetNeed need = need_of(0, 0, 0);
        budget_need_scan(0, budget_concurrency(memory_mb, 1000), &need);
        assert_true(need.memory_bytes <= memory_mb * BUDGET_MB);
    }
}

static void only_a_number_is_a_function_s_memory(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t memory_mb;
    } cases[] = {{"128", 128}, {"10240", 10240},           {"", 0}, {"0", 0}, {"-5", 0},
                 {"1GB", 0},   {"99999999999999999999", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", cases[i].text, 1);
        assert_int_equal(budget_function_memory_mb(), cases[i].memory_mb);
    }
    unsetenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    assert_int_equal(budget_function_memory_mb(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_to_the_byte_is_begun),
        cmocka_unit_test(a_function_is_told_which_sizes_to_set),
        cmocka_unit_test(what_cannot_end_in_time_names_the_ways_out),
        cmocka_unit_test(a_machine_is_told_how_large_a_disk_to_take),
        cmocka_unit_test(a_large_weekly_run_fits_into_a_common_function),
        cmocka_unit_test(a_small_run_fits_into_the_smallest_function),
        cmocka_unit_test(more_of_anything_needs_more),
        cmocka_unit_test(fewer_calls_fly_where_memory_is_small),
        cmocka_unit_test(only_a_number_is_a_function_s_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
