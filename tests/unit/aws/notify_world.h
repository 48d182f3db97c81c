/* A client for a server that AWS_ENDPOINT_URL and keys in the environment name, where
 * CONFHOUSE_TEST_NOTIFY is set: what is sent to it is looked at by who runs the test. */
#ifndef TESTS_AWS_NOTIFY_WORLD_H
#define TESTS_AWS_NOTIFY_WORLD_H

#include "aws/aws_world.h"

static inline bool has_notify_server(void) {
    return getenv("CONFHOUSE_TEST_NOTIFY") != NULL;
}

static inline void open_notify_client(Http **ret_http, Aws **ret_aws) {
    Err err = {0};
    AwsKeys keys;
    assert_non_null(getenv("AWS_ENDPOINT_URL"));
    assert_int_equal(http_open(&(HttpOptions){0}, ret_http, &err), ST_OK);
    assert_int_equal(credentials_from_environment(&keys, &err), ST_OK);
    AwsOptions options = {.http = *ret_http, .keys = &keys, .region = "us-east-1"};
    assert_int_equal(aws_open(&options, ret_aws, &err), ST_OK);
}

#endif
