#include "app/app.h"
#include "base/clock.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS };

typedef struct World {
    Settings settings;
    Connections connections;
    App app;
} World;

static void open_world(World *world, const char *deadline) {
    Err err = {0};
    if (deadline != NULL) {
        assert_int_equal(settings_put(&world->settings, SETTING_DEADLINE, deadline, SOURCE_FLAG,
                                      "--deadline", &err),
                         ST_OK);
    }
    app_init(&world->app, &world->connections, &world->settings);
}

static void close_world(World *world) {
    app_close(&world->app);
    connections_close(&world->connections);
    settings_done(&world->settings);
}

static void what_is_put_into_an_app_is_gone_with_it(void **state) {
    (void)state;
    OWN(close_world) World world = {0};
    Err err = {0};
    open_world(&world, NULL);
    assert_int_equal(
        settings_put(world.app.settings, SETTING_GROUP_ID, "g", SOURCE_EVENT, "group_id", &err),
        ST_OK);
    app_close(&world.app);
    app_init(&world.app, &world.connections, &world.settings);
    assert_null(settings_text(world.app.settings, SETTING_GROUP_ID));
}

static void a_scratch_folder_goes_with_its_app(void **state) {
    (void)state;
    OWN(close_world) World world = {0};
    Err err = {0};
    const TempDir *scratch = NULL;
    open_world(&world, NULL);
    assert_int_equal(app_scratch(&world.app, &scratch, &err), ST_OK);
    TempDir copy = *scratch;
    assert_true(file_exists(copy.path));
    app_close(&world.app);
    assert_false(file_exists(copy.path));
}

static void half_a_minute_before_the_end_is_for_the_store(void **state) {
    (void)state;
    OWN(close_world) World world = {0};
    int64_t end_ms = clock_now_ms() + 15 * (int64_t)MINUTE_MS;
    open_world(&world, NULL);
    app_limit(&world.app, end_ms);
    assert_int_equal(world.app.deadline_ms, end_ms - 32 * SECOND_MS);
    assert_int_equal(world.app.store_grace_ms, 30 * SECOND_MS);
}

static void a_short_time_is_shared(void **state) {
    (void)state;
    OWN(close_world) World world = {0};
    int64_t begin_ms = clock_now_ms();
    int64_t end_ms = begin_ms + 10 * (int64_t)SECOND_MS;
    open_world(&world, NULL);
    app_limit(&world.app, end_ms);
    assert_in_range(world.app.store_grace_ms, 0, 2500);
    assert_in_range(world.app.deadline_ms, begin_ms, end_ms);
    assert_true(world.app.deadline_ms + world.app.store_grace_ms <= end_ms);
}

static void an_end_that_has_passed_leaves_no_time(void **state) {
    (void)state;
    OWN(close_world) World world = {0};
    int64_t end_ms = clock_now_ms() - SECOND_MS;
    open_world(&world, NULL);
    app_limit(&world.app, end_ms);
    assert_int_equal(world.app.deadline_ms, end_ms);
    assert_int_equal(world.app.store_grace_ms, 0);
}

static void an_earlier_deadline_that_is_set_stays(void **state) {
    (void)state;
    OWN(close_world) World world = {0};
    int64_t begin_ms = clock_now_ms();
    open_world(&world, "1m");
    int64_t set_ms = world.app.deadline_ms;
    assert_true(set_ms >= begin_ms + MINUTE_MS);
    app_limit(&world.app, begin_ms + 15 * (int64_t)MINUTE_MS);
    assert_int_equal(world.app.deadline_ms, set_ms);
}

static void cancelling_without_an_app_does_nothing(void **state) {
    (void)state;
    OWN(close_world) World world = {0};
    open_world(&world, NULL);
    app_cancel();
    assert_false(world.app.cancelled);
    app_set_current(&world.app);
    app_cancel();
    app_set_current(NULL);
    assert_true(world.app.cancelled);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_into_an_app_is_gone_with_it),
        cmocka_unit_test(a_scratch_folder_goes_with_its_app),
        cmocka_unit_test(half_a_minute_before_the_end_is_for_the_store),
        cmocka_unit_test(a_short_time_is_shared),
        cmocka_unit_test(an_end_that_has_passed_leaves_no_time),
        cmocka_unit_test(an_earlier_deadline_that_is_set_stays),
        cmocka_unit_test(cancelling_without_an_app_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
