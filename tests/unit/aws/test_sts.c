/* STS: sessions and who asks. */
#include "aws/aws_world.h"
#include "aws/call.h"
#include "aws/sts.h"

typedef struct Seen {
    bool finished;
    AwsKeys keys;
    Err failure;
} Seen;

static void keep(void *context, const AwsKeys *keys, const Err *failure) {
    Seen *seen = context;
    seen->finished = true;
    assert_int_equal(keys == NULL, failure != NULL);
    if (keys != NULL) {
        seen->keys = *keys;
    } else {
        seen->failure = *failure;
    }
}

static StsAssumeRole good_options(void) {
    return (StsAssumeRole){.account_id = "123456789012",
                           .role_name = "service/reader+1",
                           .region = "eu-west-1",
                           .session_name = "confhouse"};
}

#define ANSWER(id, secret, token, expiration)                                                      \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"   \
    "<Credentials><AccessKeyId>" id "</AccessKeyId><SecretAccessKey>" secret                       \
    "</SecretAccessKey><SessionToken>" token "</SessionToken><Expiration>" expiration              \
    "</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"

static void assume(World *world, const StsAssumeRole *options, Seen *seen) {
    Err err = {0};
    assert_int_equal(sts_assume_role(world->aws, options, keep, seen, &err), ST_OK);
    assert_int_equal(aws_wait(world->aws, &seen->finished, &err), ST_OK);
}

static void a_session_is_opened(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_answer(world, 200, ANSWER("ASIA", "se/cret", "to+ken==", "2026-11-22T07:00:00Z"));
    StsAssumeRole options = good_options();
    options.external_id = "id:1/2";
    assume(world, &options, &seen);
    assert_int_equal(seen.failure.status, ST_OK);
    assert_string_equal(seen.keys.access_key_id, "ASIA");
    assert_string_equal(seen.keys.secret_key, "se/cret");
    assert_string_equal(seen.keys.session_token, "to+ken==");
    int64_t expected_ms = 0;
    assert_true(clock_parse_time("2026-11-22T07:00:00Z", &expected_ms));
    assert_int_equal(seen.keys.expires_ms, expected_ms);
    assert_true(world_was_asked(
        world, 0,
        "\r\n\r\nAction=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3A"
        "role%2Fservice%2Freader%2B1&RoleSessionName=confhouse&ExternalId=id%3A1%2F2&"
        "DurationSeconds=3600"));
    assert_true(world_was_asked(
        world, 0, "\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"));
    assert_true(world_was_asked(world, 0, "/eu-west-1/sts/aws4_request"));
}

static void the_role_is_in_the_regions_partition(void **state) {
    World *world = *state;
    const char *regions[] = {"us-gov-west-1", "cn-north-1"};
    const char *arns[] = {"arn%3Aaws-us-gov%3Aiam", "arn%3Aaws-cn%3Aiam"};
    for (size_t i = 0; i < 2; i++) {
        Seen seen = {0};
        world_answer(world, 200, ANSWER("ASIA", "s", "t", "2026-11-22T07:00:00Z"));
        StsAssumeRole options = good_options();
        options.region = regions[i];
        options.duration_s = 900;
        assume(world, &options, &seen);
        assert_true(world_was_asked(world, i, arns[i]));
        assert_true(world_was_asked(world, i, "DurationSeconds=900"));
    }
}

static void a_denial_names_account_and_what_to_check(void **state) {
    World *world = *state;
    Seen seen = {0};
    world_answer(world, 403,
                 "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error>"
                 "<RequestId>r-1</RequestId></ErrorResponse>");
    StsAssumeRole options = good_options();
    assume(world, &options, &seen);
    assert_int_equal(seen.failure.status, ST_DENIED);
    assert_string_equal(seen.failure.account, "123456789012");
    assert_string_equal(seen.failure.operation, "AssumeRole");
    assert_string_equal(seen.failure.request_id, "r-1");
    assert_non_null(strstr(seen.failure.hint, "trust policy"));
    assert_string_equal(seen.failure.message,
                        "sts:AssumeRole in 123456789012/eu-west-1: AccessDenied: no");
}

static void answers_without_proper_keys_are_refused(void **state) {
    World *world = *state;
    const char *bodies[] = {
        "{}",
        "<a/>",
        "<AssumeRoleResponse/>",
        ANSWER("", "s", "t", "2026-11-22T07:00:00Z"),
        ANSWER("A", "s s", "t", "2026-11-22T07:00:00Z"),
        ANSWER("A", "s", "t\n", "2026-11-22T07:00:00Z"),
        ANSWER("A", "s", "t", "tomorrow"),
        ANSWER("A", "s", "", "2026-11-22T07:00:00Z"),
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        Seen seen = {0};
        world->aws->quota.tokens = 0;
        world_answer(world, 200, bodies[i]);
        StsAssumeRole options = good_options();
        assume(world, &options, &seen);
        if (seen.failure.status != ST_PROTOCOL) {
            fail_msg("%s gives %s", bodies[i], status_word(seen.failure.status));
        }
    }
}

static void expect_usage(World *world, StsAssumeRole options) {
    Err err = {0};
    Seen seen = {0};
    assert_int_equal(sts_assume_role(world->aws, &options, keep, &seen, &err), ST_USAGE);
    assert_false(seen.finished);
}

static void wrong_options_are_not_even_asked(void **state) {
    World *world = *state;
    StsAssumeRole options = good_options();
    options.account_id = "12345678901";
    expect_usage(world, options);
    options = good_options();
    options.role_name = "a b";
    expect_usage(world, options);
    options = good_options();
    options.session_name = "x";
    expect_usage(world, options);
    options.session_name = "a/b";
    expect_usage(world, options);
    options = good_options();
    options.external_id = "x";
    expect_usage(world, options);
    options.external_id = "with blank";
    expect_usage(world, options);
    options = good_options();
    options.duration_s = 899;
    expect_usage(world, options);
    options.duration_s = 43201;
    expect_usage(world, options);
    assert_int_equal(scripted_server_requests(world->server), 0);
}

#define IDENTITY(account)                                                                          \
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/a</Arn>"         \
    "<Account>" account "</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"

static void the_callers_account(void **state) {
    World *world = *state;
    Err err = {0};
    char account_id[13];
    world_answer(world, 200, IDENTITY("210987654321"));
    assert_int_equal(sts_get_caller_identity(world->aws, account_id, &err), ST_OK);
    assert_string_equal(account_id, "210987654321");
    assert_true(world_was_asked(world, 0, "Action=GetCallerIdentity&Version=2011-06-15"));

    world->aws->quota.tokens = 0;
    world_answer(world, 200, IDENTITY("21098765432x"));
    assert_int_equal(sts_get_caller_identity(world->aws, account_id, &err), ST_PROTOCOL);
    world_answer(world, 403,
                 "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>");
    assert_int_equal(sts_get_caller_identity(world->aws, account_id, &err), ST_CREDENTIALS);
    assert_string_equal(err.code, "InvalidClientTokenId");
    assert_int_not_equal(err.hint[0], '\0');
}

static void who_one_is(void **state) {
    World *world = *state;
    Err err = {0};
    StsIdentity identity;
    world_answer(world, 200,
                 "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/a"
                 "\t&#27;[2J</Arn><UserId>AIDA</UserId><Account>210987654321</Account>"
                 "</GetCallerIdentityResult></GetCallerIdentityResponse>");
    /* An escape cannot stand in XML; a tab may, and does not reach the terminal. */
    world->aws->quota.tokens = 0;
    assert_int_equal(sts_get_identity(world->aws, &identity, &err), ST_PROTOCOL);
    world_answer(world, 200,
                 "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/a\tb"
                 "</Arn><UserId>AIDA</UserId><Account>210987654321</Account>"
                 "</GetCallerIdentityResult></GetCallerIdentityResponse>");
    assert_int_equal(sts_get_identity(world->aws, &identity, &err), ST_OK);
    assert_string_equal(identity.account_id, "210987654321");
    assert_string_equal(identity.arn, "arn:aws:iam::1:user/a b");
    assert_string_equal(identity.user_id, "AIDA");
}

static void a_role_named_in_full_is_assumed_with_a_device_code(void **state) {
    World *world = *state;
    Err err = {0};
    AwsKeys keys = {0};
    const StsRole role = {.arn = "arn:aws-cn:iam::123456789012:role/a",
                          .session_name = "me",
                          .mfa_serial = "arn:aws-cn:iam::1:mfa/me",
                          .mfa_code = "123456"};
    world_answer(world, 200, ANSWER("ASIA", "s", "t", "2026-11-22T07:00:00Z"));
    assert_int_equal(sts_assume_role_arn(world->aws, &role, &keys, &err), ST_OK);
    assert_string_equal(keys.access_key_id, "ASIA");
    assert_true(world_was_asked(world, 0,
                                "RoleArn=arn%3Aaws-cn%3Aiam%3A%3A123456789012%3Arole%2Fa&"
                                "RoleSessionName=me&DurationSeconds=3600&"
                                "SerialNumber=arn%3Aaws-cn%3Aiam%3A%3A1%3Amfa%2Fme&"
                                "TokenCode=123456"));
    world->aws->quota.tokens = 0;
    world_answer(world, 200, ANSWER("ASIA", "s", "t", "tomorrow"));
    assert_int_equal(sts_assume_role_arn(world->aws, &role, &keys, &err), ST_PROTOCOL);
    assert_string_equal(keys.access_key_id, "");
}

static void arns_of_roles_are_known(void **state) {
    (void)state;
    static const char *const good[] = {
        "arn:aws:iam::123456789012:role/a",
        "arn:aws-us-gov:iam::123456789012:role/path/to/a+b",
        "arn:aws-cn:iam::123456789012:role/service-role/x",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(sts_is_role_arn(good[i]));
    }
    static const char *const bad[] = {
        "",
        "reader",
        "arn:aws:iam::123456789012:user/a",
        "arn:aws:iam::12345678901:role/a",
        "arn:aws:iam::1234567890123:role/a",
        "arn:aws:iam:eu-west-1:123456789012:role/a",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/a b",
        "arn:aws",
        "arn:aws:iam::",
        "arn:aws:s3::123456789012:role/a",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(sts_is_role_arn(bad[i]));
    }
    assert_false(sts_is_role_arn(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_session_is_opened),
        WORLD_TEST(the_role_is_in_the_regions_partition),
        WORLD_TEST(a_denial_names_account_and_what_to_check),
        WORLD_TEST(answers_without_proper_keys_are_refused),
        WORLD_TEST(wrong_options_are_not_even_asked),
        WORLD_TEST(the_callers_account),
        WORLD_TEST(who_one_is),
        WORLD_TEST(a_role_named_in_full_is_assumed_with_a_device_code),
        WORLD_TEST(arns_of_roles_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
