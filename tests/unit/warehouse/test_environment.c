#include "warehouse/environment.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static Environment classify(const EnvironmentRules *rules, const char *id, const char *path,
                            const char *name) {
    const EnvironmentAccount account = {.id = id, .path = path, .name = name};
    return environment_classify(rules, &account);
}

static const EnvironmentRules no_rules = {0};

static void assert_named(const char *name, Environment expected) {
    Environment found = classify(&no_rules, "123456789012", "", name);
    if (found != expected) {
        fail_msg("'%s' is %s, not %s", name, environment_name(found), environment_name(expected));
    }
}

static void words_of_a_name_decide(void **state) {
    (void)state;
    static const char *const prod[] = {"payments-prod", "prod-app-01",   "PROD",     "prd.data",
                                       "Data_Prod01",   "my production", "a/prod(b)"};
    static const char *const nonprod[] = {
        "payments-dev",   "nonprod",   "non-prod",     "Non Production", "non_prd",
        "app-nonprod-01", "preprod",   "pre-prod",     "prod-test",      "test.prod",
        "dev2",           "app-stg",   "SANDBOX",      "sandbox-maria",  "uat01",
        "qa-payments",    "staging 3", "data-int",     "x-integration",  "lab",
        "poc-thing",      "training",  "perf-cluster", "preview",        "app-Development"};
    static const char *const unclassified[] = {"",           "payments", "reproduction", "product",
                                               "developer",  "latest",   "internal",     "stages",
                                               "live",       "non",      "01",           "prodigy",
                                               "sharedprod", "prodé",    "---",          "contest"};
    for (size_t i = 0; i < sizeof prod / sizeof prod[0]; i++) {
        assert_named(prod[i], ENV_PROD);
    }
    for (size_t i = 0; i < sizeof nonprod / sizeof nonprod[0]; i++) {
        assert_named(nonprod[i], ENV_NONPROD);
    }
    for (size_t i = 0; i < sizeof unclassified / sizeof unclassified[0]; i++) {
        assert_named(unclassified[i], ENV_UNCLASSIFIED);
    }
}

static void long_names_are_no_trouble(void **state) {
    (void)state;
    char name[4096];
    memset(name, 'p', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_named(name, ENV_UNCLASSIFIED);
    memcpy(name + sizeof name - 6, "-prod", 6);
    assert_named(name, ENV_PROD);
}

static void the_first_kind_of_rule_that_matches_counts(void **state) {
    (void)state;
    const EnvironmentRules rules = {
        .by_account = "111111111111=prod, 222222222222 = unclassified ,",
        .by_path = "Root/Sandbox/*=nonprod,Root/*=prod",
        .by_name = "*-live=prod,a=b=nonprod,*=unclassified",
    };
    Err err;
    assert_int_equal(environment_check_rules(&rules, &err), ST_OK);
    const char *path = "Root/Sandbox/Maria";
    assert_int_equal(classify(&rules, "111111111111", path, "x-dev"), ENV_PROD);
    assert_int_equal(classify(&rules, "222222222222", path, "x-prod"), ENV_UNCLASSIFIED);
    assert_int_equal(classify(&rules, "333333333333", path, "x-prod"), ENV_NONPROD);
    assert_int_equal(classify(&rules, "333333333333", "Root/A", "x-dev"), ENV_PROD);
    assert_int_equal(classify(&rules, "333333333333", "", "x-live"), ENV_PROD);
    assert_int_equal(classify(&rules, "333333333333", "", "a=b"), ENV_NONPROD);
    assert_int_equal(classify(&rules, "333333333333", "", "x-dev"), ENV_UNCLASSIFIED);
}

static void an_unknown_path_matches_no_rule(void **state) {
    (void)state;
    const EnvironmentRules rules = {.by_path = "*=prod"};
    assert_int_equal(classify(&rules, "111111111111", "", "x-dev"), ENV_NONPROD);
    assert_int_equal(classify(&rules, "111111111111", "Root", "x-dev"), ENV_PROD);
}

static void wrong_rules_are_named(void **state) {
    (void)state;
    static const struct {
        EnvironmentRules rules;
        const char *told;
    } cases[] = {
        {{.by_account = "111111111111"}, "'111111111111'"},
        {{.by_account = "111111111111=live"}, "by account"},
        {{.by_account = "11111111111=prod"}, "'11111111111=prod'"},
        {{.by_account = "111111111111=PROD"}, "by account"},
        {{.by_path = "a=prod,=prod"}, "by path: '=prod'"},
        {{.by_name = "x=prod,y="}, "by name: 'y='"},
        {{.by_name = "x"}, "by name: 'x'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Err err;
        assert_int_equal(environment_check_rules(&cases[i].rules, &err), ST_USAGE);
        assert_non_null(strstr(err.message, cases[i].told));
        assert_true(err.hint[0] != '\0');
    }
    Err err;
    const EnvironmentRules blank = {.by_account = "", .by_path = " , ,", .by_name = NULL};
    assert_int_equal(environment_check_rules(&blank, &err), ST_OK);
    char text[400];
    memset(text, 'x', sizeof text);
    memcpy(text + 300, "=prod", 6);
    const EnvironmentRules endless = {.by_name = text};
    assert_int_equal(environment_check_rules(&endless, &err), ST_USAGE);
}

static void a_tag_counts_more_than_path_and_name_and_less_than_an_id(void **state) {
    (void)state;
    const EnvironmentRules rules = {.by_account = "111111111111=prod", .by_path = "Root=nonprod"};
    EnvironmentAccount account = {"222222222222", "Production", "Root", "x-dev"};
    assert_int_equal(environment_classify(&rules, &account), ENV_PROD);
    account.tag = "pre-prod";
    account.path = "";
    assert_int_equal(environment_classify(&rules, &account), ENV_NONPROD);
    account.id = "111111111111";
    assert_int_equal(environment_classify(&rules, &account), ENV_PROD);
    account = (EnvironmentAccount){"222222222222", "blue", "", "x-prod"}; /* says nothing of it */
    assert_int_equal(environment_classify(&rules, &account), ENV_PROD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tag_counts_more_than_path_and_name_and_less_than_an_id),
        cmocka_unit_test(words_of_a_name_decide),
        cmocka_unit_test(long_names_are_no_trouble),
        cmocka_unit_test(the_first_kind_of_rule_that_matches_counts),
        cmocka_unit_test(an_unknown_path_matches_no_rule),
        cmocka_unit_test(wrong_rules_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
