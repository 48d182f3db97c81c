#include "warehouse/plan_shards.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* Accounts 1 to `count`, none skipped. */
static void plan_of(size_t count, Plan *ret_plan) {
    *ret_plan = (Plan){.account_count = count};
    ret_plan->accounts = arena_alloc(&ret_plan->arena, count * sizeof *ret_plan->accounts);
    for (size_t i = 0; i < count; i++) {
        ret_plan->accounts[i] = (PlanAccount){
            .id = arena_printf(&ret_plan->arena, "%012zu", i + 1), .name = "", .shard = -1};
    }
}

/* Weights of the first accounts; 0 = not known. */
static void weights_from(const int64_t *calls, size_t count, Weights *ret_weights) {
    *ret_weights = (Weights){0};
    ret_weights->items = arena_alloc(&ret_weights->arena, count * sizeof *ret_weights->items);
    for (size_t i = 0; i < count; i++) {
        if (calls[i] > 0) {
            ret_weights->items[ret_weights->count++] =
                (Weight){arena_printf(&ret_weights->arena, "%012zu", i + 1), calls[i]};
        }
    }
}

/* "1 4|2 3": the accounts of each shard. */
static void assert_shards(const Plan *plan, const char *expected) {
    OWN(buf_done) Buf text = {0};
    for (int shard = 0; shard < plan->shard_count; shard++) {
        const char *before = shard == 0 ? "" : "|";
        for (size_t i = 0; i < plan->account_count; i++) {
            if (plan->accounts[i].shard == shard) {
                buf_printf(&text, "%s%zu", before, i + 1);
                before = " ";
            }
        }
    }
    assert_string_equal(buf_text(&text), expected);
}

static void assign(PlanOptions options, Plan *plan) {
    Err err;
    assert_int_equal(plan_assign_shards(&options, plan, &err), ST_OK);
}

static void the_heaviest_goes_first_to_where_is_least(void **state) {
    (void)state;
    OWN(plan_done) Plan plan = {0};
    OWN(weights_done) Weights weights = {0};
    plan_of(6, &plan);
    weights_from((int64_t[]){7, 10, 6, 5, 4, 4}, 6, &weights);
    assign((PlanOptions){.shards = 2, .weights = &weights}, &plan);
    assert_shards(&plan, "2 4 6|1 3 5"); /* 10+5+4, 7+6+4 */
}

static void equal_ones_go_in_the_order_of_their_ids(void **state) {
    (void)state;
    OWN(plan_done) Plan plan = {0};
    OWN(weights_done) Weights weights = {0};
    plan_of(5, &plan);
    weights_from((int64_t[]){3, 3, 3, 3, 3}, 5, &weights);
    assign((PlanOptions){.shards = 2, .weights = &weights}, &plan);
    assert_shards(&plan, "1 3 5|2 4");
}

static void an_unknown_account_counts_as_the_median(void **state) {
    (void)state;
    OWN(plan_done) Plan plan = {0};
    OWN(weights_done) Weights weights = {0};
    plan_of(5, &plan);
    weights_from((int64_t[]){100, 1, 50, 0, 0}, 5, &weights); /* 4 and 5 weigh 50 */
    assign((PlanOptions){.shards = 2, .weights = &weights}, &plan);
    assert_shards(&plan, "1 5|2 3 4"); /* 150, 101 */
}

static void without_weights_neighbours_share_a_shard(void **state) {
    (void)state;
    OWN(plan_done) Plan plan = {0};
    OWN(weights_done) Weights weights = {0};
    plan_of(5, &plan);
    assign((PlanOptions){.shards = 2, .weights = &weights}, &plan);
    assert_shards(&plan, "1 2 3|4 5");
}

static void a_large_account_has_a_shard_of_its_own(void **state) {
    (void)state;
    OWN(plan_done) Plan plan = {0};
    OWN(weights_done) Weights weights = {0};
    int64_t calls[60];
    for (size_t i = 0; i < 60; i++) {
        calls[i] = 10;
    }
    calls[41] = 5000;
    plan_of(60, &plan);
    weights_from(calls, 60, &weights);
    assign((PlanOptions){.weights = &weights}, &plan);
    assert_int_equal(plan.shard_count, 4); /* 59 of them take three */
    size_t sizes[4] = {0};
    for (size_t i = 0; i < 60; i++) {
        assert_in_range(plan.accounts[i].shard, 0, 3);
        sizes[plan.accounts[i].shard]++;
    }
    assert_int_equal(plan.accounts[41].shard, 0);
    assert_int_equal(sizes[0], 1);
    for (size_t i = 1; i < 4; i++) {
        assert_in_range(sizes[i], 19, 20);
    }
}

static void shards_are_even(void **state) {
    (void)state;
    OWN(plan_done) Plan plan = {0};
    OWN(weights_done) Weights weights = {0};
    enum { COUNT = 1000, SHARDS = 40 };
    int64_t calls[COUNT];
    int64_t loads[SHARDS] = {0};
    int64_t total = 0;
    uint32_t random = 7;
    for (size_t i = 0; i < COUNT; i++) {
        random = random * 1664525 + 1013904223;
        calls[i] = 1 + (random >> 16) % 500;
        total += calls[i];
    }
    plan_of(COUNT, &plan);
    weights_from(calls, COUNT, &weights);
    assign((PlanOptions){.weights = &weights}, &plan);
    assert_int_equal(plan.shard_count, SHARDS);
    for (size_t i = 0; i < COUNT; i++) {
        loads[plan.accounts[i].shard] += calls[i];
    }
    for (size_t i = 0; i < SHARDS; i++) {
        assert_in_range(loads[i], total / SHARDS * 98 / 100, total / SHARDS * 102 / 100);
    }
}

/* ---- an earlier plan ---- */

typedef struct Twice {
    Plan first;
    Plan second;
    Weights weights;
} Twice;

static void twice_done(Twice *twice) {
    plan_done(&twice->first);
    plan_done(&twice->second);
    weights_done(&twice->weights);
}

/* The first plan has `count` accounts in shards "1 3 5|2 4 6" or so. */
static void plan_first(Twice *twice, size_t count, int shards) {
    int64_t calls[100];
    for (size_t i = 0; i < count; i++) {
        calls[i] = 10;
    }
    plan_of(count, &twice->first);
    weights_from(calls, count, &twice->weights);
    assign((PlanOptions){.shards = shards, .weights = &twice->weights}, &twice->first);
    twice->first.created_at = "2026-11-22T06:00:00Z";
}

static void an_account_stays_in_its_shard(void **state) {
    (void)state;
    OWN(twice_done) Twice twice = {0};
    plan_first(&twice, 6, 2);
    assert_shards(&twice.first, "1 3 5|2 4 6");
    weights_done(&twice.weights);
    weights_from((int64_t[]){1, 2, 3, 900, 5, 6}, 6, &twice.weights);
    plan_of(6, &twice.second);
    assign((PlanOptions){.before = &twice.first, .weights = &twice.weights}, &twice.second);
    assert_shards(&twice.second, "1 3 5|2 4 6");
    assert_string_equal(twice.second.created_at, "2026-11-22T06:00:00Z");
}

static void a_new_account_goes_where_is_least(void **state) {
    (void)state;
    OWN(twice_done) Twice twice = {0};
    plan_first(&twice, 5, 2);
    assert_shards(&twice.first, "1 3 5|2 4");
    plan_of(7, &twice.second);
    twice.second.accounts[2].skip_reason = "SUSPENDED";
    assign((PlanOptions){.before = &twice.first, .weights = &twice.weights}, &twice.second);
    assert_shards(&twice.second, "1 5 6|2 4 7");
}

static void assert_anew(Twice *twice, size_t count, PlanOptions options, const char *expected) {
    options.before = &twice->first;
    options.weights = &twice->weights;
    plan_done(&twice->second);
    plan_of(count, &twice->second);
    assign(options, &twice->second);
    assert_shards(&twice->second, expected);
    assert_null(twice->second.created_at);
}

static void an_earlier_plan_is_passed_over_where_it_does_not_fit(void **state) {
    (void)state;
    OWN(twice_done) Twice twice = {0};
    plan_first(&twice, 3, 3);
    assert_anew(&twice, 3, (PlanOptions){.shards = 2}, "1 3|2");
    assert_anew(&twice, 7, (PlanOptions){0}, "1 2 3 4 5 6 7"); /* most are new */
    assert_anew(&twice, 2, (PlanOptions){0}, "1 2");           /* the third shard is empty */
    twice_done(&twice);
    plan_first(&twice, 30, 1);
    plan_of(30, &twice.second);
    assign((PlanOptions){.before = &twice.first, .weights = &twice.weights}, &twice.second);
    assert_int_equal(twice.second.shard_count, 2);
}

static void a_default_number_gives_way_to_an_earlier_plan(void **state) {
    (void)state;
    OWN(twice_done) Twice twice = {0};
    plan_first(&twice, 6, 3);
    plan_of(6, &twice.second);
    assign((PlanOptions){.before = &twice.first, .default_shards = 1}, &twice.second);
    assert_shards(&twice.second, "1 4|2 5|3 6");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_heaviest_goes_first_to_where_is_least),
        cmocka_unit_test(equal_ones_go_in_the_order_of_their_ids),
        cmocka_unit_test(an_unknown_account_counts_as_the_median),
        cmocka_unit_test(without_weights_neighbours_share_a_shard),
        cmocka_unit_test(a_large_account_has_a_shard_of_its_own),
        cmocka_unit_test(shards_are_even),
        cmocka_unit_test(an_account_stays_in_its_shard),
        cmocka_unit_test(a_new_account_goes_where_is_least),
        cmocka_unit_test(an_earlier_plan_is_passed_over_where_it_does_not_fit),
        cmocka_unit_test(a_default_number_gives_way_to_an_earlier_plan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
