#include "store/layout.h"
#include "store/store_driver.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <string.h>

static const char id_64[] = "a23456789_123456789_123456789_123456789_123456789_123456789_1234";

static void names_objects(void **state) {
    (void)state;
    LayoutKey key;
    Err err;
    assert_int_equal(layout_plan("2026-11-22", &key, &err), ST_OK);
    assert_string_equal(key.text, "batches/2026-11-22/plan.json");
    assert_int_equal(layout_shard_events("2026-11-22", &key, &err), ST_OK);
    assert_string_equal(key.text, "batches/2026-11-22/shards.json");
    assert_int_equal(layout_results("2026-11-22", &key, &err), ST_OK);
    assert_string_equal(key.text, "batches/2026-11-22/results");
    assert_int_equal(layout_batch_prefix("2026-11-22", &key, &err), ST_OK);
    assert_string_equal(key.text, "batches/2026-11-22/");
    assert_int_equal(layout_shard("2026-11-22", "01", &key, &err), ST_OK);
    assert_string_equal(key.text, "batches/2026-11-22/01.db.gz");
    assert_int_equal(layout_history("2026-11-22", 1, &key, &err), ST_OK);
    assert_string_equal(key.text, "history/compliance-2026-11-22.db");
    assert_int_equal(layout_history("2026-11-22", 2, &key, &err), ST_OK);
    assert_string_equal(key.text, "history/compliance-2026-11-22.2.db");
    const LayoutRun run = {"2026-11-22", "2026-11-22"};
    assert_int_equal(layout_raw(&run, &key, &err), ST_OK);
    assert_string_equal(key.text, "raw/config-rules-2026-11-22.csv");
    assert_int_equal(layout_report(&run, &key, &err), ST_OK);
    assert_string_equal(key.text, "reports/ConfigRule_2026-11-22.xlsx");
    assert_int_equal(layout_notice("2026-11-22", &key, &err), ST_OK);
    assert_string_equal(key.text, "reports/notified-2026-11-22.json");
    const LayoutRun second = {"2026-11-22-b", "2026-11-22"};
    assert_int_equal(layout_raw(&second, &key, &err), ST_OK);
    assert_string_equal(key.text, "raw/config-rules-2026-11-22_2026-11-22-b.csv");
    assert_int_equal(layout_report(&second, &key, &err), ST_OK);
    assert_string_equal(key.text, "reports/ConfigRule_2026-11-22_2026-11-22-b.xlsx");
}

static void the_longest_ids_fit(void **state) {
    (void)state;
    LayoutKey key;
    Err err;
    assert_int_equal(strlen(id_64), 64);
    assert_int_equal(layout_shard(id_64, id_64, &key, &err), ST_OK);
    assert_true(store_key_is_valid(key.text));
    assert_int_equal(layout_history(id_64, INT32_MAX, &key, &err), ST_OK);
    assert_true(store_key_is_valid(key.text));
}

static void refuses_ids_that_lead_elsewhere(void **state) {
    (void)state;
    static const char *const bad[] = {"",    "..",  ".a",   "a/b",     "../a",
                                      "a\n", "a b", "a%2f", "\xC3\xA9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        LayoutKey key;
        Err err;
        assert_int_equal(layout_plan(bad[i], &key, &err), ST_USAGE);
        assert_int_equal(layout_batch_prefix(bad[i], &key, &err), ST_USAGE);
        assert_int_equal(layout_shard_events(bad[i], &key, &err), ST_USAGE);
        assert_int_equal(layout_results(bad[i], &key, &err), ST_USAGE);
        assert_int_equal(layout_notice(bad[i], &key, &err), ST_USAGE);
        assert_int_equal(layout_shard(bad[i], "01", &key, &err), ST_USAGE);
        assert_int_equal(layout_shard("g", bad[i], &key, &err), ST_USAGE);
        assert_int_equal(layout_history(bad[i], 1, &key, &err), ST_USAGE);
        assert_int_equal(layout_raw(&(LayoutRun){"g", bad[i]}, &key, &err), ST_USAGE);
        assert_int_equal(layout_report(&(LayoutRun){"g", bad[i]}, &key, &err), ST_USAGE);
        assert_int_equal(layout_raw(&(LayoutRun){bad[i], "2026-11-22"}, &key, &err), ST_USAGE);
    }
    LayoutKey key;
    Err err;
    assert_int_equal(layout_raw(&(LayoutRun){"g", "2026-02-30"}, &key, &err), ST_USAGE);
}

static void tells_shards_from_other_keys(void **state) {
    (void)state;
    char id[65];
    LayoutKey key;
    Err err;
    assert_int_equal(layout_shard("g", id_64, &key, &err), ST_OK);
    assert_true(layout_shard_id(key.text, id, sizeof id));
    assert_string_equal(id, id_64);
    assert_false(layout_shard_id(key.text, id, sizeof id - 1));
    assert_true(layout_shard_id("batches/g/x.db.gz.db.gz", id, sizeof id));
    assert_string_equal(id, "x.db.gz");

    static const char *const others[] = {"batches/g/plan.json",
                                         "batches/g/shards.json",
                                         "batches/g/results/01.db.gz",
                                         "batches/g/results/8a6e/01.db.gz",
                                         "batches/g/.db.gz",
                                         "batches/g/..db.gz",
                                         "batches/g/a b.db.gz",
                                         "history/g/01.db.gz",
                                         "batches/g/h/01.db.gz",
                                         "batches/01.db.gz",
                                         "batches/g/01.db",
                                         "01.db.gz",
                                         "",
                                         "x/batches/g/01.db.gz"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(layout_shard_id(others[i], id, sizeof id));
    }
}

static void finds_the_run_of_a_raw_file(void **state) {
    (void)state;
    char group_id[LAYOUT_ID_SIZE];
    LayoutKey key;
    Err err;
    assert_true(layout_parse_raw("raw/config-rules-2026-11-22.csv", group_id));
    assert_string_equal(group_id, "2026-11-22");
    assert_int_equal(layout_raw(&(LayoutRun){id_64, "2026-11-22"}, &key, &err), ST_OK);
    assert_true(layout_parse_raw(key.text, group_id));
    assert_string_equal(group_id, id_64);
    assert_true(layout_parse_raw("raw/config-rules-2026-11-22_a_b.csv", group_id));
    assert_string_equal(group_id, "a_b");

    static const char *const others[] = {"raw/config-rules-2026-11-22.csv.gz",
                                         "raw/config-rules-2026-11-22_.csv",
                                         "raw/config-rules-2026-11-22_a/b.csv",
                                         "raw/config-rules-2026-11-22_.a.csv",
                                         "raw/config-rules-2026-11-22x.csv",
                                         "raw/config-rules-2026-02-30.csv",
                                         "raw/config-rules-weekly.csv",
                                         "raw/config-rules-.csv",
                                         "raw/config-rules.csv",
                                         "x/raw/config-rules-2026-11-22.csv",
                                         "reports/ConfigRule_2026-11-22.xlsx",
                                         ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(layout_parse_raw(others[i], group_id));
    }
    char longer[LAYOUT_KEY_SIZE];
    snprintf(longer, sizeof longer, "raw/config-rules-2026-11-22_%sx.csv", id_64);
    assert_false(layout_parse_raw(longer, group_id));
}

static void assert_history(const char *key, const char *group_id, const char *or_group_id) {
    char found[LAYOUT_ID_SIZE];
    char other[LAYOUT_ID_SIZE];
    assert_true(layout_parse_history(key, found, other));
    assert_string_equal(found, group_id);
    assert_string_equal(other, or_group_id);
}

static void finds_the_run_of_a_history(void **state) {
    (void)state;
    char found[LAYOUT_ID_SIZE];
    char other[LAYOUT_ID_SIZE];
    LayoutKey key;
    Err err;
    assert_history("history/compliance-2026-11-22.db", "2026-11-22", "");
    assert_history("history/compliance-2026-11-22.2.db", "2026-11-22.2", "2026-11-22");
    assert_history("history/compliance-a.12.db", "a.12", "a");
    assert_history("history/compliance-a.1.db", "a.1", "");
    assert_history("history/compliance-a.02.db", "a.02", "");
    assert_history("history/compliance-a.b.db", "a.b", "");
    assert_history("history/compliance-2.db", "2", "");
    assert_int_equal(layout_history(id_64, INT32_MAX, &key, &err), ST_OK);
    assert_history(key.text, id_64, "");

    static const char *const others[] = {LAYOUT_LATEST,
                                         "history/compliance-.db",
                                         "history/compliance-.2.db",
                                         "history/compliance-../x.db",
                                         "history/compliance-a.db.gz",
                                         "history/compliance-a b.db",
                                         "history/other.db",
                                         "batches/g/01.db.gz",
                                         ""};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(layout_parse_history(others[i], found, other));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_objects),
        cmocka_unit_test(the_longest_ids_fit),
        cmocka_unit_test(refuses_ids_that_lead_elsewhere),
        cmocka_unit_test(tells_shards_from_other_keys),
        cmocka_unit_test(finds_the_run_of_a_raw_file),
        cmocka_unit_test(finds_the_run_of_a_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
