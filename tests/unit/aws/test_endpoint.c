/* Where services are reached. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "aws/endpoint.h"

#include <stdlib.h>
#include <string.h>

static int clear_environment(void **state) {
    (void)state;
    const char *names[] = {"AWS_ENDPOINT_URL",
                           "AWS_ENDPOINT_URL_STS",
                           "AWS_ENDPOINT_URL_S3",
                           "AWS_ENDPOINT_URL_CONFIG_SERVICE",
                           "AWS_ENDPOINT_URL_ORGANIZATIONS",
                           "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsetenv(names[i]);
    }
    return 0;
}

static void expect(AwsService service, const char *region, const char *url,
                   const char *signing_region) {
    Err err = {0};
    EndpointSettings settings;
    Endpoint endpoint;
    OWN(buf_done) Buf actual = {0};
    assert_int_equal(endpoint_read_settings(&settings, &err), ST_OK);
    assert_int_equal(endpoint_resolve(&settings, service, region, &endpoint, &err), ST_OK);
    endpoint_append_url(&actual, &endpoint, NULL);
    assert_string_equal(buf_text(&actual), url);
    assert_string_equal(endpoint.signing_region, signing_region);
}

static void services_have_hosts_in_their_regions(void **state) {
    (void)state;
    expect(AWS_CONFIG, "eu-west-1", "https://config.eu-west-1.amazonaws.com", "eu-west-1");
    expect(AWS_STS, "us-gov-east-1", "https://sts.us-gov-east-1.amazonaws.com", "us-gov-east-1");
    expect(AWS_S3, "us-east-1", "https://s3.us-east-1.amazonaws.com", "us-east-1");
    expect(AWS_CONFIG, "cn-north-1", "https://config.cn-north-1.amazonaws.com.cn", "cn-north-1");
}

static void organizations_is_one_service_for_a_partition(void **state) {
    (void)state;
    expect(AWS_ORGANIZATIONS, "eu-west-1", "https://organizations.us-east-1.amazonaws.com",
           "us-east-1");
    expect(AWS_ORGANIZATIONS, "us-gov-east-1", "https://organizations.us-gov-west-1.amazonaws.com",
           "us-gov-west-1");
    expect(AWS_ORGANIZATIONS, "cn-north-1", "https://organizations.cn-northwest-1.amazonaws.com.cn",
           "cn-northwest-1");
}

static void a_services_own_setting_comes_before_the_general_one(void **state) {
    (void)state;
    setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566/", 1);
    setenv("AWS_ENDPOINT_URL_STS", "https://sts.example.com/base/", 1);
    expect(AWS_CONFIG, "eu-west-1", "http://127.0.0.1:4566", "eu-west-1");
    expect(AWS_STS, "eu-west-1", "https://sts.example.com/base", "eu-west-1");
    expect(AWS_ORGANIZATIONS, "eu-west-1", "http://127.0.0.1:4566", "us-east-1");
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    expect(AWS_STS, "eu-west-1", "https://sts.eu-west-1.amazonaws.com", "eu-west-1");
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false", 1);
    expect(AWS_STS, "eu-west-1", "https://sts.example.com/base", "eu-west-1");
}

static void a_wrong_setting_is_named(void **state) {
    (void)state;
    const char *wrong[] = {"localhost:4566", "ftp://example.com", "https://user:pw@example.com",
                           "http://exa mple.com"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Err err = {0};
        EndpointSettings settings;
        setenv("AWS_ENDPOINT_URL_S3", wrong[i], 1);
        assert_int_equal(endpoint_read_settings(&settings, &err), ST_USAGE);
        assert_non_null(strstr(err.message, "AWS_ENDPOINT_URL_S3"));
    }
}

static void what_is_no_region_makes_no_host(void **state) {
    (void)state;
    const char *wrong[] = {NULL, "", "eu-west-1.example.com", "eu-west-1/", "EU-WEST-1", "x"};
    EndpointSettings settings = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Err err = {0};
        Endpoint endpoint;
        assert_int_equal(endpoint_resolve(&settings, AWS_STS, wrong[i], &endpoint, &err), ST_USAGE);
    }
}

static void regions_tell_their_partition(void **state) {
    (void)state;
    assert_string_equal(endpoint_partition("eu-west-1"), "aws");
    assert_string_equal(endpoint_partition("us-gov-west-1"), "aws-us-gov");
    assert_string_equal(endpoint_partition("cn-north-1"), "aws-cn");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clear_environment, clear_environment)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(services_have_hosts_in_their_regions),
        TEST(organizations_is_one_service_for_a_partition),
        TEST(a_services_own_setting_comes_before_the_general_one),
        TEST(a_wrong_setting_is_named),
        TEST(what_is_no_region_makes_no_host),
        TEST(regions_tell_their_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
