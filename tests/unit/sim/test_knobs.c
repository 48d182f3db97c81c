/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "knobs.h"

#include <string.h>

static Status set_json(Knobs *knobs, const char *text) {
    Err err = {0};
    return knobs_set_json(knobs, text, strlen(text), &err);
}

static void flags_set_what_they_name(void **state) {
    (void)state;
    Knobs knobs;
    Err err = {0};
    knobs_init(&knobs);
    assert_int_equal(knob_set(&knobs, knob_find("latency-ms"), "20", &err), ST_OK);
    assert_int_equal(knobs.latency_ms, 20);
    assert_int_equal(knob_set(&knobs, knob_find("evaluations"), "3..7", &err), ST_OK);
    assert_int_equal(knobs.evaluations_min, 3);
    assert_int_equal(knobs.evaluations_max, 7);
    assert_int_equal(knob_set(&knobs, knob_find("evaluations"), "100", &err), ST_OK);
    assert_int_equal(knobs.evaluations_min, 100);
    assert_int_equal(knob_set(&knobs, knob_find("hostile-text"), "", &err), ST_OK);
    assert_true(knobs.hostile_text);
    assert_int_equal(knob_set(&knobs, knob_find("throttle"), "nan", &err), ST_USAGE);
    assert_int_equal(knob_set(&knobs, knob_find("throttle"), "0.5x", &err), ST_USAGE);
    assert_null(knob_find("no-such-knob"));
}

static void selectors_take_accounts_regions_and_fractions(void **state) {
    (void)state;
    Selector selector;
    Err err = {0};
    assert_int_equal(selector_parse("0.25,7,123456789012/eu-west-1,us-east-1", &selector, &err),
                     ST_OK);
    assert_true(selector.fraction == 0.25);
    assert_int_equal(selector.count, 3);
    assert_string_equal(selector.items[0].account, "7");
    assert_string_equal(selector.items[1].region, "eu-west-1");
    assert_string_equal(selector.items[2].account, "");
    assert_string_equal(selector.items[2].region, "us-east-1");
    static const char *const wrong[] = {"nobody",     "1234567890123", "7/", "7/Mars",
                                        "/eu-west-1", "1.5",           "-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(selector_parse(wrong[i], &selector, &err), ST_USAGE);
    }
}

static void json_sets_all_or_none(void **state) {
    (void)state;
    Knobs knobs;
    knobs_init(&knobs);
    assert_int_equal(set_json(&knobs, "{\"week\": 4, \"throttle\": 0.25, \"chunked\": true,"
                                      "\"deny\": [3, \"123456789012\"], \"recorder_off\": 0.5}"),
                     ST_OK);
    assert_int_equal(knobs.week, 4);
    assert_true(knobs.chunked);
    assert_int_equal(knobs.deny.count, 2);
    assert_true(knobs.recorder_off.fraction == 0.5);
    assert_int_equal(set_json(&knobs, "{\"week\": 5, \"throttle\": 7}"), ST_USAGE);
    assert_int_equal(knobs.week, 4);
    assert_int_equal(set_json(&knobs, "{\"accounts\": 5}"), ST_USAGE);
    assert_int_equal(set_json(&knobs, "{\"week\": 1.5}"), ST_USAGE);
    assert_int_equal(set_json(&knobs, "[]"), ST_USAGE);
    assert_int_equal(set_json(&knobs, "{\"deny\": []}"), ST_OK);
    assert_int_equal(knobs.deny.count, 0);
}

static void what_is_shown_can_be_set_again(void **state) {
    (void)state;
    Knobs knobs;
    Buf shown = {0};
    knobs_init(&knobs);
    assert_int_equal(set_json(&knobs, "{\"deny\": [0.5, \"7/eu-west-1\"]}"), ST_OK);
    knobs_write_json(&knobs, &shown);
    assert_non_null(strstr(buf_text(&shown), "\"deny\":[0.5,\"7/eu-west-1\"]"));
    assert_non_null(strstr(buf_text(&shown), "\"evaluations\":\"0..60\""));
    buf_done(&shown);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_set_what_they_name),
        cmocka_unit_test(selectors_take_accounts_regions_and_fractions),
        cmocka_unit_test(json_sets_all_or_none),
        cmocka_unit_test(what_is_shown_can_be_set_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
