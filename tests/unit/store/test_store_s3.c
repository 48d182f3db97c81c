/* The driver without a service: URLs. On a service, the contract in test_store.c holds. */
#include "base/mem.h"
#include "store/store.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

/* Never asked anything: opening a store does not. */
static Http *http;
static Aws *aws;

static int open_client(void **state) {
    (void)state;
    Err err;
    AwsKeys keys = {.access_key_id = "AKID", .secret_key = "secret"};
    assert_int_equal(http_open(&(HttpOptions){0}, &http, &err), ST_OK);
    AwsOptions options = {.http = http, .keys = &keys, .region = "eu-west-1"};
    assert_int_equal(aws_open(&options, &aws, &err), ST_OK);
    return 0;
}

static int close_client(void **state) {
    (void)state;
    aws_close_at(&aws);
    http_close_at(&http);
    return 0;
}

static void assert_location(const char *url, const char *expected) {
    OWN(store_close_at) Store *store = NULL;
    OWN(buf_done) Buf location = {0};
    Err err;
    assert_int_equal(store_open(url, aws, &store, &err), ST_OK);
    store_append_location(store, "a/b", &location);
    assert_string_equal(buf_text(&location), expected);
}

static void takes_a_bucket_and_a_prefix(void **state) {
    (void)state;
    assert_location("s3://bucket", "s3://bucket/a/b");
    assert_location("s3://bucket/", "s3://bucket/a/b");
    assert_location("s3://my.bucket-1/some/where", "s3://my.bucket-1/some/where/a/b");
    assert_location("s3://bucket/some/where/", "s3://bucket/some/where/a/b");
    assert_location("s3://bucket/env=prod/x+y@z,w_1", "s3://bucket/env=prod/x+y@z,w_1/a/b");
}

static void refuses_bad_urls(void **state) {
    (void)state;
    static const char *const bad[] = {
        "s3://",          "s3:///prefix",      "s3://ab",          "s3://Bucket",
        "s3://-bucket",   "s3://bucket-",      "s3://.bucket",     "s3://buc..ket",
        "s3://buc_ket",   "s3://bucket//x",    "s3://bucket/x//",  "s3://bucket/x//y",
        "s3://bucket/..", "s3://bucket/../x",  "s3://bucket/./x",  "s3://bucket/a b",
        "s3://bucket/a?", "s3://bucket/a%2fb", "s3://bucket/a\\b", "s3://user@bucket/x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        Store *store = NULL;
        Err err;
        assert_int_equal(store_open(bad[i], aws, &store, &err), ST_USAGE);
        assert_null(store);
        assert_non_null(strstr(err.hint, "s3://bucket/prefix"));
    }
}

static void refuses_long_names(void **state) {
    (void)state;
    Store *store = NULL;
    Err err;
    char url[1000] = "s3://";
    memset(url + 5, 'b', 64);
    assert_int_equal(store_open(url, aws, &store, &err), ST_USAGE);
    memset(url + 5, 0, 64);
    memcpy(url + 5, "bucket/", 7);
    memset(url + 12, 'p', 513);
    assert_int_equal(store_open(url, aws, &store, &err), ST_USAGE);
    url[12 + 512] = '\0';
    assert_int_equal(store_open(url, aws, &store, &err), ST_OK);
    store_close(store);
}

static void refuses_settings_that_make_no_sense(void **state) {
    (void)state;
    static const StoreOptions odd[] = {
        {.encryption = {.algorithm = "rot13"}},
        {.encryption = {.algorithm = "AES256", .use_bucket_key = true}},
        {.part_bytes = 1000},
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        Store *store = NULL;
        Err err;
        assert_int_equal(store_open_with("s3://bucket", aws, &odd[i], &store, &err), ST_USAGE);
        assert_null(store);
    }
}

static void knows_s3_from_folders(void **state) {
    (void)state;
    assert_true(store_url_is_s3("s3://bucket"));
    assert_false(store_url_is_s3("./s3"));
    assert_false(store_url_is_s3("s3:/bucket"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_bucket_and_a_prefix),
        cmocka_unit_test(refuses_bad_urls),
        cmocka_unit_test(refuses_long_names),
        cmocka_unit_test(refuses_settings_that_make_no_sense),
        cmocka_unit_test(knows_s3_from_folders),
    };
    return cmocka_run_group_tests(tests, open_client, close_client);
}
