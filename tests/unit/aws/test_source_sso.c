/* Profiles of IAM Identity Center. */
#include "aws/source_world.h"
#include "format/digest.h"

#define URL "https://example.awsapps.com/start"
#define SESSION                                                                                    \
    "[sso-session corp]\nsso_region = eu-west-2\nsso_start_url = " URL "\n"                        \
    "[profile s]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Read Only\n"
#define LEGACY                                                                                     \
    "[profile s]\nsso_region = eu-west-2\nsso_start_url = " URL "\n"                               \
    "sso_account_id = 123456789012\nsso_role_name = reader\n"
#define PORTAL_KEYS                                                                                \
    "{\"roleCredentials\":{\"accessKeyId\":\"SSOKEY\",\"secretAccessKey\":\"s\","                  \
    "\"sessionToken\":\"t\",\"expiration\":4004492400000}}"

/* What 'aws sso login' leaves for a session's name or start URL. */
static void write_token(World *world, const char *named, const char *expires_at, const char *more) {
    char hex[SHA1_HEX_SIZE];
    char name[100];
    char text[1000];
    digest_sha1_hex(named, strlen(named), hex);
    snprintf(name, sizeof name, ".aws/sso/cache/%s.json", hex);
    snprintf(text, sizeof text,
             "{\"startUrl\": \"" URL "\", \"region\": \"eu-west-2\", \"accessToken\": "
             "\"s3cr3t-token\", \"expiresAt\": \"%s\"%s}",
             expires_at, more);
    (void)world_write(world, name, text);
}

static void a_session_gives_the_roles_keys(void **state) {
    World *world = *state;
    world_config(world, SESSION);
    write_token(world, "corp", "2096-01-01T00:00:00Z", "");
    world_answer(world, 200, PORTAL_KEYS);
    world_expect_key(world, "s", "SSOKEY");
    assert_int_equal(world->found.keys.expires_ms, 4004492400000);
    assert_true(world_was_asked(world, 0,
                                "GET /federation/credentials?account_id=123456789012&"
                                "role_name=Read%20Only HTTP/1.1\r\n"));
    assert_true(world_was_asked(world, 0, "\r\nx-amz-sso_bearer_token: s3cr3t-token\r\n"));
    assert_false(world_was_asked(world, 0, "Authorization"));
    assert_non_null(
        strstr(world->found.words, "SSO role Read Only in account 123456789012 (profile 's')"));
}

static void the_older_setup_is_found_by_its_url(void **state) {
    World *world = *state;
    world_config(world, LEGACY);
    write_token(world, URL, "2096-01-01T00:00:00UTC", "");
    world_answer(world, 200, PORTAL_KEYS);
    world_expect_key(world, "s", "SSOKEY");
    assert_true(world_was_asked(world, 0, "role_name=reader"));
}

static void sso_may_be_the_source_of_a_role(void **state) {
    World *world = *state;
    world_config(world, SESSION "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/a\n"
                                "source_profile = s\n");
    write_token(world, "corp", "2096-01-01T00:00:00Z", "");
    world_answer(world, 200, PORTAL_KEYS);
    world_answer(world, 200, WORLD_ASSUMED("AKEY"));
    world_expect_key(world, "a", "AKEY");
    assert_true(world_was_asked(world, 1, "Credential=SSOKEY/"));
}

static void expect_login(World *world, const char *message) {
    world_expect_failure(world, "s", ST_CREDENTIALS, message);
    assert_string_equal(world->err.hint, "run: aws sso login --profile s");
    assert_null(strstr(world->err.message, "s3cr3t"));
}

static void one_is_told_to_log_in(void **state) {
    World *world = *state;
    world_config(world, SESSION);
    expect_login(world, "the SSO session of profile 's' has not been begun");
    write_token(world, "corp", "2001-01-01T00:00:00Z", "");
    expect_login(world, "the SSO session of profile 's' is over");
    write_token(world, "corp", "soon", "");
    expect_login(world, "has no token in its cache");
    assert_int_equal(scripted_server_requests(world->server), 0);
    write_token(world, "corp", "2096-01-01T00:00:00Z", "");
    world_answer(world, 401, "{\"message\":\"Session token not found or invalid\"}");
    expect_login(world, "the SSO session of profile 's' is over");
    unsetenv("HOME");
    setenv("AWS_CONFIG_FILE", world_write(world, "conf", SESSION), 1);
    expect_login(world, "has not been begun");
}

static void a_broken_cache_is_named(void **state) {
    World *world = *state;
    char hex[SHA1_HEX_SIZE];
    char name[100];
    world_config(world, SESSION);
    digest_sha1_hex("corp", 4, hex);
    snprintf(name, sizeof name, ".aws/sso/cache/%s.json", hex);
    (void)world_write(world, name, "{\"accessToken\": \"s3cr3t\"");
    expect_login(world, name);
}

static void a_role_that_is_not_ones_own_is_denied(void **state) {
    World *world = *state;
    world_config(world, SESSION);
    write_token(world, "corp", "2096-01-01T00:00:00Z", "");
    world_answer(world, 403, "{\"message\":\"No access\",\"__type\":\"ForbiddenException\"}");
    world_expect_failure(world, "s", ST_DENIED,
                         "portal.sso:GetRoleCredentials in 123456789012/eu-west-2: "
                         "ForbiddenException: No access");
    assert_non_null(strstr(world->err.hint, "list-account-roles"));
}

static void half_a_setup_is_named_by_file_and_line(void **state) {
    World *world = *state;
    static const struct {
        const char *config;
        const char *message;
    } wrong[] = {
        {"[profile s]\nsso_role_name = r\nsso_session = nosuch\nsso_account_id = 1\n",
         "config:3: there is no [sso-session nosuch]"},
        {"[sso-session c]\nsso_region = eu-west-1\n[profile s]\nsso_session = c\n"
         "sso_role_name = r\n",
         "config:1: [sso-session c] has no sso_start_url"},
        {"[profile s]\nsso_role_name = r\n", "config:1: profile 's' uses SSO, but has no "
                                             "sso_account_id"},
        {"[profile s]\nsso_account_id = 123456789012\n", "but has no sso_role_name"},
        {"[profile s]\nsso_account_id = 123456789012\nsso_role_name = r\n", "no sso_region"},
        {"[profile s]\nsso_account_id = 12345\nsso_role_name = r\nsso_region = eu-west-1\n"
         "sso_start_url = u\n",
         "config:2: sso_account_id is no account id"},
        {"[profile s]\nsso_account_id = 123456789012\nsso_role_name = r\nsso_region = moon\n"
         "sso_start_url = u\n",
         "config:4: sso_region is no name of a region"},
        {SESSION "sso_region = us-east-1\n",
         "config:8: sso_region is another one than that of [sso-session corp]"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        world_config(world, wrong[i].config);
        world_expect_failure(world, "s", ST_USAGE, wrong[i].message);
    }
}

/* --- Renewing the token ---------------------------------------------------------------------- */

#define REGISTERED                                                                                 \
    ", \"clientId\": \"cid\", \"clientSecret\": \"s3cr3t-client\", \"refreshToken\": "             \
    "\"s3cr3t-old\", \"registrationExpiresAt\": \"2096-01-01T00:00:00Z\""
#define RENEWED                                                                                    \
    "{\"accessToken\":\"s3cr3t-new\",\"expiresIn\":3600,\"refreshToken\":\"s3cr3t-next\","         \
    "\"tokenType\":\"Bearer\"}"

static void a_token_that_ends_is_renewed_and_kept(void **state) {
    World *world = *state;
    world_config(world, SESSION);
    write_token(world, "corp", "2001-01-01T00:00:00Z", REGISTERED);
    world_answer(world, 200, RENEWED);
    world_answer(world, 200, PORTAL_KEYS);
    world_expect_key(world, "s", "SSOKEY");
    assert_true(world_was_asked(world, 0, "POST /token HTTP/1.1\r\n"));
    assert_true(
        world_was_asked(world, 0,
                        "\r\n\r\n{\"clientId\":\"cid\",\"clientSecret\":\"s3cr3t-client\","
                        "\"grantType\":\"refresh_token\",\"refreshToken\":\"s3cr3t-old\"}"));
    assert_true(world_was_asked(world, 1, "x-amz-sso_bearer_token: s3cr3t-new\r\n"));
    /* The next time, it comes from the cache. */
    world_answer(world, 200, PORTAL_KEYS);
    world_expect_key(world, "s", "SSOKEY");
    assert_true(world_was_asked(world, 2, "x-amz-sso_bearer_token: s3cr3t-new\r\n"));
}

static void the_cache_is_rewritten_for_its_owner_alone(void **state) {
    World *world = *state;
    char hex[SHA1_HEX_SIZE];
    char path[700];
    struct stat info;
    OWN(buf_done) Buf text = {0};
    world_config(world, SESSION);
    write_token(world, "corp", "2001-01-01T00:00:00Z", REGISTERED);
    world_answer(world, 200, RENEWED);
    world_answer(world, 200, PORTAL_KEYS);
    world_expect_key(world, "s", "SSOKEY");
    digest_sha1_hex("corp", 4, hex);
    snprintf(path, sizeof path, "%s/.aws/sso/cache/%s.json", world->home.path, hex);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(file_read(path, 10000, &text, &world->err), ST_OK);
    assert_non_null(strstr(buf_text(&text), "\"refreshToken\":\"s3cr3t-next\""));
    assert_non_null(strstr(buf_text(&text), "\"clientSecret\":\"s3cr3t-client\""));
    assert_non_null(strstr(buf_text(&text), "\"startUrl\":\"" URL "\""));
}

static void a_token_that_cannot_be_renewed_is_used_to_its_end(void **state) {
    World *world = *state;
    char soon[CLOCK_TIME_SIZE];
    world_config(world, SESSION);
    clock_format_time(clock_now_ms() + 60000, soon);
    write_token(world, "corp", soon, REGISTERED);
    world_answer(world, 400, "{\"error\":\"invalid_grant\"}");
    world_answer(world, 200, PORTAL_KEYS);
    world_expect_key(world, "s", "SSOKEY");
    assert_true(world_was_asked(world, 1, "x-amz-sso_bearer_token: s3cr3t-token\r\n"));
    write_token(world, "corp", "2001-01-01T00:00:00Z", REGISTERED);
    world_answer(world, 400, "{\"error\":\"invalid_grant\"}");
    expect_login(world, "is over");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_session_gives_the_roles_keys),
        WORLD_TEST(the_older_setup_is_found_by_its_url),
        WORLD_TEST(sso_may_be_the_source_of_a_role),
        WORLD_TEST(one_is_told_to_log_in),
        WORLD_TEST(a_broken_cache_is_named),
        WORLD_TEST(a_role_that_is_not_ones_own_is_denied),
        WORLD_TEST(half_a_setup_is_named_by_file_and_line),
        WORLD_TEST(a_token_that_ends_is_renewed_and_kept),
        WORLD_TEST(the_cache_is_rewritten_for_its_owner_alone),
        WORLD_TEST(a_token_that_cannot_be_renewed_is_used_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
