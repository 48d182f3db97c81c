/* Where credentials are looked for, and in which order. */
#include "aws/source_world.h"

#define STATIC(id) "aws_access_key_id = " id "\naws_secret_access_key = s3cr3t\n"
#define PROCESS                                                                                    \
    "credential_process = echo '{\"Version\":1,\"AccessKeyId\":\"PROCESS\","                       \
    "\"SecretAccessKey\":\"s\"}'\n"

static void set_environment_keys(void) {
    setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
}

static void the_environment_comes_first(void **state) {
    World *world = *state;
    set_environment_keys();
    setenv("AWS_SESSION_TOKEN", "t", 1);
    setenv("AWS_CREDENTIAL_EXPIRATION", "2096-01-01T00:00:00+00:00", 1);
    world_credentials(world, "[default]\n" STATIC("SHARED"));
    world_expect_key(world, NULL, "ENV");
    assert_string_equal(world->found.keys.session_token, "t");
    assert_int_equal(world->found.keys.expires_ms, 3976214400000);
    assert_string_equal(world->found.words, "the environment (AWS_ACCESS_KEY_ID)");
}

/* As AWS's own tools have it. */
static void a_named_profile_disables_the_environments_keys_and_aws_profile_does_not(void **state) {
    World *world = *state;
    set_environment_keys();
    world_credentials(world, "[default]\n" STATIC("SHARED") "[other]\n" STATIC("OTHER"));
    world_expect_key(world, "other", "OTHER");
    world_expect_key(world, "default", "SHARED");
    setenv("AWS_PROFILE", "other", 1);
    world_expect_key(world, NULL, "ENV");
    unsetenv("AWS_ACCESS_KEY_ID");
    unsetenv("AWS_SECRET_ACCESS_KEY");
    world_expect_key(world, NULL, "OTHER");
}

static void a_profiles_places_have_their_order(void **state) {
    World *world = *state;
    world_config(world, "[profile a]\n" STATIC("CONFIG") PROCESS);
    world_expect_key(world, "a", "PROCESS");
    world_credentials(world, "[a]\n" STATIC("SHARED"));
    world_expect_key(world, "a", "SHARED");
    world_config(world, "[profile a]\n" STATIC("CONFIG") PROCESS "sso_account_id = 1\n");
    world_expect_failure(world, "a", ST_USAGE, "uses SSO, but has no sso_role_name");
    world_config(world, "[profile a]\n" STATIC("CONFIG") PROCESS
                 "sso_account_id = 1\nweb_identity_token_file = /no/such\n");
    world_expect_failure(world, "a", ST_USAGE, "web identity");
    world_config(world, "[profile a]\n" STATIC("CONFIG") PROCESS
                 "role_arn = arn:aws:iam::123456789012:role/a\nsource_profile = a\n");
    world_answer(world, 200, WORLD_ASSUMED("ROLE"));
    world_expect_key(world, "a", "ROLE");
    assert_true(world_was_asked(world, 0, "Credential=SHARED/"));
}

static void a_machines_places_come_last(void **state) {
    World *world = *state;
    char url[100];
    snprintf(url, sizeof url, "%s/container", scripted_server_url(world->server));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", scripted_server_url(world->server), 1);
    unsetenv("AWS_EC2_METADATA_DISABLED");
    world_config(world, "[default]\n" STATIC("CONFIG"));
    world_expect_key(world, NULL, "CONFIG");
    assert_int_equal(scripted_server_requests(world->server), 0);
    world_config(world, "[default]\nregion = eu-west-1\n");
    world_answer(world, 200, "{\"AccessKeyId\":\"CONT\",\"SecretAccessKey\":\"s\"}");
    world_expect_key(world, NULL, "CONT");
    assert_int_equal(scripted_server_requests(world->server), 1);
}

static void keys_keep_their_session_token(void **state) {
    World *world = *state;
    world_credentials(world, "[default]\n" STATIC("SHARED") "aws_session_token = to/ken=\n");
    world_expect_key(world, NULL, "SHARED");
    assert_string_equal(world->found.keys.secret_key, "s3cr3t");
    assert_string_equal(world->found.keys.session_token, "to/ken=");
    assert_non_null(strstr(world->found.words, "keys of profile 'default' ("));
    assert_non_null(strstr(world->found.words, "/.aws/credentials:2)"));
}

static void half_a_key_is_named_by_file_and_line(void **state) {
    World *world = *state;
    world_credentials(world, "[default]\n\naws_access_key_id = A\n");
    world_config(world, "[default]\n" STATIC("CONFIG"));
    world_expect_failure(world, NULL, ST_USAGE,
                         "/.aws/credentials:3: profile 'default' has an aws_access_key_id, but no "
                         "aws_secret_access_key");
    world_credentials(world, "[default]\naws_secret_access_key = s3cr3t\naws_access_key_id =\n");
    world_expect_failure(world, NULL, ST_USAGE,
                         "/.aws/credentials:2: profile 'default' has an aws_secret_access_key, but "
                         "no aws_access_key_id");
    assert_null(strstr(world->err.message, "s3cr3t"));
    setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t", 1);
    world_expect_failure(world, NULL, ST_CREDENTIALS, "but AWS_ACCESS_KEY_ID is not");
}

static void what_no_key_holds_is_refused_and_not_shown(void **state) {
    World *world = *state;
    world_credentials(world, "[default]\naws_access_key_id = A\n"
                             "aws_secret_access_key = s3cr3t # mine\n");
    world_expect_failure(world, NULL, ST_CREDENTIALS,
                         "/.aws/credentials:3: aws_secret_access_key holds a blank");
    assert_null(strstr(world->err.message, "s3cr3t"));
}

static void when_there_is_nothing_all_places_are_listed(void **state) {
    World *world = *state;
    world_expect_failure(world, NULL, ST_CREDENTIALS,
                         "there are no AWS credentials. Tried for profile 'default': the "
                         "environment (AWS_ACCESS_KEY_ID is not set); a role (no role_arn); a web "
                         "identity (");
    static const char *const places[] = {
        "SSO (no sso_account_id)",
        "the credentials file (no aws_access_key_id in /",
        "a process (no credential_process)",
        "the config file (no aws_access_key_id in /",
        "the container (AWS_CONTAINER_CREDENTIALS_FULL_URI is not set)",
        "EC2 instance metadata (AWS_EC2_METADATA_DISABLED is set)"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (strstr(world->err.message, places[i]) == NULL) {
            fail_msg("'%s' is not in '%s'", places[i], world->err.message);
        }
    }
    assert_non_null(strstr(world->err.hint, "--profile"));
    world_config(world, "[profile a]\nregion = eu-west-1\n");
    world_expect_failure(world, "a", ST_CREDENTIALS,
                         "Tried for profile 'a': the environment (passed over: a profile was "
                         "named)");
}

static void nothing_is_begun_when_cancelled_or_late(void **state) {
    World *world = *state;
    set_environment_keys();
    world->cancelled = true;
    world_expect_failure(world, NULL, ST_CANCELLED, "cancelled");
    world->cancelled = false;
    world_use(world, NULL);
    SourceContext context = world_context(world);
    context.deadline_ms = clock_now_ms() - 1;
    assert_int_equal(source_find(&context, &world->found, &world->err), ST_DEADLINE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_environment_comes_first),
        WORLD_TEST(a_named_profile_disables_the_environments_keys_and_aws_profile_does_not),
        WORLD_TEST(a_profiles_places_have_their_order),
        WORLD_TEST(a_machines_places_come_last),
        WORLD_TEST(keys_keep_their_session_token),
        WORLD_TEST(half_a_key_is_named_by_file_and_line),
        WORLD_TEST(what_no_key_holds_is_refused_and_not_shown),
        WORLD_TEST(when_there_is_nothing_all_places_are_listed),
        WORLD_TEST(nothing_is_begun_when_cancelled_or_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
