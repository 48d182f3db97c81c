/* Roles of profiles, and the profiles that they take their keys from. */
#include "aws/source_world.h"

#define ROLE_A "arn:aws:iam::123456789012:role/team/a"

static void a_role_is_assumed_with_the_keys_of_its_source(void **state) {
    World *world = *state;
    world_config(world, "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"
                        "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = base\n"
                        "external_id = ex:1\nduration_seconds = 7200\nrole_session_name = me@x\n");
    world_answer(world, 200, WORLD_ASSUMED("ROLEKEY"));
    world_expect_key(world, "a", "ROLEKEY");
    assert_true(world_was_asked(world, 0, "Credential=BASE/"));
    assert_true(world_was_asked(world, 0, "/eu-west-1/sts/aws4_request"));
    assert_true(world_was_asked(
        world, 0,
        "\r\n\r\nAction=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3A"
        "role%2Fteam%2Fa&RoleSessionName=me%40x&DurationSeconds=7200&ExternalId=ex%3A1"));
    assert_int_equal(scripted_server_requests(world->server), 1);
    assert_non_null(strstr(world->found.words, "role " ROLE_A " of profile 'a', assumed with keys "
                                               "of profile 'base' ("));
}

static void defaults_are_an_hour_and_our_name(void **state) {
    World *world = *state;
    world_credentials(world, "[base]\naws_access_key_id = BASE\naws_secret_access_key = s\n");
    world_config(world, "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = base\n");
    world_answer(world, 200, WORLD_ASSUMED("ROLEKEY"));
    world_expect_key(world, "a", "ROLEKEY");
    assert_true(world_was_asked(world, 0, "&RoleSessionName=confhouse&DurationSeconds=3600"));
    assert_false(world_was_asked(world, 0, "ExternalId"));
}

static void roles_may_be_chained(void **state) {
    World *world = *state;
    world_config(world, "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"
                        "[profile hub]\nrole_arn = arn:aws:iam::111111111111:role/hub\n"
                        "source_profile = base\n"
                        "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = hub\n");
    world_answer(world, 200, WORLD_ASSUMED("HUBKEY"));
    world_answer(world, 200, WORLD_ASSUMED("AKEY"));
    world_expect_key(world, "a", "AKEY");
    assert_true(world_was_asked(world, 0, "Credential=BASE/"));
    assert_true(world_was_asked(world, 0, "role%2Fhub"));
    assert_true(world_was_asked(world, 1, "Credential=HUBKEY/"));
    assert_true(world_was_asked(world, 1, "X-Amz-Security-Token: to+ken"));
    assert_non_null(strstr(world->found.words, "assumed with role arn:aws:iam::111111111111"));
}

static void a_profile_may_be_its_own_source(void **state) {
    World *world = *state;
    world_config(world, "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = a\n");
    world_credentials(world, "[a]\naws_access_key_id = BASE\naws_secret_access_key = s\n");
    world_answer(world, 200, WORLD_ASSUMED("AKEY"));
    world_expect_key(world, "a", "AKEY");
    assert_true(world_was_asked(world, 0, "Credential=BASE/"));
}

/* Keys of its own stand before its role, when another one takes its keys from a profile. */
static void a_source_with_keys_is_not_followed_further(void **state) {
    World *world = *state;
    world_config(world, "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = b\n"
                        "[profile b]\nrole_arn = " ROLE_A "\nsource_profile = a\n"
                        "aws_access_key_id = BKEY\naws_secret_access_key = s\n");
    world_answer(world, 200, WORLD_ASSUMED("AKEY"));
    world_expect_key(world, "a", "AKEY");
    assert_true(world_was_asked(world, 0, "Credential=BKEY/"));
    assert_int_equal(scripted_server_requests(world->server), 1);
}

static void a_process_may_be_the_source(void **state) {
    World *world = *state;
    world_config(world,
                 "[profile p]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"PKEY\","
                 "\"SecretAccessKey\":\"s\"}'\n"
                 "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = p\n");
    world_answer(world, 200, WORLD_ASSUMED("AKEY"));
    world_expect_key(world, "a", "AKEY");
    assert_true(world_was_asked(world, 0, "Credential=PKEY/"));
}

static void keys_of_the_environment_may_be_the_source(void **state) {
    World *world = *state;
    world_config(world, "[profile a]\nrole_arn = " ROLE_A "\ncredential_source = Environment\n");
    world_expect_failure(world, "a", ST_CREDENTIALS,
                         "/.aws/config:3: credential_source = Environment: AWS_ACCESS_KEY_ID is "
                         "not set");
    setenv("AWS_ACCESS_KEY_ID", "ENVKEY", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    world_answer(world, 200, WORLD_ASSUMED("AKEY"));
    world_expect_key(world, "a", "AKEY");
    assert_true(world_was_asked(world, 0, "Credential=ENVKEY/"));
}

static void a_container_may_be_the_source(void **state) {
    World *world = *state;
    char url[100];
    snprintf(url, sizeof url, "%s/keys", scripted_server_url(world->server));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    world_config(world, "[profile a]\nrole_arn = " ROLE_A "\ncredential_source = EcsContainer\n");
    world_answer(world, 200,
                 "{\"AccessKeyId\":\"CKEY\",\"SecretAccessKey\":\"s\",\"Token\":\"t\"}");
    world_answer(world, 200, WORLD_ASSUMED("AKEY"));
    world_expect_key(world, "a", "AKEY");
    assert_true(world_was_asked(world, 1, "Credential=CKEY/"));
}

static void an_instance_may_be_the_source(void **state) {
    World *world = *state;
    unsetenv("AWS_EC2_METADATA_DISABLED");
    setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", scripted_server_url(world->server), 1);
    world_config(world,
                 "[profile a]\nrole_arn = " ROLE_A "\ncredential_source = Ec2InstanceMetadata\n");
    world_answer(world, 200, "imds-token");
    world_answer(world, 200, "machine");
    world_answer(world, 200,
                 "{\"Code\":\"Success\",\"AccessKeyId\":\"IKEY\",\"SecretAccessKey\":\"s\","
                 "\"Token\":\"t\",\"Expiration\":\"2096-01-01T00:00:00Z\"}");
    world_answer(world, 200, WORLD_ASSUMED("AKEY"));
    world_expect_key(world, "a", "AKEY");
    assert_true(world_was_asked(world, 3, "Credential=IKEY/"));
}

/* --- What is wrong with profiles ------------------------------------------------------------- */

#define BASE "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"

static void wrong_profiles_are_named_by_file_and_line(void **state) {
    World *world = *state;
    static const struct {
        const char *config;
        const char *message;
    } wrong[] = {
        {"[profile a]\nrole_arn = " ROLE_A "\n",
         "config:2: a role_arn needs a source_profile or a credential_source"},
        {BASE "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = base\n"
              "credential_source = Environment\n",
         "config:7: there is both a source_profile and a credential_source"},
        {"[profile a]\nrole_arn = " ROLE_A "\ncredential_source = environment\n",
         "config:3: credential_source must be Environment, Ec2InstanceMetadata or EcsContainer"},
        {"[profile a]\nrole_arn = " ROLE_A "\nsource_profile = nosuch\n",
         "config:3: there is no profile 'nosuch'"},
        {"[profile empty]\nregion = eu-west-1\n[profile a]\nrole_arn = " ROLE_A
         "\nsource_profile = empty\n",
         "config:5: profile 'empty' has no keys, nor says where to get them"},
        {"[profile half]\naws_access_key_id = A\n[profile a]\nrole_arn = " ROLE_A
         "\nsource_profile = half\n",
         "config:2: profile 'half' has an aws_access_key_id, but no aws_secret_access_key"},
        {"[profile a]\nrole_arn = " ROLE_A "\nsource_profile = a\n",
         "config:3: profiles take their keys from each other: a -> a"},
        {"[profile a]\nrole_arn = " ROLE_A "\nsource_profile = b\n"
         "[profile b]\nrole_arn = " ROLE_A "\nsource_profile = c\n"
         "[profile c]\nrole_arn = " ROLE_A "\nsource_profile = a\n",
         "config:9: profiles take their keys from each other: a -> b -> c -> a"},
        {BASE "[profile a]\nrole_arn = reader\nsource_profile = base\n",
         "config:5: role_arn is no ARN of a role"},
        {BASE "[profile a]\nrole_arn = arn:aws:iam::123456789012:user/x\nsource_profile = base\n",
         "config:5: role_arn is no ARN of a role"},
        {BASE "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = base\nduration_seconds = 60\n",
         "config:7: duration_seconds must be a number from 900 to 43200"},
        {BASE "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = base\nexternal_id = a b\n",
         "config:7: external_id must be"},
        {BASE "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = base\nrole_session_name = x\n",
         "config:7: role_session_name must be"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        world_config(world, wrong[i].config);
        world_expect_failure(world, "a", ST_USAGE, wrong[i].message);
    }
    assert_int_equal(scripted_server_requests(world->server), 0);
}

static void there_is_an_end_to_chains(void **state) {
    World *world = *state;
    OWN(buf_done) Buf config = {0};
    for (int i = 0; i < 12; i++) {
        buf_printf(&config, "[profile p%d]\nrole_arn = " ROLE_A "\nsource_profile = p%d\n", i,
                   i + 1);
    }
    world_config(world, buf_text(&config));
    world_expect_failure(world, "p0", ST_USAGE, "more than 8 profiles lead from one to the next");
}

static void a_denial_names_the_profile(void **state) {
    World *world = *state;
    world_config(world, BASE "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = base\n");
    world_answer(world, 403,
                 "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message>"
                 "</Error></ErrorResponse>");
    world_expect_failure(world, "a", ST_DENIED, "profile 'a' (");
    assert_non_null(strstr(world->err.message, "/.aws/config:5): sts:AssumeRole in "
                                               "123456789012/eu-west-1: AccessDenied: no"));
    assert_non_null(strstr(world->err.hint, "trust policy"));
}

static void a_session_too_long_for_a_chain_is_explained(void **state) {
    World *world = *state;
    world_credentials(world, "[base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"
                             "aws_session_token = t\n");
    world_config(world, "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = base\n"
                        "duration_seconds = 43200\n");
    world_answer(world, 400,
                 "<ErrorResponse><Error><Code>ValidationError</Code><Message>too long"
                 "</Message></Error></ErrorResponse>");
    world_expect_failure(world, "a", ST_REJECTED, "too long");
    assert_non_null(strstr(world->err.hint, "duration_seconds to 3600"));
}

static void a_broken_answer_is_asked_for_again(void **state) {
    World *world = *state;
    world_config(world, BASE "[profile a]\nrole_arn = " ROLE_A "\nsource_profile = base\n");
    scripted_server_add(world->server, (ScriptedAnswer){.drop = true});
    world_answer(world, 200, WORLD_ASSUMED("AKEY"));
    world_expect_key(world, "a", "AKEY");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_role_is_assumed_with_the_keys_of_its_source),
        WORLD_TEST(defaults_are_an_hour_and_our_name),
        WORLD_TEST(roles_may_be_chained),
        WORLD_TEST(a_profile_may_be_its_own_source),
        WORLD_TEST(a_source_with_keys_is_not_followed_further),
        WORLD_TEST(a_process_may_be_the_source),
        WORLD_TEST(keys_of_the_environment_may_be_the_source),
        WORLD_TEST(a_container_may_be_the_source),
        WORLD_TEST(an_instance_may_be_the_source),
        WORLD_TEST(wrong_profiles_are_named_by_file_and_line),
        WORLD_TEST(there_is_an_end_to_chains),
        WORLD_TEST(a_denial_names_the_profile),
        WORLD_TEST(a_session_too_long_for_a_chain_is_explained),
        WORLD_TEST(a_broken_answer_is_asked_for_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
