/* Roles assumed with a web identity token. */
#include "aws/source_world.h"

#define ROLE "arn:aws:iam::123456789012:role/web"

static void the_environments_token_is_traded_for_keys(void **state) {
    World *world = *state;
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", world_write(world, "token", "ey.J.x/+\n"), 1);
    setenv("AWS_ROLE_ARN", ROLE, 1);
    setenv("AWS_ROLE_SESSION_NAME", "pod-1", 1);
    world_answer(world, 200, WORLD_BY_TOKEN("WEBKEY"));
    world_expect_key(world, NULL, "WEBKEY");
    assert_true(world_was_asked(
        world, 0,
        "\r\n\r\nAction=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A"
        "123456789012%3Arole%2Fweb&RoleSessionName=pod-1&DurationSeconds=3600&"
        "WebIdentityToken=ey.J.x%2F%2B"));
    assert_false(world_was_asked(world, 0, "Authorization"));
    assert_false(world_was_asked(world, 0, "X-Amz-Date"));
    assert_non_null(strstr(world->found.words, "role " ROLE ", assumed with the token in "));
}

static void the_token_is_read_anew_each_time(void **state) {
    World *world = *state;
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", world_write(world, "token", "one"), 1);
    setenv("AWS_ROLE_ARN", ROLE, 1);
    world_answer(world, 200, WORLD_BY_TOKEN("ONE"));
    world_expect_key(world, NULL, "ONE");
    (void)world_write(world, "token", "two");
    world_answer(world, 200, WORLD_BY_TOKEN("TWO"));
    world_expect_key(world, NULL, "TWO");
    assert_true(world_was_asked(world, 1, "WebIdentityToken=two"));
}

static void a_profiles_token_is_traded_for_keys(void **state) {
    World *world = *state;
    char config[900];
    snprintf(config, sizeof config,
             "[profile w]\nweb_identity_token_file = %s\nrole_arn = " ROLE "\n"
             "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/a\nsource_profile = w\n",
             world_write(world, "token", "tok"));
    world_config(world, config);
    world_answer(world, 200, WORLD_BY_TOKEN("WEBKEY"));
    world_expect_key(world, "w", "WEBKEY");
    assert_true(world_was_asked(world, 0, "RoleSessionName=confhouse"));
    world_answer(world, 200, WORLD_BY_TOKEN("WEBKEY"));
    world_answer(world, 200, WORLD_ASSUMED("AKEY"));
    world_expect_key(world, "a", "AKEY");
    assert_true(world_was_asked(world, 2, "Credential=WEBKEY/"));
}

static void a_named_profile_sets_the_environments_token_aside(void **state) {
    World *world = *state;
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", world_write(world, "token", "one"), 1);
    setenv("AWS_ROLE_ARN", ROLE, 1);
    world_config(world, "[profile s]\naws_access_key_id = S\naws_secret_access_key = s\n");
    world_expect_key(world, "s", "S");
    setenv("AWS_PROFILE", "s", 1);
    world_answer(world, 200, WORLD_BY_TOKEN("WEBKEY"));
    world_expect_key(world, NULL, "WEBKEY");
}

static void half_a_setup_is_refused(void **state) {
    World *world = *state;
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", world_write(world, "token", "one"), 1);
    world_expect_failure(world, NULL, ST_USAGE,
                         "AWS_WEB_IDENTITY_TOKEN_FILE: a web identity token needs a role's ARN");
    setenv("AWS_ROLE_ARN", "web", 1);
    world_expect_failure(world, NULL, ST_USAGE, "'web' is no ARN of a role");
    setenv("AWS_ROLE_ARN", ROLE, 1);
    setenv("AWS_ROLE_SESSION_NAME", "a/b", 1);
    world_expect_failure(world, NULL, ST_USAGE, "session name");
    unsetenv("AWS_ROLE_SESSION_NAME");
    (void)world_write(world, "token", "\n");
    world_expect_failure(world, NULL, ST_CREDENTIALS, "/token holds no token");
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/no/such/file", 1);
    world_expect_failure(world, NULL, ST_CREDENTIALS, "cannot read /no/such/file");
    world_config(world, "[profile w]\nweb_identity_token_file = /t\n");
    world_expect_failure(world, "w", ST_USAGE, "/.aws/config:2: a web identity token needs");
}

static void a_token_that_has_expired_is_told_without_showing_it(void **state) {
    World *world = *state;
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", world_write(world, "token", "s3cr3t"), 1);
    setenv("AWS_ROLE_ARN", ROLE, 1);
    world_answer(world, 400,
                 "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>"
                 "Token expired</Message></Error></ErrorResponse>");
    world_expect_failure(world, NULL, ST_EXPIRED, "sts:AssumeRoleWithWebIdentity");
    assert_non_null(strstr(world->err.hint, "/token must renew it"));
    assert_null(strstr(world->err.message, "s3cr3t"));
    assert_int_equal(scripted_server_requests(world->server), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_environments_token_is_traded_for_keys),
        WORLD_TEST(the_token_is_read_anew_each_time),
        WORLD_TEST(a_profiles_token_is_traded_for_keys),
        WORLD_TEST(a_named_profile_sets_the_environments_token_aside),
        WORLD_TEST(half_a_setup_is_refused),
        WORLD_TEST(a_token_that_has_expired_is_told_without_showing_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
