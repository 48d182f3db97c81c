#include "base/file.h"
#include "store/layout.h"
#include "warehouse/weights.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

typedef struct World {
    TempDir dir;
    Store *store;
} World;

static int begin(void **state) {
    static World world;
    Err err;
    assert_int_equal(temp_dir_open(&world.dir, &err), ST_OK);
    assert_int_equal(store_open(world.dir.path, NULL, &world.store, &err), ST_OK);
    *state = &world;
    return 0;
}

static int end(void **state) {
    World *world = *state;
    store_close(world->store);
    temp_dir_close(&world->dir);
    return 0;
}

static Status read_text(World *world, const char *text, Weights *ret_weights, Err *err) {
    const StorePut put = {.key = LAYOUT_WEIGHTS, .data = text, .size = strlen(text)};
    assert_int_equal(store_put(world->store, &put, NULL, err), ST_OK);
    return weights_read(world->store, ret_weights, err);
}

static void reads_them_in_any_order(void **state) {
    OWN(weights_done) Weights weights = {0};
    Err err;
    assert_int_equal(weights_read(((World *)*state)->store, &weights, &err), ST_OK);
    assert_int_equal(weights.count, 0);
    assert_int_equal(weights_of(&weights, "111111111111"), 0);
    assert_int_equal(read_text(*state,
                               "{\"group_id\": \"g\", \"calls\": {\"333333333333\": 3, "
                               "\"111111111111\": 1, \"222222222222\": 1000000000}}",
                               &weights, &err),
                     ST_OK);
    assert_int_equal(weights.count, 3);
    assert_int_equal(weights_of(&weights, "111111111111"), 1);
    assert_int_equal(weights_of(&weights, "222222222222"), 1000000000);
    assert_int_equal(weights_of(&weights, "333333333333"), 3);
    assert_int_equal(weights_of(&weights, "444444444444"), 0);
}

static void refuses_what_makes_no_sense(void **state) {
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"calls\": []}",
        "{\"calls\": {\"1\": 5}}",
        "{\"calls\": {\"111111111111\": 0}}",
        "{\"calls\": {\"111111111111\": -1}}",
        "{\"calls\": {\"111111111111\": 1000000001}}",
        "{\"calls\": {\"111111111111\": \"5\"}}",
        "{\"calls\": {\"111111111111\": 1.5}}",
        "{\"calls\": {\"111111111111\": null}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWN(weights_done) Weights weights = {0};
        Err err;
        assert_int_equal(read_text(*state, bad[i], &weights, &err), ST_CORRUPT);
        assert_int_equal(weights.count, 0);
        assert_non_null(strstr(err.message, LAYOUT_WEIGHTS));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_them_in_any_order, begin, end),
        cmocka_unit_test_setup_teardown(refuses_what_makes_no_sense, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
