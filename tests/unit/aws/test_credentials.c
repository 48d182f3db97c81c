/* Keys from the environment, and keys that are renewed. */
#include "aws/source_world.h"

static void put(const char *name, const char *value) {
    if (value == NULL) {
        unsetenv(name);
    } else {
        setenv(name, value, 1);
    }
}

static Status read_keys(const char *id, const char *secret, const char *token, AwsKeys *keys,
                        Err *err) {
    put("AWS_ACCESS_KEY_ID", id);
    put("AWS_SECRET_ACCESS_KEY", secret);
    put("AWS_SESSION_TOKEN", token);
    *err = (Err){0};
    return credentials_from_environment(keys, err);
}

static void keys_are_read_as_they_are(void **state) {
    (void)state;
    AwsKeys keys;
    Err err;
    assert_int_equal(read_keys("AKID", "se/cr+et=", "to/ken==", &keys, &err), ST_OK);
    assert_string_equal(keys.access_key_id, "AKID");
    assert_string_equal(keys.secret_key, "se/cr+et=");
    assert_string_equal(keys.session_token, "to/ken==");
    assert_int_equal(keys.expires_ms, 0);
    assert_int_equal(read_keys("AKID", "secret", NULL, &keys, &err), ST_OK);
    assert_string_equal(keys.session_token, "");
    assert_int_equal(read_keys("AKID", "secret", "", &keys, &err), ST_OK);
}

static void absent_keys_are_named(void **state) {
    (void)state;
    AwsKeys keys;
    Err err;
    assert_int_equal(read_keys(NULL, NULL, NULL, &keys, &err), ST_CREDENTIALS);
    assert_non_null(strstr(err.hint, "AWS_ACCESS_KEY_ID"));
    assert_int_equal(read_keys("AKID", "", NULL, &keys, &err), ST_CREDENTIALS);
    assert_non_null(strstr(err.message, "AWS_SECRET_ACCESS_KEY is not"));
    assert_int_equal(read_keys(NULL, "secret", NULL, &keys, &err), ST_CREDENTIALS);
    assert_non_null(strstr(err.message, "AWS_ACCESS_KEY_ID is not"));
}

static void malformed_keys_are_refused_and_never_shown(void **state) {
    (void)state;
    AwsKeys keys;
    Err err;
    const char *bad[] = {"s3cr3t ",  " s3cr3t",  "s3cr3t\n",
                         "s3cr3t\r", "s3\tcr3t", "s3cr3t\xc3\xa9"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_keys("AKID", bad[i], NULL, &keys, &err), ST_CREDENTIALS);
        assert_non_null(strstr(err.message, "AWS_SECRET_ACCESS_KEY"));
        assert_null(strstr(err.message, "cr3t"));
        assert_string_equal(keys.access_key_id, "");
        assert_string_equal(keys.secret_key, "");
    }
    assert_int_equal(read_keys("AK ID", "secret", NULL, &keys, &err), ST_CREDENTIALS);
    assert_int_equal(read_keys("AKID", "secret", "to\tken", &keys, &err), ST_CREDENTIALS);
}

static void keys_that_are_too_long_are_refused(void **state) {
    (void)state;
    AwsKeys keys;
    Err err;
    char text[8194];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(read_keys("AKID", "secret", text, &keys, &err), ST_CREDENTIALS);
    text[8192] = '\0';
    assert_int_equal(read_keys("AKID", "secret", text, &keys, &err), ST_OK);
    text[129] = '\0';
    assert_int_equal(read_keys("AKID", text, NULL, &keys, &err), ST_CREDENTIALS);
    assert_int_equal(read_keys(text, "secret", NULL, &keys, &err), ST_CREDENTIALS);
    text[128] = '\0';
    assert_int_equal(read_keys(text, text, NULL, &keys, &err), ST_OK);
}

static void wiping_leaves_nothing(void **state) {
    (void)state;
    AwsKeys keys;
    AwsKeys nothing;
    memset(&keys, 0xff, sizeof keys);
    memset(&nothing, 0, sizeof nothing);
    credentials_wipe(&keys);
    assert_memory_equal(&keys, &nothing, sizeof keys);
}

static void expiry_times_are_read_as_places_write_them(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *utc;
    } good[] = {
        {"2026-11-22T07:00:00Z", "2026-11-22T07:00:00Z"},
        {"2026-11-22T07:00:00.123Z", "2026-11-22T07:00:00.123Z"},
        {"2026-11-22T07:00:00UTC", "2026-11-22T07:00:00Z"},
        {"2026-11-22T07:00:00+00:00", "2026-11-22T07:00:00Z"},
        {"2026-11-22T07:00:00+0130", "2026-11-22T05:30:00Z"},
        {"2026-11-22T07:00:00.5-08:00", "2026-11-22T15:00:00.5Z"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t actual_ms = 0;
        int64_t expected_ms = 0;
        assert_true(credentials_parse_expiry(good[i].text, &actual_ms));
        assert_true(clock_parse_time(good[i].utc, &expected_ms));
        assert_int_equal(actual_ms, expected_ms);
    }
    static const char *const bad[] = {"",
                                      "soon",
                                      "2026-11-22",
                                      "2026-11-22T07:00:00",
                                      "2026-11-22T07:00:00X",
                                      "2026-11-22T07:00:00+1",
                                      "2026-11-22T07:00:00+aa:bb",
                                      "2026-11-22T07:00:00+-1:00",
                                      "2026-02-30T07:00:00Z",
                                      "2026-11-22T07:00:00.000000000000000000000000Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t time_ms = 0;
        assert_false(credentials_parse_expiry(bad[i], &time_ms));
    }
    int64_t time_ms = 0;
    assert_false(credentials_parse_expiry(NULL, &time_ms));
}

/* --- Renewing -------------------------------------------------------------------------------- */

enum { MINUTE_MS = 60 * 1000 };

static RenewalNeed need_of(int64_t life_minutes, double left_minutes) {
    int64_t got_ms = 1000000;
    int64_t expires_ms = got_ms + life_minutes * MINUTE_MS;
    return credentials_renewal_need(got_ms, expires_ms,
                                    expires_ms - (int64_t)(left_minutes * MINUTE_MS));
}

static void keys_are_renewed_in_good_time(void **state) {
    (void)state;
    assert_int_equal(credentials_renewal_need(5, 0, INT64_MAX), RENEWAL_NONE);
    assert_int_equal(need_of(60, 60), RENEWAL_NONE);
    assert_int_equal(need_of(60, 15), RENEWAL_NONE);
    assert_int_equal(need_of(60, 14.9), RENEWAL_ADVISED);
    assert_int_equal(need_of(60, 10), RENEWAL_ADVISED);
    assert_int_equal(need_of(60, 9.9), RENEWAL_NEEDED);
    assert_int_equal(need_of(60, -5), RENEWAL_NEEDED);
    assert_int_equal(need_of(720, 15.1), RENEWAL_NONE);
    assert_int_equal(need_of(720, 14.9), RENEWAL_ADVISED);
    assert_int_equal(need_of(12, 3.1), RENEWAL_NONE);
    assert_int_equal(need_of(12, 2.9), RENEWAL_ADVISED);
    assert_int_equal(need_of(12, 1.9), RENEWAL_NEEDED);
    assert_int_equal(need_of(0, 0), RENEWAL_NEEDED);
}

/* Keys of a container that end so many milliseconds from now. */
static void answer_keys(World *world, const char *id, int64_t life_ms) {
    static char bodies[16][300];
    static size_t next;
    char *body = bodies[next++ % 16];
    char expiration[CLOCK_TIME_SIZE];
    int64_t expires_ms = clock_now_ms() + life_ms;
    clock_format_time(expires_ms, expiration);
    expiration[19] = '\0'; /* the thousandths come behind the seconds */
    snprintf(body, sizeof bodies[0],
             "{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\",\"Token\":\"t\","
             "\"Expiration\":\"%s.%03dZ\"}",
             id, expiration, (int)(expires_ms % 1000));
    world_answer(world, 200, body);
}

static Credentials *open_container(World *world) {
    Credentials *credentials = NULL;
    char url[100];
    snprintf(url, sizeof url, "%s/keys", scripted_server_url(world->server));
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
    world_use(world, NULL);
    const CredentialsOptions options = {
        .profile = world->profile, .region = "eu-west-1", .cancelled = &world->cancelled};
    credentials_open(&options, &credentials);
    return credentials;
}

static void expect_key(Credentials *credentials, const char *id) {
    const AwsKeys *keys = NULL;
    Err err = {0};
    if (credentials_get(credentials, &keys, &err) != ST_OK) {
        fail_msg("%s", err.message);
    }
    assert_string_equal(keys->access_key_id, id);
}

static void expect_no_key(Credentials *credentials, const char *message) {
    const AwsKeys *keys = NULL;
    Err err = {0};
    assert_int_equal(credentials_get(credentials, &keys, &err), ST_CREDENTIALS);
    if (strstr(err.message, message) == NULL) {
        fail_msg("'%s' is not in '%s'", message, err.message);
    }
}

static void sleep_ms(int64_t ms) {
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static void keys_are_got_once_and_renewed_before_they_end(void **state) {
    World *world = *state;
    OWN(credentials_close_at) Credentials *credentials = open_container(world);
    answer_keys(world, "ONE", 5000);
    answer_keys(world, "TWO", 3600 * 1000);
    expect_key(credentials, "ONE");
    expect_key(credentials, "ONE");
    assert_int_equal(scripted_server_requests(world->server), 1);
    assert_non_null(strstr(credentials_source(credentials), "the container's endpoint"));
    sleep_ms(3900); /* under a quarter is left, and more than nothing */
    expect_key(credentials, "TWO");
    expect_key(credentials, "TWO");
    assert_int_equal(scripted_server_requests(world->server), 2);
}

static void a_failed_renewal_leaves_the_old_keys_to_their_end(void **state) {
    World *world = *state;
    OWN(credentials_close_at) Credentials *credentials = open_container(world);
    answer_keys(world, "ONE", 5000);
    world_answer(world, 403, "");
    expect_key(credentials, "ONE");
    sleep_ms(3900);
    expect_key(credentials, "ONE");
    expect_key(credentials, "ONE");
    assert_int_equal(scripted_server_requests(world->server), 2);
    sleep_ms(1500);
    expect_no_key(credentials, "the credentials have expired (the container's endpoint ");
    expect_no_key(credentials, "and there are no new ones: the container's credentials at ");
    assert_int_equal(scripted_server_requests(world->server), 2);
}

static void keys_that_aws_calls_expired_are_replaced(void **state) {
    World *world = *state;
    OWN(credentials_close_at) Credentials *credentials = open_container(world);
    answer_keys(world, "ONE", 3600 * 1000);
    answer_keys(world, "TWO", 3600 * 1000);
    expect_key(credentials, "ONE");
    assert_true(credentials_renew(credentials, "ONE"));
    expect_key(credentials, "TWO");
    /* Somebody else's call had the same answer for the old ones. */
    assert_true(credentials_renew(credentials, "ONE"));
    assert_int_equal(scripted_server_requests(world->server), 2);
}

static void the_same_keys_again_are_no_new_ones(void **state) {
    World *world = *state;
    OWN(credentials_close_at) Credentials *credentials = open_container(world);
    answer_keys(world, "ONE", 3600 * 1000);
    answer_keys(world, "ONE", 3600 * 1000);
    expect_key(credentials, "ONE");
    assert_false(credentials_renew(credentials, "ONE"));
    expect_no_key(credentials, "the credentials have expired");
    assert_int_equal(scripted_server_requests(world->server), 2);
}

static void keys_in_a_file_are_read_anew(void **state) {
    World *world = *state;
    OWN(credentials_close_at) Credentials *credentials = NULL;
    world_credentials(world, "[default]\naws_access_key_id = ONE\naws_secret_access_key = s\n");
    world_use(world, NULL);
    const CredentialsOptions options = {.profile = world->profile, .region = "eu-west-1"};
    credentials_open(&options, &credentials);
    expect_key(credentials, "ONE");
    world_credentials(world, "[default]\naws_access_key_id = TWO\naws_secret_access_key = s\n");
    assert_true(credentials_renew(credentials, "ONE"));
    expect_key(credentials, "TWO");
}

static void what_was_never_there_is_said_as_it_is(void **state) {
    World *world = *state;
    OWN(credentials_close_at) Credentials *credentials = open_container(world);
    const AwsKeys *keys = NULL;
    Err err = {0};
    world_answer(world, 403, "");
    assert_int_equal(credentials_get(credentials, &keys, &err), ST_CREDENTIALS);
    assert_non_null(strstr(err.message, "answers with HTTP status 403"));
    world->cancelled = true;
    assert_int_equal(credentials_get(credentials, &keys, &err), ST_CANCELLED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_read_as_they_are),
        cmocka_unit_test(absent_keys_are_named),
        cmocka_unit_test(malformed_keys_are_refused_and_never_shown),
        cmocka_unit_test(keys_that_are_too_long_are_refused),
        cmocka_unit_test(wiping_leaves_nothing),
        cmocka_unit_test(expiry_times_are_read_as_places_write_them),
        cmocka_unit_test(keys_are_renewed_in_good_time),
        WORLD_TEST(keys_are_got_once_and_renewed_before_they_end),
        WORLD_TEST(a_failed_renewal_leaves_the_old_keys_to_their_end),
        WORLD_TEST(keys_that_aws_calls_expired_are_replaced),
        WORLD_TEST(the_same_keys_again_are_no_new_ones),
        WORLD_TEST(keys_in_a_file_are_read_anew),
        WORLD_TEST(what_was_never_there_is_said_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
