/* The contract of store/store.h, checked on a directory, and on S3 too where
 * CONFHOUSE_TEST_S3_URL names a bucket that may be written (with keys in the environment, and
 * AWS_ENDPOINT_URL for a server that is not Amazon's). */
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"
#include "store/store.h"
#include "store/store_driver.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A fresh place for each test, and what is needed to open it (again). */
typedef struct Fixture {
    TempDir dir; /* scratch, and below it the store when it is a directory */
    char *url;
    Http *http;
    Aws *aws;
    Store *store;
} Fixture;

static void connect_aws(Fixture *fixture) {
    Err err;
    AwsKeys keys;
    const char *region = getenv("AWS_REGION");
    assert_int_equal(http_open(&(HttpOptions){0}, &fixture->http, &err), ST_OK);
    assert_int_equal(credentials_from_environment(&keys, &err), ST_OK);
    AwsOptions options = {
        .http = fixture->http, .keys = &keys, .region = region != NULL ? region : "us-east-1"};
    assert_int_equal(aws_open(&options, &fixture->aws, &err), ST_OK);
}

static Status open_again(Fixture *fixture, Err *err) {
    if (store_url_is_s3(fixture->url)) {
        connect_aws(fixture);
    }
    return store_open(fixture->url, fixture->aws, &fixture->store, err);
}

static void close_connections(Fixture *fixture) {
    store_close_at(&fixture->store);
    if (fixture->aws != NULL) {
        aws_close_at(&fixture->aws);
        http_close_at(&fixture->http);
    }
}

static Fixture *new_fixture(const char *s3_url) {
    Fixture *fixture = mem_alloc(sizeof *fixture);
    Err err;
    assert_int_equal(temp_dir_open(&fixture->dir, &err), ST_OK);
    if (s3_url == NULL) {
        fixture->url = temp_dir_path(&fixture->dir, "new/store");
    } else {
        uint8_t random[6];
        char hex[13];
        digest_random(random, sizeof random);
        digest_to_hex(random, sizeof random, hex);
        fixture->url = mem_printf("%s/contract-%s", s3_url, hex);
    }
    assert_int_equal(open_again(fixture, &err), ST_OK);
    return fixture;
}

static int open_directory(void **state) {
    *state = new_fixture(NULL);
    return 0;
}

static int open_s3(void **state) {
    *state = new_fixture(getenv("CONFHOUSE_TEST_S3_URL"));
    return 0;
}

static Status delete_key(void *context, const char *key, int64_t bytes, Err *err) {
    (void)bytes;
    return store_delete(context, key, err);
}

static int close_fixture(void **state) {
    Fixture *fixture = *state;
    Err err;
    assert_int_equal(store_list(fixture->store, "", delete_key, fixture->store, &err), ST_OK);
    close_connections(fixture);
    temp_dir_close(&fixture->dir);
    mem_free(fixture->url);
    mem_free(fixture);
    return 0;
}

static Status put_text(Store *store, const char *key, const char *text, StoreCondition condition,
                       const char *etag, StoreObject *ret_object) {
    Err err = {0};
    StorePut put = {.key = key,
                    .content_type = "text/plain",
                    .data = text,
                    .size = strlen(text),
                    .condition = condition,
                    .etag = etag};
    return store_put(store, &put, ret_object, &err);
}

static void assert_put(Store *store, const char *key, const char *text) {
    assert_int_equal(put_text(store, key, text, STORE_ALWAYS, NULL, NULL), ST_OK);
}

static void assert_holds(Store *store, const char *key, const char *expected) {
    OWN(buf_done) Buf data = {0};
    StoreObject object = {0};
    Err err;
    assert_int_equal(store_get(store, key, 1 << 20, &data, &object, &err), ST_OK);
    assert_string_equal(buf_text(&data), expected);
    assert_int_equal(object.bytes, strlen(expected));
    assert_true(object.etag[0] != '\0');
}

static void assert_absent(Store *store, const char *key) {
    OWN(buf_done) Buf data = {0};
    StoreObject object;
    Err err;
    assert_int_equal(store_get(store, key, 100, &data, NULL, &err), ST_NOT_FOUND);
    assert_int_equal(store_head(store, key, &object, &err), ST_NOT_FOUND);
}

static void gives_back_what_was_put(void **state) {
    Store *store = ((Fixture *)*state)->store;
    assert_absent(store, "a");
    assert_absent(store, "a/b/c");
    assert_put(store, "a/b/c", "one");
    assert_holds(store, "a/b/c", "one");
    assert_put(store, "a/b/c", "");
    assert_holds(store, "a/b/c", "");
    assert_put(store, "top", "two");
    assert_holds(store, "top", "two");
    assert_absent(store, "a/b");
    assert_absent(store, "top/x");
}

static void names_contents_by_etag(void **state) {
    Store *store = ((Fixture *)*state)->store;
    StoreObject one;
    StoreObject two;
    StoreObject seen;
    Err err;
    assert_int_equal(put_text(store, "k", "one", STORE_ALWAYS, NULL, &one), ST_OK);
    assert_int_equal(store_head(store, "k", &seen, &err), ST_OK);
    assert_string_equal(seen.etag, one.etag);
    assert_int_equal(seen.bytes, 3);
    assert_int_equal(put_text(store, "k", "other", STORE_ALWAYS, NULL, &two), ST_OK);
    assert_string_not_equal(one.etag, two.etag);
    assert_int_equal(store_head(store, "k", &seen, &err), ST_OK);
    assert_string_equal(seen.etag, two.etag);
    assert_int_equal(seen.bytes, 5);
}

static void moves_files(void **state) {
    Fixture *fixture = *state;
    OWN(mem_free_at) char *from = temp_dir_path(&fixture->dir, "from");
    OWN(mem_free_at) char *to = temp_dir_path(&fixture->dir, "to");
    OWN(mem_free_at) char *data = mem_alloc(300000);
    Err err;
    digest_random(data, 300000);
    assert_int_equal(file_write_atomic(from, data, 300000, &err), ST_OK);
    StorePut put = {.key = "big", .path = from};
    StoreObject object;
    assert_int_equal(store_put(fixture->store, &put, &object, &err), ST_OK);
    assert_int_equal(object.bytes, 300000);

    assert_int_equal(file_write_atomic(to, "old", 3, &err), ST_OK);
    StoreObject got;
    assert_int_equal(store_get_file(fixture->store, "big", to, &got, &err), ST_OK);
    assert_string_equal(got.etag, object.etag);
    OWN(buf_done) Buf back = {0};
    assert_int_equal(file_read(to, 300000, &back, &err), ST_OK);
    assert_int_equal(back.size, 300000);
    assert_memory_equal(back.data, data, 300000);

    put.path = "/nonexistent/file";
    put.key = "none";
    assert_int_equal(store_put(fixture->store, &put, NULL, &err), ST_NOT_FOUND);
    assert_absent(fixture->store, "none");
}

static void a_failed_download_leaves_the_old_file(void **state) {
    Fixture *fixture = *state;
    OWN(mem_free_at) char *to = temp_dir_path(&fixture->dir, "to");
    Err err;
    assert_int_equal(file_write_atomic(to, "old", 3, &err), ST_OK);
    assert_int_equal(store_get_file(fixture->store, "none", to, NULL, &err), ST_NOT_FOUND);
    OWN(buf_done) Buf back = {0};
    assert_int_equal(file_read(to, 100, &back, &err), ST_OK);
    assert_string_equal(buf_text(&back), "old");
    assert_put(fixture->store, "k", "x");
    assert_int_equal(store_get_file(fixture->store, "k", "/nonexistent/to", NULL, &err), ST_IO);
}

static void reads_no_more_than_asked(void **state) {
    Store *store = ((Fixture *)*state)->store;
    OWN(buf_done) Buf data = {0};
    Err err;
    assert_put(store, "k", "12345");
    assert_int_equal(store_get(store, "k", 4, &data, NULL, &err), ST_LIMIT);
    assert_int_equal(store_get(store, "k", 5, &data, NULL, &err), ST_OK);
    assert_int_equal(store_get(store, "k", 5, &data, NULL, &err), ST_OK);
    assert_string_equal(buf_text(&data), "12345");
}

static void puts_only_where_nothing_is(void **state) {
    Store *store = ((Fixture *)*state)->store;
    assert_int_equal(put_text(store, "d/k", "one", STORE_IF_ABSENT, NULL, NULL), ST_OK);
    assert_int_equal(put_text(store, "d/k", "two", STORE_IF_ABSENT, NULL, NULL), ST_CONFLICT);
    assert_int_equal(put_text(store, "d/k", "one", STORE_IF_ABSENT, NULL, NULL), ST_CONFLICT);
    assert_holds(store, "d/k", "one");
}

static void replaces_only_what_was_seen(void **state) {
    Store *store = ((Fixture *)*state)->store;
    StoreObject one;
    StoreObject two;
    assert_int_equal(put_text(store, "k", "one", STORE_ALWAYS, NULL, &one), ST_OK);
    assert_int_equal(put_text(store, "k", "two", STORE_IF_MATCH, one.etag, &two), ST_OK);
    assert_int_equal(put_text(store, "k", "three", STORE_IF_MATCH, one.etag, NULL), ST_CONFLICT);
    assert_holds(store, "k", "two");
    assert_int_equal(put_text(store, "none", "x", STORE_IF_MATCH, one.etag, NULL), ST_CONFLICT);
    assert_absent(store, "none");
    assert_int_equal(put_text(store, "k", "four", STORE_IF_MATCH, two.etag, NULL), ST_OK);
    assert_holds(store, "k", "four");
}

static void deletes(void **state) {
    Store *store = ((Fixture *)*state)->store;
    Err err;
    assert_put(store, "d/a", "x");
    assert_put(store, "d/b", "y");
    assert_int_equal(store_delete(store, "d/a", &err), ST_OK);
    assert_absent(store, "d/a");
    assert_int_equal(store_delete(store, "d/a", &err), ST_OK);
    assert_int_equal(store_delete(store, "none/a", &err), ST_OK);
    assert_int_equal(store_delete(store, "d", &err), ST_OK);
    assert_holds(store, "d/b", "y");
}

static Status note_key(void *context, const char *key, int64_t bytes, Err *err) {
    if (bytes == 13) {
        return err_set(err, ST_CANCELLED, "enough");
    }
    buf_printf(context, "%s=%lld ", key, (long long)bytes);
    return ST_OK;
}

static void assert_listed(Store *store, const char *prefix, const char *expected) {
    OWN(buf_done) Buf seen = {0};
    Err err;
    assert_int_equal(store_list(store, prefix, note_key, &seen, &err), ST_OK);
    assert_string_equal(buf_text(&seen), expected);
}

static void lists_in_the_order_of_keys(void **state) {
    Store *store = ((Fixture *)*state)->store;
    assert_listed(store, "", "");
    assert_listed(store, "none/", "");
    static const char *const keys[] = {"a/b",   "a-b", "a.b",  "a0", "B",
                                       "a/a/z", "b/1", "b/10", "b/2"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_put(store, keys[i], i == 0 ? "12" : "1");
    }
    assert_listed(store, "", "B=1 a-b=1 a.b=1 a/a/z=1 a/b=2 a0=1 b/1=1 b/10=1 b/2=1 ");
    assert_listed(store, "a/", "a/a/z=1 a/b=2 ");
    assert_listed(store, "a", "a-b=1 a.b=1 a/a/z=1 a/b=2 a0=1 ");
    assert_listed(store, "b/1", "b/1=1 b/10=1 ");
    assert_listed(store, "b/3", "");
    assert_listed(store, "b/1/", "");
}

static void a_list_stops_when_told(void **state) {
    Store *store = ((Fixture *)*state)->store;
    OWN(buf_done) Buf seen = {0};
    Err err;
    assert_put(store, "a", "1");
    assert_put(store, "b", "1234567890123");
    assert_put(store, "c", "1");
    assert_int_equal(store_list(store, "", note_key, &seen, &err), ST_CANCELLED);
    assert_string_equal(buf_text(&seen), "a=1 ");
    assert_string_equal(err.message, "enough");
}

static void refuses_keys_that_lead_elsewhere(void **state) {
    Store *store = ((Fixture *)*state)->store;
    static const char *const bad[] = {"",     "/",    "/etc/passwd", "..",    "../x",     "a/../b",
                                      "a//b", "a/",   "./a",         ".lock", "a/.tmp-1", "a b",
                                      "a\\b", "a\nb", "a?b=c",       "a%2fb", "\xC3\xA9"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWN(buf_done) Buf data = {0};
        StoreObject object;
        Err err;
        assert_int_equal(put_text(store, bad[i], "x", STORE_ALWAYS, NULL, NULL), ST_INPUT);
        assert_int_equal(store_get(store, bad[i], 9, &data, NULL, &err), ST_INPUT);
        assert_int_equal(store_get_file(store, bad[i], "/nonexistent", NULL, &err), ST_INPUT);
        assert_int_equal(store_head(store, bad[i], &object, &err), ST_INPUT);
        assert_int_equal(store_delete(store, bad[i], &err), ST_INPUT);
    }
    Err err;
    assert_int_equal(store_list(store, "../", note_key, NULL, &err), ST_INPUT);
    assert_int_equal(store_list(store, "/", note_key, NULL, &err), ST_INPUT);

    char key[300];
    memset(key, 'k', sizeof key);
    key[256] = '\0';
    assert_int_equal(store_delete(store, key, &err), ST_INPUT);
    key[255] = '\0';
    assert_true(store_key_is_valid(key));
}

static void shows_where_an_object_is(void **state) {
    const Fixture *fixture = *state;
    OWN(buf_done) Buf location = {0};
    OWN(mem_free_at) char *expected = mem_printf("%s/a/b", fixture->url);
    store_append_location(fixture->store, "a/b", &location);
    assert_string_equal(buf_text(&location), expected);
}

enum { RACERS = 6 };

/* Runs `race` in RACERS processes at once, each with a store of its own, and counts those that
 * returned ST_OK. All others must have returned ST_CONFLICT. */
static int run_race(Fixture *fixture, Status (*race)(Store *, int racer)) {
    int start[2];
    pid_t racers[RACERS];
    assert_int_equal(pipe(start), 0);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = fork();
        assert_true(racers[i] >= 0);
        if (racers[i] == 0) {
            char wait;
            Err err;
            Fixture own = {.url = fixture->url};
            close(start[1]);
            Status status = open_again(&own, &err);
            ssize_t at_end = read(start[0], &wait, 1);
            status = status == ST_OK && at_end == 0 ? race(own.store, i) : ST_INTERNAL;
            close_connections(&own);
            _exit((int)status);
        }
    }
    close(start[0]);
    close(start[1]); /* off they go */
    int winners = 0;
    for (int i = 0; i < RACERS; i++) {
        int result = 0;
        assert_int_equal(waitpid(racers[i], &result, 0), racers[i]);
        assert_true(WIFEXITED(result));
        assert_true(WEXITSTATUS(result) == ST_OK || WEXITSTATUS(result) == ST_CONFLICT);
        winners += WEXITSTATUS(result) == ST_OK;
    }
    return winners;
}

static Status race_for_absent(Store *store, int racer) {
    char text[2] = {(char)('a' + racer), '\0'};
    return put_text(store, "race/absent", text, STORE_IF_ABSENT, NULL, NULL);
}

static void of_several_creators_one_wins(void **state) {
    Fixture *fixture = *state;
    Err err;
    for (int round = 0; round < 5; round++) {
        assert_int_equal(run_race(fixture, race_for_absent), 1);
        assert_int_equal(store_delete(fixture->store, "race/absent", &err), ST_OK);
    }
}

static char raced_etag[128];

static Status race_for_match(Store *store, int racer) {
    char text[3] = {(char)('a' + racer), '!', '\0'};
    return put_text(store, "race/match", text, STORE_IF_MATCH, raced_etag, NULL);
}

static void of_several_replacers_one_wins(void **state) {
    Fixture *fixture = *state;
    for (int round = 0; round < 5; round++) {
        StoreObject object;
        assert_int_equal(put_text(fixture->store, "race/match", "old", STORE_ALWAYS, NULL, &object),
                         ST_OK);
        str_copy(raced_etag, sizeof raced_etag, object.etag);
        assert_int_equal(run_race(fixture, race_for_match), 1);
    }
}

enum { STEPS = 10 };

/* Counts up by STEPS, each time from what it has just read. */
static Status count_up(Store *store, int racer) {
    (void)racer;
    for (int step = 0, attempt = 0; step < STEPS; attempt++) {
        OWN(buf_done) Buf data = {0};
        StoreObject object;
        Err err;
        int64_t number = 0;
        if (attempt == 10000) {
            return ST_DEADLINE;
        }
        TRY(store_get(store, "race/count", 20, &data, &object, &err));
        if (!str_parse_int(buf_text(&data), 0, 1000, &number)) {
            return ST_CORRUPT;
        }
        char text[20];
        snprintf(text, sizeof text, "%d", (int)number + 1);
        Status status = put_text(store, "race/count", text, STORE_IF_MATCH, object.etag, NULL);
        if (status == ST_OK) {
            step++;
        } else if (status != ST_CONFLICT) {
            return status;
        }
    }
    return ST_OK;
}

static void no_update_is_lost(void **state) {
    Fixture *fixture = *state;
    assert_put(fixture->store, "race/count", "0");
    assert_int_equal(run_race(fixture, count_up), RACERS);
    char expected[20];
    snprintf(expected, sizeof expected, "%d", RACERS * STEPS);
    assert_holds(fixture->store, "race/count", expected);
}

#define CONTRACT(setup)                                                                            \
    cmocka_unit_test_setup_teardown(gives_back_what_was_put, setup, close_fixture),                \
        cmocka_unit_test_setup_teardown(names_contents_by_etag, setup, close_fixture),             \
        cmocka_unit_test_setup_teardown(moves_files, setup, close_fixture),                        \
        cmocka_unit_test_setup_teardown(a_failed_download_leaves_the_old_file, setup,              \
                                        close_fixture),                                            \
        cmocka_unit_test_setup_teardown(reads_no_more_than_asked, setup, close_fixture),           \
        cmocka_unit_test_setup_teardown(puts_only_where_nothing_is, setup, close_fixture),         \
        cmocka_unit_test_setup_teardown(replaces_only_what_was_seen, setup, close_fixture),        \
        cmocka_unit_test_setup_teardown(deletes, setup, close_fixture),                            \
        cmocka_unit_test_setup_teardown(lists_in_the_order_of_keys, setup, close_fixture),         \
        cmocka_unit_test_setup_teardown(a_list_stops_when_told, setup, close_fixture),             \
        cmocka_unit_test_setup_teardown(refuses_keys_that_lead_elsewhere, setup, close_fixture),   \
        cmocka_unit_test_setup_teardown(shows_where_an_object_is, setup, close_fixture),           \
        cmocka_unit_test_setup_teardown(of_several_creators_one_wins, setup, close_fixture),       \
        cmocka_unit_test_setup_teardown(of_several_replacers_one_wins, setup, close_fixture),      \
        cmocka_unit_test_setup_teardown(no_update_is_lost, setup, close_fixture)

int main(void) {
    const struct CMUnitTest on_directory[] = {CONTRACT(open_directory)};
    const struct CMUnitTest on_s3[] = {CONTRACT(open_s3)};
    int failed = cmocka_run_group_tests(on_directory, NULL, NULL);
    if (getenv("CONFHOUSE_TEST_S3_URL") != NULL) {
        failed += cmocka_run_group_tests(on_s3, NULL, NULL);
    }
    return failed;
}
