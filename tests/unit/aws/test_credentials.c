/* Keys from the environment. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "aws/credentials.h"

#include <stdlib.h>
#include <string.h>

static void put(const char *name, const char *value) {
    if (value == NULL) {
        unsetenv(name);
    } else {
        setenv(name, value, 1);
    }
}

static Status read_keys(const char *id, const char *secret, const char *token, AwsKeys *keys,
                        Err *err) {
    put("AWS_ACCESS_KEY_ID", id);
    put("AWS_SECRET_ACCESS_KEY", secret);
    put("AWS_SESSION_TOKEN", token);
    *err = (Err){0};
    return credentials_from_environment(keys, err);
}

static void keys_are_read_as_they_are(void **state) {
    (void)state;
    AwsKeys keys;
    Err err;
    assert_int_equal(read_keys("AKID", "se/cr+et=", "to/ken==", &keys, &err), ST_OK);
    assert_string_equal(keys.access_key_id, "AKID");
    assert_string_equal(keys.secret_key, "se/cr+et=");
    assert_string_equal(keys.session_token, "to/ken==");
    assert_int_equal(keys.expires_ms, 0);
    assert_int_equal(read_keys("AKID", "secret", NULL, &keys, &err), ST_OK);
    assert_string_equal(keys.session_token, "");
    assert_int_equal(read_keys("AKID", "secret", "", &keys, &err), ST_OK);
}

static void absent_keys_are_named(void **state) {
    (void)state;
    AwsKeys keys;
    Err err;
    assert_int_equal(read_keys(NULL, NULL, NULL, &keys, &err), ST_CREDENTIALS);
    assert_non_null(strstr(err.hint, "AWS_ACCESS_KEY_ID"));
    assert_int_equal(read_keys("AKID", "", NULL, &keys, &err), ST_CREDENTIALS);
    assert_non_null(strstr(err.message, "AWS_SECRET_ACCESS_KEY is not"));
    assert_int_equal(read_keys(NULL, "secret", NULL, &keys, &err), ST_CREDENTIALS);
    assert_non_null(strstr(err.message, "AWS_ACCESS_KEY_ID is not"));
}

static void malformed_keys_are_refused_and_never_shown(void **state) {
    (void)state;
    AwsKeys keys;
    Err err;
    const char *bad[] = {"s3cr3t ",  " s3cr3t",  "s3cr3t\n",
                         "s3cr3t\r", "s3\tcr3t", "s3cr3t\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_keys("AKID", bad[i], NULL, &keys, &err), ST_CREDENTIALS);
        assert_non_null(strstr(err.message, "AWS_SECRET_ACCESS_KEY"));
        assert_null(strstr(err.message, "cr3t"));
        assert_string_equal(keys.access_key_id, "");
        assert_string_equal(keys.secret_key, "");
    }
    assert_int_equal(read_keys("AK ID", "secret", NULL, &keys, &err), ST_CREDENTIALS);
    assert_int_equal(read_keys("AKID", "secret", "to\tken", &keys, &err), ST_CREDENTIALS);
}

static void keys_that_are_too_long_are_refused(void **state) {
    (void)state;
    AwsKeys keys;
    Err err;
    char text[8194];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(read_keys("AKID", "secret", text, &keys, &err), ST_CREDENTIALS);
    text[8192] = '\0';
    assert_int_equal(read_keys("AKID", "secret", text, &keys, &err), ST_OK);
    text[129] = '\0';
    assert_int_equal(read_keys("AKID", text, NULL, &keys, &err), ST_CREDENTIALS);
    assert_int_equal(read_keys(text, "secret", NULL, &keys, &err), ST_CREDENTIALS);
    text[128] = '\0';
    assert_int_equal(read_keys(text, text, NULL, &keys, &err), ST_OK);
}

static void wiping_leaves_nothing(void **state) {
    (void)state;
    AwsKeys keys;
    AwsKeys nothing;
    memset(&keys, 0xff, sizeof keys);
    memset(&nothing, 0, sizeof nothing);
    credentials_wipe(&keys);
    assert_memory_equal(&keys, &nothing, sizeof keys);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_as_they_are),
        cmocka_unit_test(absent_keys_are_named),
        cmocka_unit_test(malformed_keys_are_refused_and_never_shown),
        cmocka_unit_test(keys_that_are_too_long_are_refused),
        cmocka_unit_test(wiping_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
