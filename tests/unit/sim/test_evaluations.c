/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "evaluations.h"
#include "pools.h"

#include <stdio.h>
#include <string.h>

static World *open_world(Knobs *knobs, int64_t accounts, int64_t rules) {
    World *world = NULL;
    Err err = {0};
    knobs_init(knobs);
    knobs->accounts = accounts;
    knobs->rules = rules;
    assert_int_equal(world_open(knobs, "eu-west-1,us-east-1", &world, &err), ST_OK);
    return world;
}

static void rules_are_found_by_name_and_by_id(void **state) {
    (void)state;
    Knobs knobs;
    World *world = open_world(&knobs, 3, 1000);
    for (int account = 0; account < 3; account++) {
        for (int rule = 0; rule < 1000; rule++) {
            ScopeRule opened;
            ScopeRule found;
            char id[24];
            scope_rule_open(world, &knobs, account, 1, rule, &opened);
            assert_true(scope_rule_find(world, &knobs, account, 1, opened.name, &found));
            assert_int_equal(found.rule, rule);
            scope_rule_id(&opened, id);
            assert_true(scope_rule_find_id(world, &knobs, account, 1, id, &found));
            assert_int_equal(found.rule, rule);
            assert_true(strlen(opened.name) <= 128);
        }
    }
    world_close(world);
}

static void names_of_other_scopes_are_not_found(void **state) {
    (void)state;
    Knobs knobs;
    World *world = open_world(&knobs, 2, 30);
    ScopeRule rule;
    ScopeRule found;
    static const char *const wrong[] = {"",
                                        "OrgConfigRule-",
                                        "OrgConfigRule-x",
                                        "securityhub-",
                                        "-conformance-pack-",
                                        "no-such-rule"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(scope_rule_find(world, &knobs, 0, 0, wrong[i], &found));
        assert_false(scope_rule_find_id(world, &knobs, 0, 0, wrong[i], &found));
    }
    scope_rule_open(world, &knobs, 0, 0, 3, &rule);
    assert_int_equal(strncmp(rule.name, "OrgConfigRule-", 14), 0);
    assert_false(scope_rule_find(world, &knobs, 1, 0, rule.name, &found));
    assert_false(scope_rule_find(world, &knobs, 0, 1, rule.name, &found));
    world_close(world);
}

static void resource_text(const ScopeRule *rule, int64_t slot, char ret_id[RESOURCE_ID_SIZE]) {
    Evaluation evaluation;
    evaluation_open(rule, slot, &evaluation);
    *evaluation_put_resource_id(rule, &evaluation, ret_id) = '\0';
}

static void rules_of_a_type_share_their_resources(void **state) {
    (void)state;
    Knobs knobs;
    World *world = open_world(&knobs, 1, 60);
    knobs.week = 20;
    size_t shared = 0;
    for (int first = 0; first < 60; first++) {
        for (int second = first + 1; second < 60; second++) {
            ScopeRule a;
            ScopeRule b;
            scope_rule_open(world, &knobs, 0, 0, first, &a);
            scope_rule_open(world, &knobs, 0, 0, second, &b);
            if (a.type != b.type || a.evaluations == 0 || b.evaluations == 0) {
                continue;
            }
            char of_a[RESOURCE_ID_SIZE];
            char of_b[RESOURCE_ID_SIZE];
            resource_text(&a, 0, of_a);
            resource_text(&b, 0, of_b);
            assert_string_equal(of_a, of_b);
            shared++;
        }
    }
    assert_true(shared > 20);
    world_close(world);
}

static void pools_hold_what_rules_evaluate(void **state) {
    (void)state;
    Knobs knobs;
    World *world = open_world(&knobs, 1, 40);
    Pools pools;
    Pool pool;
    pools_open(world, &knobs, 0, 0, &pools);
    uint64_t count = 0;
    while (pools_find(&pools, count, &pool)) {
        assert_true(pool.slot < pool.rule.evaluations);
        count++;
    }
    assert_true(count > 100);
    for (int i = 0; i < 40; i++) {
        ScopeRule rule;
        scope_rule_open(world, &knobs, 0, 0, i, &rule);
        bool found = rule.evaluations == 0;
        for (size_t k = 0; k < pools.count; k++) {
            found = found || (pools.rules[k].type == rule.type &&
                              pools.rules[k].evaluations >= rule.evaluations);
        }
        assert_true(found);
    }
    pools_done(&pools);
    world_close(world);
}

static void nothing_changes_without_churn(void **state) {
    (void)state;
    Knobs knobs;
    World *world = open_world(&knobs, 1, 20);
    Knobs later = knobs;
    knobs.churn = later.churn = 0;
    later.week = 500;
    for (int i = 0; i < 20; i++) {
        ScopeRule now;
        ScopeRule then;
        scope_rule_open(world, &knobs, 0, 0, i, &now);
        scope_rule_open(world, &later, 0, 0, i, &then);
        assert_int_equal(now.evaluations, then.evaluations);
        for (int64_t slot = 0; slot < now.evaluations; slot++) {
            Evaluation a;
            Evaluation b;
            evaluation_open(&now, slot, &a);
            evaluation_open(&then, slot, &b);
            assert_int_equal(a.compliance, b.compliance);
            assert_int_equal(b.since, 0);
        }
    }
    world_close(world);
}

static void one_account_in_24_is_suspended_and_ids_differ(void **state) {
    (void)state;
    Knobs knobs;
    World *world = open_world(&knobs, 24, 1);
    size_t suspended = 0;
    for (size_t i = 0; i < world->account_count; i++) {
        suspended += world->accounts[i].suspended;
        assert_int_equal(strlen(world->accounts[i].id), 12);
        assert_int_equal(world_find_account(world, world->accounts[i].id), (int)i);
    }
    assert_int_equal(suspended, 1);
    assert_false(world->accounts[0].suspended);
    assert_int_equal(world_find_account(world, "x"), WORLD_NONE);
    world_close(world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_found_by_name_and_by_id),
        cmocka_unit_test(names_of_other_scopes_are_not_found),
        cmocka_unit_test(rules_of_a_type_share_their_resources),
        cmocka_unit_test(pools_hold_what_rules_evaluate),
        cmocka_unit_test(nothing_changes_without_churn),
        cmocka_unit_test(one_account_in_24_is_suspended_and_ids_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
