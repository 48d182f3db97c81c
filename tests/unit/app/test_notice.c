#include "app/notice.h"
#include "base/file.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static const NoticeWays both = {true, true};
static const char key[] = "reports/notified-g.json";

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

static NoticeClaim claim(World *world, NoticeWays wanted, bool again, Notice *ret_notice) {
    NoticeClaim got = NOTICE_BUSY;
    Err err;
    assert_int_equal(notice_claim(world->store, "g", wanted, again, ret_notice, &got, &err), ST_OK);
    return got;
}

static void put_record(World *world, const char *text) {
    Err err;
    const StorePut put = {.key = key, .data = text, .size = strlen(text)};
    assert_int_equal(store_put(world->store, &put, NULL, &err), ST_OK);
}

static void settle(World *world, Notice *notice, NoticeWays done) {
    Err err;
    assert_int_equal(notice_settle(world->store, notice, done, &err), ST_OK);
}

static void one_of_two_tells(void **state) {
    World *world = *state;
    Notice first;
    Notice second;
    assert_int_equal(claim(world, both, false, &first), NOTICE_OURS);
    assert_true(first.ways.publish && first.ways.mail);
    assert_int_equal(claim(world, both, false, &second), NOTICE_BUSY);
    settle(world, &first, both);
    assert_int_equal(claim(world, both, false, &second), NOTICE_TOLD);
}

static void what_failed_is_told_by_the_next_and_alone(void **state) {
    World *world = *state;
    Notice notice;
    assert_int_equal(claim(world, both, false, &notice), NOTICE_OURS);
    settle(world, &notice, (NoticeWays){.publish = true});
    assert_int_equal(claim(world, (NoticeWays){.publish = true}, false, &notice), NOTICE_TOLD);
    assert_int_equal(claim(world, both, false, &notice), NOTICE_OURS);
    assert_true(!notice.ways.publish && notice.ways.mail);
    settle(world, &notice, (NoticeWays){.mail = true});
    assert_int_equal(claim(world, both, false, &notice), NOTICE_TOLD);
}

static void a_claim_of_one_who_died_ends_by_itself(void **state) {
    World *world = *state;
    Notice notice;
    Notice late;
    Err err;
    assert_int_equal(claim(world, both, false, &late), NOTICE_OURS);
    put_record(world, "{\"group_id\": \"g\", \"sending_until\": \"2020-01-01T00:00:00Z\"}");
    assert_int_equal(claim(world, both, false, &notice), NOTICE_OURS);
    assert_int_equal(notice_settle(world->store, &late, both, &err), ST_CONFLICT);
    put_record(world, "{\"group_id\": \"g\", \"sending_until\": \"9020-01-01T00:00:00Z\"}");
    assert_int_equal(claim(world, both, false, &notice), NOTICE_BUSY);
}

static void again_tells_whatever_was_told(void **state) {
    World *world = *state;
    Notice notice;
    assert_int_equal(claim(world, both, false, &notice), NOTICE_OURS);
    settle(world, &notice, both);
    assert_int_equal(claim(world, both, true, &notice), NOTICE_OURS);
    assert_true(notice.ways.publish && notice.ways.mail);
    put_record(world, "nonsense");
    assert_int_equal(claim(world, both, true, &notice), NOTICE_OURS);
}

static void a_record_that_makes_no_sense_is_refused(void **state) {
    World *world = *state;
    static const char *const bad[] = {"", "[]x", "{\"published_at\": 5}",
                                      "{\"mailed_at\": \"yesterday\"}",
                                      "{\"sending_until\": \"2026-02-30T00:00:00Z\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        NoticeClaim got = NOTICE_BUSY;
        Notice notice;
        Err err;
        put_record(world, bad[i]);
        assert_int_equal(notice_claim(world->store, "g", both, false, &notice, &got, &err),
                         ST_CORRUPT);
        assert_non_null(strstr(err.message, key));
        assert_non_null(strstr(err.hint, "--notify-again"));
    }
}

static void each_run_has_its_own(void **state) {
    World *world = *state;
    Notice notice;
    NoticeClaim got = NOTICE_BUSY;
    Err err;
    assert_int_equal(claim(world, both, false, &notice), NOTICE_OURS);
    assert_int_equal(notice_claim(world->store, "h", both, false, &notice, &got, &err), ST_OK);
    assert_int_equal(got, NOTICE_OURS);
    assert_int_equal(notice_claim(world->store, "../h", both, false, &notice, &got, &err),
                     ST_USAGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_of_two_tells, begin, end),
        cmocka_unit_test_setup_teardown(what_failed_is_told_by_the_next_and_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_claim_of_one_who_died_ends_by_itself, begin, end),
        cmocka_unit_test_setup_teardown(again_tells_whatever_was_told, begin, end),
        cmocka_unit_test_setup_teardown(a_record_that_makes_no_sense_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(each_run_has_its_own, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
