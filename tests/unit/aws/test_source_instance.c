/* The metadata service of an EC2 instance. */
#include "aws/source_world.h"

#define KEYS(expiration)                                                                           \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"IKEY\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","    \
    "\"Expiration\":\"" expiration "\"}"

static void set_endpoint(World *world, const char *more) {
    char url[200];
    snprintf(url, sizeof url, "%s%s", scripted_server_url(world->server), more);
    unsetenv("AWS_EC2_METADATA_DISABLED");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
}

static void answer_keys(World *world, const char *keys) {
    world_answer(world, 200, "imds+token==");
    world_answer(world, 200, "reader-role\nanother");
    world_answer(world, 200, keys);
}

static void the_roles_keys_are_got_with_a_token(void **state) {
    World *world = *state;
    set_endpoint(world, "/");
    answer_keys(world, KEYS("2096-11-22T07:00:00Z"));
    world_expect_key(world, NULL, "IKEY");
    assert_true(world_was_asked(world, 0, "PUT /latest/api/token HTTP/1.1\r\n"));
    assert_true(world_was_asked(world, 0, "\r\nX-aws-ec2-metadata-token-ttl-seconds: 21600\r\n"));
    assert_true(
        world_was_asked(world, 1, "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1"));
    assert_true(world_was_asked(world, 1, "\r\nX-aws-ec2-metadata-token: imds+token==\r\n"));
    assert_true(world_was_asked(
        world, 2, "GET /latest/meta-data/iam/security-credentials/reader-role HTTP/1.1"));
    assert_true(world_was_asked(world, 2, "\r\nX-aws-ec2-metadata-token: imds+token==\r\n"));
    assert_non_null(strstr(world->found.words, "EC2 instance metadata at http://127.0.0.1"));
    assert_non_null(strstr(world->found.words, "role reader-role"));
}

static void the_profile_may_say_where_it_is(void **state) {
    World *world = *state;
    char config[200];
    unsetenv("AWS_EC2_METADATA_DISABLED");
    snprintf(config, sizeof config, "[profile i]\nec2_metadata_service_endpoint = %s\n",
             scripted_server_url(world->server));
    world_config(world, config);
    answer_keys(world, KEYS("2096-11-22T07:00:00Z"));
    world_expect_key(world, "i", "IKEY");
}

/* Version 1 would answer without a token: nobody asks it. */
static void without_a_token_nothing_is_asked(void **state) {
    World *world = *state;
    set_endpoint(world, "");
    world_answer(world, 403, "");
    world_expect_failure(world, NULL, ST_CREDENTIALS,
                         "/latest/api/token answers with HTTP status 403");
    world_answer(world, 200, "a\r\nX: y");
    world_expect_failure(world, NULL, ST_CREDENTIALS, "gives no token");
    assert_int_equal(scripted_server_requests(world->server), 2);
}

static void an_instance_without_a_role_has_no_keys(void **state) {
    World *world = *state;
    set_endpoint(world, "");
    world_answer(world, 200, "imds-token");
    world_answer(world, 404, "");
    world_expect_failure(world, NULL, ST_CREDENTIALS, "answers with HTTP status 404");
    world_answer(world, 200, "imds-token");
    world_answer(world, 200, "../../user-data");
    world_expect_failure(world, NULL, ST_CREDENTIALS, "names no role");
}

static void a_role_that_does_not_work_is_an_error(void **state) {
    World *world = *state;
    set_endpoint(world, "");
    answer_keys(world, "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"no\"}");
    world_expect_failure(world, NULL, ST_CREDENTIALS,
                         "it answers with AssumeRoleUnauthorizedAccess");
    answer_keys(world, "{\"Code\":\"Success\",\"AccessKeyId\":\"A\"}");
    world_expect_failure(world, NULL, ST_CREDENTIALS, "has no SecretAccessKey");
    answer_keys(world, "s3cr3t");
    world_expect_failure(world, NULL, ST_CREDENTIALS, "is no JSON");
    assert_null(strstr(world->err.message, "s3cr3t"));
}

static void one_does_not_wait_long_for_it(void **state) {
    World *world = *state;
    set_endpoint(world, "");
    int64_t begun_ms = clock_monotonic_ms();
    scripted_server_add(world->server, (ScriptedAnswer){.delay_ms = 3000, .body = "t"});
    world_expect_failure(world, NULL, ST_CREDENTIALS, "does not answer");
    assert_true(clock_monotonic_ms() - begun_ms < 2500);
}

static void it_is_tried_as_often_as_is_set(void **state) {
    World *world = *state;
    set_endpoint(world, "");
    setenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "3", 1);
    scripted_server_add(world->server, (ScriptedAnswer){.drop = true});
    world_answer(world, 503, "");
    answer_keys(world, KEYS("2096-11-22T07:00:00Z"));
    world_expect_key(world, NULL, "IKEY");
    setenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "many", 1);
    world_expect_failure(world, NULL, ST_USAGE, "AWS_METADATA_SERVICE_NUM_ATTEMPTS");
}

static void it_can_be_turned_off(void **state) {
    World *world = *state;
    set_endpoint(world, "");
    setenv("AWS_EC2_METADATA_DISABLED", "TRUE", 1);
    world_expect_failure(world, NULL, ST_CREDENTIALS, "AWS_EC2_METADATA_DISABLED is set");
    assert_int_equal(scripted_server_requests(world->server), 0);
}

static void keys_it_could_not_renew_are_used_on(void **state) {
    World *world = *state;
    set_endpoint(world, "");
    answer_keys(world, KEYS("2001-11-22T07:00:00Z"));
    world_expect_key(world, NULL, "IKEY");
    assert_true(world->found.keys.expires_ms > clock_now_ms());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_roles_keys_are_got_with_a_token),
        WORLD_TEST(the_profile_may_say_where_it_is),
        WORLD_TEST(without_a_token_nothing_is_asked),
        WORLD_TEST(an_instance_without_a_role_has_no_keys),
        WORLD_TEST(a_role_that_does_not_work_is_an_error),
        WORLD_TEST(one_does_not_wait_long_for_it),
        WORLD_TEST(it_is_tried_as_often_as_is_set),
        WORLD_TEST(it_can_be_turned_off),
        WORLD_TEST(keys_it_could_not_renew_are_used_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
