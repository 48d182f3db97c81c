#include "store/layout.h"
#include "store/store_driver.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_objects),
        cmocka_unit_test(the_longest_ids_fit),
        cmocka_unit_test(refuses_ids_that_lead_elsewhere),
        cmocka_unit_test(tells_shards_from_other_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
