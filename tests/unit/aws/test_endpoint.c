/* Where services are reached. */
#include "aws/endpoint.h"
#include "aws/source_world.h"

static void expect(AwsService service, const char *region, const char *url,
                   const char *signing_region) {
    Err err = {0};
    EndpointSettings settings;
    Endpoint endpoint;
    OWN(buf_done) Buf actual = {0};
    assert_int_equal(endpoint_read_settings(NULL, &settings, &err), ST_OK);
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
        assert_int_equal(endpoint_read_settings(NULL, &settings, &err), ST_USAGE);
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

static void a_region_of_no_partition_has_no_host_of_aws(void **state) {
    (void)state;
    Err err = {0};
    Endpoint endpoint;
    EndpointSettings settings = {0};
    assert_int_equal(endpoint_resolve(&settings, AWS_STS, "xx-east-1", &endpoint, &err), ST_USAGE);
    assert_non_null(strstr(err.message, "'xx-east-1'"));
    setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.com", 1);
    expect(AWS_S3, "xx-east-1", "https://s3.example.com", "xx-east-1");
}

static void the_european_sovereign_cloud_has_names_of_its_own(void **state) {
    (void)state;
    const char *region = "eusc-de-east-1";
    expect(AWS_CONFIG, region, "https://config.eusc-de-east-1.amazonaws.eu", region);
    expect(AWS_ORGANIZATIONS, region, "https://organizations.eusc-de-east-1.amazonaws.eu", region);
    setenv("AWS_USE_DUALSTACK_ENDPOINT", "true", 1);
    expect(AWS_STS, region, "https://sts.eusc-de-east-1.api.amazonwebservices.eu", region);
    expect(AWS_S3, region, "https://s3.dualstack.eusc-de-east-1.amazonaws.eu", region);
}

static void closed_partitions_have_no_dual_stack_names(void **state) {
    (void)state;
    Err err = {0};
    Endpoint endpoint;
    const EndpointSettings settings = {.use_dualstack = true};
    expect(AWS_CONFIG, "us-iso-east-1", "https://config.us-iso-east-1.c2s.ic.gov", "us-iso-east-1");
    assert_int_equal(endpoint_resolve(&settings, AWS_STS, "us-iso-east-1", &endpoint, &err),
                     ST_USAGE);
    assert_non_null(strstr(err.message, "aws-iso"));
}

/* What botocore's endpoint rules give for these. */
static void fips_and_dual_stack_have_names_of_their_own(void **state) {
    (void)state;
    static const struct {
        AwsService service;
        const char *region;
        const char *dualstack;
        const char *fips;
        const char *both;
    } names[] = {
        {AWS_CONFIG, "eu-west-1", "config.eu-west-1.api.aws", "config-fips.eu-west-1.amazonaws.com",
         "config-fips.eu-west-1.api.aws"},
        {AWS_CONFIG, "us-gov-east-1", "config.us-gov-east-1.api.aws",
         "config.us-gov-east-1.amazonaws.com", "config-fips.us-gov-east-1.api.aws"},
        {AWS_CONFIG, "cn-north-1", "config.cn-north-1.api.amazonwebservices.com.cn",
         "config-fips.cn-north-1.amazonaws.com.cn",
         "config-fips.cn-north-1.api.amazonwebservices.com.cn"},
        {AWS_STS, "us-east-1", "sts.us-east-1.api.aws", "sts-fips.us-east-1.amazonaws.com",
         "sts-fips.us-east-1.api.aws"},
        {AWS_STS, "us-gov-west-1", "sts.us-gov-west-1.api.aws", "sts.us-gov-west-1.amazonaws.com",
         "sts-fips.us-gov-west-1.api.aws"},
        {AWS_ORGANIZATIONS, "us-east-1", "organizations.us-east-1.api.aws",
         "organizations-fips.us-east-1.amazonaws.com", "organizations-fips.us-east-1.api.aws"},
        {AWS_ORGANIZATIONS, "us-gov-west-1", "organizations.us-gov-west-1.api.aws",
         "organizations.us-gov-west-1.amazonaws.com", "organizations-fips.us-gov-west-1.api.aws"},
        {AWS_S3, "us-east-1", "s3.dualstack.us-east-1.amazonaws.com",
         "s3-fips.us-east-1.amazonaws.com", "s3-fips.dualstack.us-east-1.amazonaws.com"},
        {AWS_S3, "us-gov-west-1", "s3.dualstack.us-gov-west-1.amazonaws.com",
         "s3-fips.us-gov-west-1.amazonaws.com", "s3-fips.dualstack.us-gov-west-1.amazonaws.com"},
        {AWS_SSO, "eu-west-1", "portal.sso.eu-west-1.api.aws",
         "portal.sso-fips.eu-west-1.amazonaws.com", "portal.sso-fips.eu-west-1.api.aws"},
        {AWS_SSO_OIDC, "us-gov-east-1", "oidc.us-gov-east-1.api.aws",
         "oidc.us-gov-east-1.amazonaws.com", "oidc-fips.us-gov-east-1.api.aws"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *hosts[] = {names[i].dualstack, names[i].fips, names[i].both};
        for (size_t k = 0; k < 3; k++) {
            char url[200];
            snprintf(url, sizeof url, "https://%s", hosts[k]);
            setenv("AWS_USE_FIPS_ENDPOINT", k > 0 ? "true" : "false", 1);
            setenv("AWS_USE_DUALSTACK_ENDPOINT", k != 1 ? "true" : "false", 1);
            expect(names[i].service, names[i].region, url, names[i].region);
        }
    }
}

static void what_is_not_to_be_had_is_refused(void **state) {
    (void)state;
    Err err = {0};
    Endpoint endpoint;
    EndpointSettings settings;
    setenv("AWS_USE_FIPS_ENDPOINT", "yes", 1);
    assert_int_equal(endpoint_read_settings(NULL, &settings, &err), ST_USAGE);
    assert_non_null(strstr(err.message, "AWS_USE_FIPS_ENDPOINT='yes'"));
    settings = (EndpointSettings){.use_fips = true};
    assert_int_equal(endpoint_resolve(&settings, AWS_S3, "cn-north-1", &endpoint, &err), ST_USAGE);
}

/* --- What the profile says ------------------------------------------------------------------- */

static void expect_of_profile(World *world, AwsService service, const char *url,
                              const char *origin) {
    Err err = {0};
    EndpointSettings settings;
    Endpoint endpoint;
    OWN(buf_done) Buf actual = {0};
    world_use(world, NULL);
    if (endpoint_read_settings(world->profile, &settings, &err) != ST_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(endpoint_resolve(&settings, service, "eu-west-1", &endpoint, &err), ST_OK);
    endpoint_append_url(&actual, &endpoint, NULL);
    assert_string_equal(buf_text(&actual), url);
    if (!str_ends(settings.origins[service], origin)) {
        fail_msg("'%s' is not at the end of '%s'", origin, settings.origins[service]);
    }
}

static void a_profile_may_set_endpoints(void **state) {
    World *world = *state;
    unsetenv("AWS_ENDPOINT_URL");
    world_config(world, "[default]\nservices = local\nendpoint_url = http://all\n"
                        "[services local]\nconfig_service =\n  endpoint_url = http://conf\n"
                        "s3 =\n  addressing_style = path\n");
    expect_of_profile(world, AWS_CONFIG, "http://conf", "/.aws/config:6: endpoint_url");
    expect_of_profile(world, AWS_S3, "http://all", "/.aws/config:3: endpoint_url");
    setenv("AWS_ENDPOINT_URL", "http://env", 1);
    expect_of_profile(world, AWS_CONFIG, "http://env", "AWS_ENDPOINT_URL");
    setenv("AWS_ENDPOINT_URL_S3", "http://env-s3", 1);
    expect_of_profile(world, AWS_S3, "http://env-s3", "AWS_ENDPOINT_URL_S3");
    setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", 1);
    expect_of_profile(world, AWS_CONFIG, "https://config.eu-west-1.amazonaws.com", "");
}

static void a_profile_may_ask_for_fips_dual_stack_and_no_endpoints(void **state) {
    World *world = *state;
    unsetenv("AWS_ENDPOINT_URL");
    world_config(world, "[default]\nendpoint_url = http://all\nuse_fips_endpoint = true\n"
                        "use_dualstack_endpoint = true\nignore_configured_endpoint_urls = true\n");
    expect_of_profile(world, AWS_CONFIG, "https://config-fips.eu-west-1.api.aws", "");
    setenv("AWS_USE_FIPS_ENDPOINT", "false", 1);
    expect_of_profile(world, AWS_CONFIG, "https://config.eu-west-1.api.aws", "");
}

static void expect_refused(World *world, const char *config, const char *message) {
    Err err = {0};
    EndpointSettings settings;
    world_config(world, config);
    world_use(world, NULL);
    assert_int_equal(endpoint_read_settings(world->profile, &settings, &err), ST_USAGE);
    if (strstr(err.message, message) == NULL) {
        fail_msg("'%s' is not in '%s'", message, err.message);
    }
}

static void a_profile_that_is_wrong_is_named_by_line(void **state) {
    World *world = *state;
    unsetenv("AWS_ENDPOINT_URL");
    expect_refused(world, "[default]\nendpoint_url = here\n", "/.aws/config:2: endpoint_url: ");
    expect_refused(world, "[default]\nservices = nosuch\n",
                   "/.aws/config:2: there is no [services nosuch]");
    expect_refused(world, "[default]\nuse_fips_endpoint = 1\n",
                   "/.aws/config:2: use_fips_endpoint = 1 is neither true nor false");
}

static int set_up(void **state) {
    int failed = world_set_up(state);
    unsetenv("AWS_ENDPOINT_URL");
    return failed;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(services_have_hosts_in_their_regions),
        TEST(organizations_is_one_service_for_a_partition),
        TEST(a_services_own_setting_comes_before_the_general_one),
        TEST(a_wrong_setting_is_named),
        TEST(what_is_no_region_makes_no_host),
        TEST(a_region_of_no_partition_has_no_host_of_aws),
        TEST(the_european_sovereign_cloud_has_names_of_its_own),
        TEST(closed_partitions_have_no_dual_stack_names),
        TEST(fips_and_dual_stack_have_names_of_their_own),
        TEST(what_is_not_to_be_had_is_refused),
        TEST(a_profile_may_set_endpoints),
        TEST(a_profile_may_ask_for_fips_dual_stack_and_no_endpoints),
        TEST(a_profile_that_is_wrong_is_named_by_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
