/* The endpoint of a container. */
#include "aws/source_container.h"
#include "aws/source_world.h"

#define KEYS                                                                                       \
    "{\"AccessKeyId\":\"CKEY\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","                         \
    "\"Expiration\":\"2096-11-22T07:00:00Z\",\"RoleArn\":\"r\"}"

static void set_url(World *world, const char *path) {
    char url[200];
    snprintf(url, sizeof url, "%s%s", scripted_server_url(world->server), path);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
}

static void the_endpoint_gives_keys(void **state) {
    World *world = *state;
    set_url(world, "/creds?id=7");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc=", 1);
    world_answer(world, 200, KEYS);
    world_expect_key(world, NULL, "CKEY");
    assert_string_equal(world->found.keys.session_token, "t");
    assert_true(world->found.keys.expires_ms > clock_now_ms());
    assert_true(world_was_asked(world, 0, "GET /creds?id=7 HTTP/1.1\r\n"));
    assert_true(world_was_asked(world, 0, "\r\nAuthorization: Basic abc=\r\n"));
    assert_non_null(strstr(world->found.words, "the container's endpoint http://127.0.0.1:"));
}

static void the_tokens_file_comes_first_and_is_read_anew(void **state) {
    World *world = *state;
    set_url(world, "/creds");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "not-this", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", world_write(world, "tok", "one\n"), 1);
    world_answer(world, 200, KEYS);
    world_expect_key(world, NULL, "CKEY");
    (void)world_write(world, "tok", "two");
    world_answer(world, 200, KEYS);
    world_expect_key(world, NULL, "CKEY");
    assert_true(world_was_asked(world, 0, "\r\nAuthorization: one\r\n"));
    assert_true(world_was_asked(world, 1, "\r\nAuthorization: two\r\n"));
}

static void a_hiccup_is_waited_out(void **state) {
    World *world = *state;
    set_url(world, "/creds");
    scripted_server_add(world->server, (ScriptedAnswer){.drop = true});
    world_answer(world, 500, "");
    world_answer(world, 200, KEYS);
    world_expect_key(world, NULL, "CKEY");
}

static void what_it_will_not_give_is_an_error(void **state) {
    World *world = *state;
    set_url(world, "/creds");
    world_answer(world, 403, "s3cr3t");
    world_expect_failure(world, NULL, ST_CREDENTIALS, "it answers with HTTP status 403");
    world_answer(world, 200, "s3cr3t");
    world_expect_failure(world, NULL, ST_CREDENTIALS, "its answer is no JSON");
    world_answer(world, 200, "{\"AccessKeyId\":\"A\",\"Token\":\"s3cr3t\"}");
    world_expect_failure(world, NULL, ST_CREDENTIALS, "has no SecretAccessKey");
    assert_null(strstr(world->err.message, "s3cr3t"));
    assert_int_equal(scripted_server_requests(world->server), 3);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "a\r\nX: y", 1);
    world_expect_failure(world, NULL, ST_CREDENTIALS,
                         "AWS_CONTAINER_AUTHORIZATION_TOKEN is no token");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/no/such", 1);
    world_expect_failure(world, NULL, ST_NOT_FOUND, "/no/such");
}

/* --- Where it may be ------------------------------------------------------------------------- */

static void expect_url(const char *relative, const char *full, Status status,
                       const char *expected) {
    OWN(buf_done) Buf url = {0};
    Err err = {0};
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", relative, 1);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", full, 1);
    Status actual = source_container_url(&url, &err);
    if (actual != status || !str_equal(actual == ST_OK ? buf_text(&url) : "", expected)) {
        fail_msg("%s%s gives %s, %s", relative, full, buf_text(&url), err.message);
    }
}

static void plain_http_stays_on_the_machine(void **state) {
    (void)state;
    expect_url("", "", ST_NOTHING, "");
    expect_url("/v2/x?a=b", "", ST_OK, "http://169.254.170.2/v2/x?a=b");
    expect_url("/v2/x", "http://example.com", ST_OK, "http://169.254.170.2/v2/x");
    static const char *const good[] = {
        "http://localhost/x",       "http://127.0.0.1:8080/",   "http://127.7.7.7/x",
        "http://[::1]:1338/x",      "http://169.254.170.2/x",   "http://169.254.170.23/v1/x",
        "http://[fd00:ec2::23]/v1", "https://keys.example.com", "http://[fd00:ec2:0::23]/v1",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        expect_url("", good[i], ST_OK, good[i]);
    }
    static const char *const bad[] = {
        "http://example.com/x",       "http://169.254.169.254/x",
        "http://10.0.0.1/",           "http://localhost.evil.com/",
        "http://127.0.0.1.evil.com/", "http://127.0.0.1@evil.com/",
        "http://[fd00:ec2::24]/",     "http://169.254.170.20/",
        "ftp://127.0.0.1/",           "127.0.0.1/x",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        expect_url("", bad[i], ST_USAGE, "");
    }
    expect_url("@evil.com/", "", ST_USAGE, "");
    expect_url(".evil.com/", "", ST_USAGE, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(the_endpoint_gives_keys),
        WORLD_TEST(the_tokens_file_comes_first_and_is_read_anew),
        WORLD_TEST(a_hiccup_is_waited_out),
        WORLD_TEST(what_it_will_not_give_is_an_error),
        WORLD_TEST(plain_http_stays_on_the_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
