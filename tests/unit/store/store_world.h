/* A fresh place for each test of the contract of store/store.h: a directory, or a prefix of the
 * bucket that CONFHOUSE_TEST_S3_URL names (with keys in the environment, and AWS_ENDPOINT_URL for a
 * server that is not Amazon's). Of that server, the environment also tells:
 *
 *     CONFHOUSE_TEST_S3_ABILITY=amazon   it can do all that Amazon's can: see S3Ability
 *     CONFHOUSE_TEST_S3_FILES=DIR        keeps its objects as files there: <DIR>/<bucket>/<key,
 * with
 *                                        '/' as %2F>, for tests that damage them
 *     CONFHOUSE_TEST_S3_ONLY=1           the directory has been looked at elsewhere
 *     CONFHOUSE_TEST_S3_FAULTS=1         fails now and then: what takes too long then is left out
 */
#ifndef TESTS_STORE_STORE_WORLD_H
#define TESTS_STORE_STORE_WORLD_H

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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Objects of two such parts and more are moved in parts, where there are any. */
enum { PART_BYTES = 5 << 20, LARGE_BYTES = 2 * PART_BYTES + 12345 };

/* A fresh place for each test, and what is needed to open it (again). */
typedef struct Fixture {
    TempDir dir; /* scratch, and below it the store when it is a directory */
    char *url;
    Http *http;
    Aws *aws;
    Store *store;
} Fixture;

static inline void connect_aws(Fixture *fixture) {
    Err err;
    AwsKeys keys;
    const char *region = getenv("AWS_REGION");
    assert_int_equal(http_open(&(HttpOptions){0}, &fixture->http, &err), ST_OK);
    assert_int_equal(credentials_from_environment(&keys, &err), ST_OK);
    AwsOptions options = {
        .http = fixture->http, .keys = &keys, .region = region != NULL ? region : "us-east-1"};
    assert_int_equal(aws_open(&options, &fixture->aws, &err), ST_OK);
}

static inline Status open_again(Fixture *fixture, Err *err) {
    if (store_url_is_s3(fixture->url)) {
        connect_aws(fixture);
    }
    const char *ability = getenv("CONFHOUSE_TEST_S3_ABILITY");
    const StoreOptions options = {
        .part_bytes = PART_BYTES,
        .ability = str_equal(ability, "amazon") ? S3_AS_AMAZON : S3_BY_ENDPOINT,
    };
    return store_open_with(fixture->url, fixture->aws, &options, &fixture->store, err);
}

static inline void close_connections(Fixture *fixture) {
    store_close_at(&fixture->store);
    if (fixture->aws != NULL) {
        aws_close_at(&fixture->aws);
        http_close_at(&fixture->http);
    }
}

static inline Fixture *new_fixture(const char *s3_url) {
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

static inline bool has_faults(void) {
    return getenv("CONFHOUSE_TEST_S3_FAULTS") != NULL;
}

static inline int open_directory(void **state) {
    *state = new_fixture(NULL);
    return 0;
}

static inline int open_s3(void **state) {
    *state = new_fixture(getenv("CONFHOUSE_TEST_S3_URL"));
    return 0;
}

static inline Status delete_key(void *context, const char *key, int64_t bytes, Err *err) {
    (void)bytes;
    return store_delete(context, key, err);
}

static inline int close_fixture(void **state) {
    Fixture *fixture = *state;
    Err err;
    assert_int_equal(store_list(fixture->store, "", delete_key, fixture->store, &err), ST_OK);
    close_connections(fixture);
    temp_dir_close(&fixture->dir);
    mem_free(fixture->url);
    mem_free(fixture);
    return 0;
}

static inline Status put_text(Store *store, const char *key, const char *text,
                              StoreCondition condition, const char *etag, StoreObject *ret_object) {
    Err err = {0};
    StorePut put = {.key = key,
                    .content_type = "text/plain",
                    .data = text,
                    .size = strlen(text),
                    .condition = condition,
                    .etag = etag};
    return store_put(store, &put, ret_object, &err);
}

static inline void assert_put(Store *store, const char *key, const char *text) {
    assert_int_equal(put_text(store, key, text, STORE_ALWAYS, NULL, NULL), ST_OK);
}

static inline void assert_holds(Store *store, const char *key, const char *expected) {
    OWN(buf_done) Buf data = {0};
    StoreObject object = {0};
    Err err;
    assert_int_equal(store_get(store, key, 1 << 20, &data, &object, &err), ST_OK);
    assert_string_equal(buf_text(&data), expected);
    assert_int_equal(object.bytes, strlen(expected));
    assert_true(object.etag[0] != '\0');
}

static inline void assert_absent(Store *store, const char *key) {
    OWN(buf_done) Buf data = {0};
    StoreObject object;
    Err err;
    assert_int_equal(store_get(store, key, 100, &data, NULL, &err), ST_NOT_FOUND);
    assert_int_equal(store_head(store, key, &object, &err), ST_NOT_FOUND);
}

enum { RACERS = 6 };

/* Runs `race` in RACERS processes at once, each with a store of its own, and counts those that
 * returned ST_OK. All others must have returned ST_CONFLICT. */
static inline int run_race(Fixture *fixture, Status (*race)(Store *, int racer)) {
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

#define IN(name, setup) cmocka_unit_test_setup_teardown(name, setup, close_fixture)

/* Both are the same tests. */
#define RUN_CONTRACT(on_directory, on_s3)                                                          \
    ((getenv("CONFHOUSE_TEST_S3_ONLY") == NULL ? cmocka_run_group_tests(on_directory, NULL, NULL)  \
                                               : 0) +                                              \
     (getenv("CONFHOUSE_TEST_S3_URL") != NULL ? cmocka_run_group_tests(on_s3, NULL, NULL) : 0))

#endif
