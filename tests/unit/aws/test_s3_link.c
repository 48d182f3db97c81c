/* Links that work for a while. */
#include "aws/credentials.h"
#include "aws/profile.h"
#include "aws/s3_world.h"

/* A bucket of Amazon's own, asked nothing. */
static void open_for_amazon(S3World *world, AwsKeys keys) {
    Err err = {0};
    AwsOptions options = {.http = world->world->http, .keys = &keys, .region = "eu-central-1"};
    aws_close_at(&world->world->aws);
    assert_int_equal(aws_open(&options, &world->world->aws, &err), ST_OK);
    s3_world_open(world, (S3Options){.bucket = "bucket"});
}

static void a_link_holds_all_that_a_reader_needs(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(buf_done) Buf url = {0};
    S3LinkLife life;
    int64_t now_ms = clock_now_ms();
    open_for_amazon(world, (AwsKeys){.access_key_id = "AKID", .secret_key = "s"});
    assert_int_equal(s3_presign(world->s3, "a b", 3600, &url, &life, &err), ST_OK);
    assert_true(str_starts(buf_text(&url),
                           "https://bucket.s3.eu-central-1.amazonaws.com/a%20b?X-Amz-Algorithm="
                           "AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F"));
    assert_non_null(strstr(buf_text(&url), "&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&"));
    assert_in_range(life.until_ms - now_ms, 3600000, 3660000);
    assert_false(life.may_end_sooner);
    assert_int_equal(s3_presign(world->s3, "k", 9999999, &url, &life, &err), ST_OK);
    assert_non_null(strstr(buf_text(&url), "&X-Amz-Expires=604800&"));
    assert_int_equal(s3_presign(world->s3, "k", 0, &url, &life, &err), ST_USAGE);
}

static void a_link_lives_no_longer_than_the_session_that_signs_it(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(buf_done) Buf url = {0};
    S3LinkLife life;
    int64_t now_ms = clock_now_ms();
    AwsKeys session = {.access_key_id = "ASIA", .secret_key = "s", .session_token = "t/k"};
    session.expires_ms = now_ms + 100500;
    open_for_amazon(world, session);
    assert_int_equal(s3_presign(world->s3, "k", 3600, &url, &life, &err), ST_OK);
    assert_in_range(life.until_ms, now_ms + 90000, session.expires_ms);
    assert_false(life.may_end_sooner);
    assert_non_null(strstr(buf_text(&url), "&X-Amz-Security-Token=t%2Fk&"));
    session.expires_ms = now_ms - 1;
    open_for_amazon(world, session);
    assert_int_equal(s3_presign(world->s3, "k", 60, &url, &life, &err), ST_EXPIRED);
    assert_int_equal(s3_presign(world->s3, "k", 0, &url, &life, &err), ST_USAGE);
}

static void a_session_of_unknown_end_is_told(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(buf_done) Buf url = {0};
    S3LinkLife life;
    open_for_amazon(world,
                    (AwsKeys){.access_key_id = "ASIA", .secret_key = "s", .session_token = "t"});
    assert_int_equal(s3_presign(world->s3, "k", 3600, &url, &life, &err), ST_OK);
    assert_true(life.may_end_sooner);
}

static void print_keys(const char *path, const char *id, int64_t expires_ms) {
    Err err = {0};
    char expires[CLOCK_TIME_SIZE];
    clock_format_time(expires_ms, expires);
    OWN(mem_free_at)
    char *text = mem_printf("{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"s\","
                            "\"SessionToken\":\"t\",\"Expiration\":\"%s\"}",
                            id, expires);
    assert_int_equal(file_write_atomic(path, text, strlen(text), &err), ST_OK);
}

/* What was asked for last may be long ago: the keys of then are at their end by now. */
static void a_link_is_signed_with_the_keys_of_now(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(buf_done) Buf url = {0};
    S3LinkLife life;
    OWN(mem_free_at) char *config = temp_dir_path(&world->dir, "config");
    OWN(mem_free_at) char *keys = temp_dir_path(&world->dir, "keys");
    OWN(mem_free_at) char *text = mem_printf("[default]\ncredential_process = cat %s\n", keys);
    OWN(profile_close_at) Profile *profile = NULL;
    OWN(credentials_close_at) Credentials *credentials = NULL;
    assert_int_equal(file_write_atomic(config, text, strlen(text), &err), ST_OK);
    print_keys(keys, "K1", clock_now_ms() + 2000);
    setenv("AWS_CONFIG_FILE", config, 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
    assert_int_equal(profile_open(NULL, &profile, &err), ST_OK);
    credentials_open(&(CredentialsOptions){.profile = profile, .region = "eu-west-1"},
                     &credentials);
    AwsOptions options = {
        .http = world->world->http, .credentials = credentials, .region = "eu-west-1"};
    aws_close_at(&world->world->aws);
    assert_int_equal(aws_open(&options, &world->world->aws, &err), ST_OK);
    s3_world_open(world, (S3Options){0});
    int64_t later_ms = clock_now_ms() + 3600000;
    print_keys(keys, "K2", later_ms);
    sleep(2);
    assert_int_equal(s3_presign(world->s3, "k", 60, &url, &life, &err), ST_OK);
    assert_non_null(strstr(buf_text(&url), "X-Amz-Credential=K2%2F"));
    aws_close_at(&world->world->aws);
    unsetenv("AWS_CONFIG_FILE");
    unsetenv("AWS_SHARED_CREDENTIALS_FILE");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        S3_TEST(a_link_holds_all_that_a_reader_needs),
        S3_TEST(a_link_lives_no_longer_than_the_session_that_signs_it),
        S3_TEST(a_session_of_unknown_end_is_told),
        S3_TEST(a_link_is_signed_with_the_keys_of_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
