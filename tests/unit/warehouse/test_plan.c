#include "warehouse/plan.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/layout.h"

#include <string.h>

/* A folder with the accounts file and the store of one test. */
typedef struct Place {
    TempDir dir;
    char *file;
    Store *store;
} Place;

static int place_open(void **state) {
    Place *place = mem_alloc(sizeof *place);
    Err err;
    assert_int_equal(temp_dir_open(&place->dir, &err), ST_OK);
    place->file = temp_dir_path(&place->dir, "accounts");
    OWN(mem_free_at) char *url = temp_dir_path(&place->dir, "store");
    assert_int_equal(store_open(url, NULL, &place->store, &err), ST_OK);
    *state = place;
    return 0;
}

static int place_close(void **state) {
    Place *place = *state;
    store_close(place->store);
    temp_dir_close(&place->dir);
    mem_free(place->file);
    mem_free(place);
    return 0;
}

static Status make(const Place *place, const char *accounts, PlanOptions options, Plan *ret_plan,
                   Err *err) {
    assert_int_equal(file_write_atomic(place->file, accounts, strlen(accounts), err), ST_OK);
    options.accounts_file = place->file;
    options.regions = options.regions == NULL ? "eu-west-1" : options.regions;
    return plan_make(&options, NULL, ret_plan, err);
}

/* "id name shard-or-reason; …" of all accounts. */
static char *accounts_of(const Plan *plan) {
    Buf out = {0};
    for (size_t i = 0; i < plan->account_count; i++) {
        const PlanAccount *account = &plan->accounts[i];
        char shard_id[PLAN_SHARD_ID_SIZE] = "";
        if (account->skip_reason == NULL) {
            plan_shard_id(account->shard, shard_id);
        }
        buf_printf(&out, "%s%s %s %s", i > 0 ? "; " : "", account->id, account->name,
                   account->skip_reason == NULL ? shard_id : account->skip_reason);
    }
    return buf_take(&out);
}

static void assert_accounts(const Place *place, const char *file, PlanOptions options,
                            const char *expected) {
    OWN(plan_done) Plan plan = {0};
    Err err;
    if (make(place, file, options, &plan, &err) != ST_OK) {
        fail_msg("%s", err.message);
    }
    OWN(mem_free_at) char *found = accounts_of(&plan);
    assert_string_equal(found, expected);
}

static void reads_accounts_as_people_write_them(void **state) {
    static const char *const files[] = {
        "id,name\n222222222222,b\n111111111111,\"a, x\"\n",
        "\xEF\xBB\xBF"
        "Account_Name , ACCOUNT_ID,Mail\r\n\r\n\"a, x\", 111111111111 ,m\r\nb,222222222222,n",
        "[{\"id\":\"222222222222\",\"name\":\"b\"},{\"account_id\":\"111111111111\","
        "\"account_name\":\"a, x\",\"other\":[]}]",
        "\xEF\xBB\xBF {\"Accounts\":[{\"Id\":\"111111111111\",\"Name\":\"a, x\",\"Arn\":\"…\"},"
        "{\"Id\":\"222222222222\",\"Name\":\"b\"}],\"NextToken\":null}",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        assert_accounts(*state, files[i], (PlanOptions){0},
                        "111111111111 a, x 01; 222222222222 b 01");
    }
    assert_accounts(*state, "account_id\n000000000001\n", (PlanOptions){0}, "000000000001  01");
    assert_accounts(*state, "[{\"id\":\"000000000001\",\"name\":null}]", (PlanOptions){0},
                    "000000000001  01");
}

static void every_malformed_line_is_named(void **state) {
    static const struct {
        const char *file;
        const char *place;
        const char *hint;
    } cases[] = {
        {"", "empty", "header"},
        {"\n\n", "empty", "header"},
        {"id,name\n", "no accounts", ""},
        {"111111111111,a\n", "line 1", "id,name"},
        {"name\na\n", "line 1", "id,name"},
        {"id;name\n111111111111;a\n", "line 1", "semicolons"},
        {"id,account_id\n", "line 1", ""},
        {"id,name\n\n111111111111,a\n22222222222,b\n", "line 4: '22222222222'", "leading zeros"},
        {"id,name\n1.11111E+11,a\n", "line 2: '1.11111E+11'", "spreadsheet"},
        {"id,name\n1111-1111-1111,a\n", "line 2", "12 digits"},
        {"id,name\n,a\n", "line 2: ''", "12 digits"},
        {"id,name\n111111111111\n", "line 2", "it has 1, the header 2"},
        {"id,name\n111111111111,a,b\n", "line 2", "it has 3, the header 2"},
        {"id,name\n111111111111,\"a\nb\"\n", "line 2: the name", "one line"},
        {"id,name\n111111111111,\"a\n", "line 2", ""},
        {"id,name\n111111111111,a\xFF\n", "line 2", ""},
        {"id,name\n111111111111,a\n222222222222,b\n111111111111,c\n",
         "line 4: account 111111111111 stands in line 2", "one of them"},
        {"[]", "no accounts", ""},
        {"{\"accounts\":[]}", "no accounts", ""},
        {"{\"other\":[]}", "no array of accounts", "write ["},
        {"{\"accounts\":{}}", "no array of accounts", "write ["},
        {"[{\"id\":\"111111111111\"},", "not JSON", ""},
        {"[{\"id\":\"111111111111\"},7]", "element 2", "write {"},
        {"[{\"name\":\"a\"}]", "element 1", "write {"},
        {"[{\"id\":111111111111}]", "element 1", "quotes"},
        {"[{\"id\":null}]", "element 1", "quotes"},
        {"[{\"id\":\"1111111111112\"}]", "element 1", "12 digits"},
        {"[{\"id\":\"111111111111\",\"name\":7}]", "element 1", ""},
        {"[{\"id\":\"111111111111\"},{\"id\":\"111111111111\"}]", "element 2: account", ""},
    };
    const Place *place = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OWN(plan_done) Plan plan = {0};
        Err err;
        Status status = make(place, cases[i].file, (PlanOptions){0}, &plan, &err);
        if (status != ST_INPUT || strstr(err.message, place->file) == NULL ||
            strstr(err.message, cases[i].place) == NULL ||
            strstr(err.hint, cases[i].hint) == NULL) {
            fail_msg("case %zu: status %d: %s [%s]", i, (int)status, err.message, err.hint);
        }
        assert_null(plan.accounts);
    }
}

static void an_absent_file_is_named(void **state) {
    (void)state;
    OWN(plan_done) Plan plan = {0};
    Err err;
    const PlanOptions options = {.accounts_file = "/nonexistent/accounts.csv",
                                 .regions = "eu-west-1"};
    assert_int_equal(plan_make(&options, NULL, &plan, &err), ST_INPUT);
    assert_non_null(strstr(err.message, "/nonexistent/accounts.csv"));
}

static const char three[] = "id,name\n111111111111,pay-prod\n222222222222,pay-dev\n"
                            "333333333333,lab\n";

static void excluded_accounts_stay_listed(void **state) {
    assert_accounts(*state, three, (PlanOptions){.exclude_accounts = "333333333333, pay-d*,none*"},
                    "111111111111 pay-prod 01; 222222222222 pay-dev excluded; "
                    "333333333333 lab excluded");
    OWN(plan_done) Plan plan = {0};
    Err err;
    assert_int_equal(make(*state, three, (PlanOptions){.exclude_accounts = "*"}, &plan, &err),
                     ST_USAGE);
    assert_non_null(strstr(err.message, "no account is left"));
    assert_int_equal(make(*state, three, (PlanOptions){.exclude_accounts = "33333"}, &plan, &err),
                     ST_USAGE);
    assert_non_null(strstr(err.message, "'33333'"));
}

static void shards_hold_neighbours(void **state) {
    assert_accounts(*state, three, (PlanOptions){.shards = 2},
                    "111111111111 pay-prod 01; 222222222222 pay-dev 01; 333333333333 lab 02");
    assert_accounts(*state, three, (PlanOptions){.shards = 2, .exclude_accounts = "pay-dev"},
                    "111111111111 pay-prod 01; 222222222222 pay-dev excluded; "
                    "333333333333 lab 02");
    assert_accounts(*state, three, (PlanOptions){.shards = 9},
                    "111111111111 pay-prod 01; 222222222222 pay-dev 02; 333333333333 lab 03");
    OWN(plan_done) Plan plan = {0};
    Err err;
    assert_int_equal(make(*state, three, (PlanOptions){.shards = -1}, &plan, &err), ST_USAGE);
    assert_int_equal(make(*state, three, (PlanOptions){.shards = 10001}, &plan, &err), ST_USAGE);
}

static void a_shard_has_25_accounts_unless_told_otherwise(void **state) {
    OWN(buf_done) Buf file = {0};
    OWN(plan_done) Plan plan = {0};
    Err err;
    int sizes[11] = {0};
    buf_puts(&file, "id\n");
    for (int i = 0; i < 251; i++) {
        buf_printf(&file, "%012d\n", 250 - i);
    }
    assert_int_equal(make(*state, buf_text(&file), (PlanOptions){0}, &plan, &err), ST_OK);
    assert_int_equal(plan.shard_count, 11);
    for (size_t i = 0; i < plan.account_count; i++) {
        assert_in_range(plan.accounts[i].shard, 0, 10);
        sizes[plan.accounts[i].shard]++;
    }
    for (size_t i = 0; i < 11; i++) {
        assert_in_range(sizes[i], 22, 23);
    }
    char shard_id[PLAN_SHARD_ID_SIZE];
    plan_shard_id(8, shard_id);
    assert_string_equal(shard_id, "09");
    plan_shard_id(98, shard_id);
    assert_string_equal(shard_id, "99");
    plan_shard_id(99, shard_id);
    assert_string_equal(shard_id, "100");
}

static void regions_are_checked(void **state) {
    OWN(plan_done) Plan plan = {0};
    Err err;
    const PlanOptions twice = {.regions = "us-east-1, eu-west-1,us-east-1,"};
    assert_int_equal(make(*state, three, twice, &plan, &err), ST_OK);
    assert_int_equal(plan.region_count, 2);
    assert_string_equal(plan.regions[0], "us-east-1");
    assert_string_equal(plan.regions[1], "eu-west-1");
    OWN(plan_done) Plan none = {0};
    assert_int_equal(make(*state, three, (PlanOptions){.regions = ""}, &none, &err), ST_USAGE);
    assert_non_null(strstr(err.hint, "--regions"));
    assert_non_null(strstr(err.hint, "AWS_REGION"));
    assert_int_equal(make(*state, three, (PlanOptions){.regions = "Frankfurt"}, &none, &err),
                     ST_USAGE);
    assert_non_null(strstr(err.message, "'Frankfurt'"));
    OWN(buf_done) Buf many = {0};
    for (int i = 0; i <= PLAN_MAX_REGIONS; i++) {
        buf_printf(&many, "eu-west-%d,", i);
    }
    assert_int_equal(make(*state, three, (PlanOptions){.regions = buf_text(&many)}, &none, &err),
                     ST_USAGE);
}

static void the_date_comes_from_the_option_the_group_or_today(void **state) {
    (void)state;
    char date[11];
    char today[11];
    Err err;
    assert_int_equal(plan_resolve_date("2026-02-28", "2026-11-22", date, &err), ST_OK);
    assert_string_equal(date, "2026-02-28");
    assert_int_equal(plan_resolve_date(NULL, "2026-11-22", date, &err), ST_OK);
    assert_string_equal(date, "2026-11-22");
    for (int i = 0; i < 2; i++) {
        clock_format_date(clock_now_ms(), today);
        assert_int_equal(plan_resolve_date(NULL, i == 0 ? NULL : "2026-11-22b", date, &err), ST_OK);
        char later[11];
        clock_format_date(clock_now_ms(), later); /* midnight may have passed */
        assert_true(str_equal(date, today) || str_equal(date, later));
    }
    static const char *const bad[] = {"", "today", "2026-02-30", "22.11.2026", "2026-11-22T00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(plan_resolve_date(bad[i], "2026-11-22", date, &err), ST_USAGE);
        assert_non_null(strstr(err.hint, "YYYY-MM-DD"));
    }
}

static void the_group_is_the_date_unless_told_otherwise(void **state) {
    OWN(plan_done) Plan plan = {0};
    OWN(plan_done) Plan named = {0};
    OWN(plan_done) Plan none = {0};
    Err err;
    assert_int_equal(make(*state, three, (PlanOptions){.date = "2026-11-22"}, &plan, &err), ST_OK);
    assert_string_equal(plan.group_id, "2026-11-22");
    const PlanOptions options = {.group_id = "again", .date = "2026-11-22"};
    assert_int_equal(make(*state, three, options, &named, &err), ST_OK);
    assert_string_equal(named.group_id, "again");
    assert_string_equal(named.date, "2026-11-22");
    assert_int_equal(make(*state, three, (PlanOptions){.group_id = "../x"}, &none, &err), ST_USAGE);
}

static void what_is_written_is_read_again(void **state) {
    const Place *place = *state;
    OWN(plan_done) Plan plan = {0};
    OWN(plan_done) Plan read = {0};
    OWN(plan_done) Plan other = {0};
    Err err;
    const PlanOptions options = {.group_id = "2026-11-22",
                                 .regions = "us-east-1,eu-west-1",
                                 .exclude_accounts = "lab",
                                 .shards = 2};
    assert_int_equal(plan_read("2026-11-22", place->store, &other, &err), ST_NOTHING);
    assert_non_null(strstr(err.hint, "plan --group-id 2026-11-22"));
    assert_int_equal(make(place, three, options, &plan, &err), ST_OK);
    assert_int_equal(plan_write(&plan, place->store, &err), ST_OK);
    assert_int_equal(plan_write(&plan, place->store, &err), ST_OK);
    assert_int_equal(plan_read("2026-11-22", place->store, &read, &err), ST_OK);
    OWN(mem_free_at) char *written_accounts = accounts_of(&plan);
    OWN(mem_free_at) char *read_accounts = accounts_of(&read);
    assert_string_equal(read_accounts, written_accounts);
    assert_string_equal(read.group_id, "2026-11-22");
    assert_string_equal(read.date, "2026-11-22");
    assert_int_equal(read.shard_count, 2);
    assert_int_equal(read.region_count, 2);
    assert_string_equal(read.regions[0], "us-east-1");
    assert_string_equal(read.accounts[0].path, "");
    assert_int_equal(plan_read("2026-11-23", place->store, &other, &err), ST_NOTHING);
    assert_int_equal(plan_read("../2026", place->store, &other, &err), ST_USAGE);
}

#define HEAD "{\"group_id\":\"g\",\"date\":\"2026-11-22\",\"regions\":[\"eu-west-1\"],"
#define ONE  "{\"account_id\":\"111111111111\",\"account_name\":\"a\",\"path\":\"\","

static void nothing_in_a_plan_is_trusted(void **state) {
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"group_id\":\"h\",\"date\":\"2026-11-22\",\"regions\":[\"eu-west-1\"],"
        "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"01\"}]}",
        "{\"group_id\":\"g\",\"date\":\"2026-11-31\",\"regions\":[\"eu-west-1\"],"
        "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"01\"}]}",
        "{\"group_id\":\"g\",\"date\":\"2026-11-22\",\"regions\":[],"
        "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"01\"}]}",
        "{\"group_id\":\"g\",\"date\":\"2026-11-22\",\"regions\":[\"x\"],"
        "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"01\"}]}",
        "{\"group_id\":\"g\",\"date\":\"2026-11-22\",\"regions\":\"eu-west-1\","
        "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"01\"}]}",
        HEAD "\"accounts\":[" ONE "\"shard_id\":\"01\"}]}",
        HEAD "\"shard_count\":0,\"accounts\":[" ONE "\"shard_id\":\"01\"}]}",
        HEAD "\"shard_count\":10001,\"accounts\":[" ONE "\"shard_id\":\"01\"}]}",
        HEAD "\"shard_count\":\"1\",\"accounts\":[" ONE "\"shard_id\":\"01\"}]}",
        HEAD "\"shard_count\":1}",
        HEAD "\"shard_count\":1,\"accounts\":[]}",
        HEAD "\"shard_count\":1,\"accounts\":[7]}",
        HEAD "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"02\"}]}",
        HEAD "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"1\"}]}",
        HEAD "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"../x\"}]}",
        HEAD "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":1}]}",
        HEAD "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"01\",\"skipped\":\"x\"}]}",
        HEAD "\"shard_count\":1,\"accounts\":[" ONE "\"x\":1}]}",
        HEAD "\"shard_count\":1,\"accounts\":[" ONE "\"skipped\":\"excluded\"}]}",
        HEAD "\"shard_count\":2,\"accounts\":[" ONE "\"shard_id\":\"01\"}]}",
        HEAD "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"01\"}," ONE
             "\"shard_id\":\"01\"}]}",
        HEAD "\"shard_count\":1,\"accounts\":[{\"account_id\":\"11111111111x\","
             "\"account_name\":\"a\",\"path\":\"\",\"shard_id\":\"01\"}]}",
        HEAD "\"shard_count\":1,\"accounts\":[{\"account_id\":\"111111111111\","
             "\"path\":\"\",\"shard_id\":\"01\"}]}",
    };
    const Place *place = *state;
    LayoutKey key;
    Err err;
    assert_int_equal(layout_plan("g", &key, &err), ST_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWN(plan_done) Plan plan = {0};
        const StorePut put = {.key = key.text, .data = bad[i], .size = strlen(bad[i])};
        assert_int_equal(store_put(place->store, &put, NULL, &err), ST_OK);
        if (plan_read("g", place->store, &plan, &err) != ST_CORRUPT ||
            strstr(err.message, key.text) == NULL) {
            fail_msg("case %zu was read: %s", i, bad[i]);
        }
    }
    OWN(plan_done) Plan plan = {0};
    const char *good = HEAD "\"shard_count\":1,\"accounts\":[" ONE "\"shard_id\":\"01\"}]}";
    const StorePut put = {.key = key.text, .data = good, .size = strlen(good)};
    assert_int_equal(store_put(place->store, &put, NULL, &err), ST_OK);
    assert_int_equal(plan_read("g", place->store, &plan, &err), ST_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(reads_accounts_as_people_write_them),
        TEST(every_malformed_line_is_named),
        TEST(an_absent_file_is_named),
        TEST(excluded_accounts_stay_listed),
        TEST(shards_hold_neighbours),
        TEST(a_shard_has_25_accounts_unless_told_otherwise),
        TEST(regions_are_checked),
        TEST(the_date_comes_from_the_option_the_group_or_today),
        TEST(the_group_is_the_date_unless_told_otherwise),
        TEST(what_is_written_is_read_again),
        TEST(nothing_in_a_plan_is_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
