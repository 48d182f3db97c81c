/* Where a bucket is asked for: by host or by path, and in which region. */
#include "aws/s3_world.h"

static void expect_address(S3World *world, const char *bucket, const char *key, const char *host,
                           const char *path) {
    Err err = {0};
    S3Address address;
    s3_world_open(world, (S3Options){.bucket = bucket});
    assert_int_equal(s3_client_address(world->s3, key, &address, &err), ST_OK);
    assert_string_equal(address.host_prefix, host);
    assert_string_equal(buf_text(&address.path), path);
    s3_client_address_done(&address);
}

static void buckets_are_addressed_by_path_where_the_endpoint_is_set(void **state) {
    S3World *world = *state;
    expect_address(world, "bucket", "k", "", "/bucket/k");
    expect_address(world, "bucket", NULL, "", "/bucket");
}

static void open_for_amazon(S3World *world) {
    Err err = {0};
    AwsKeys keys = {.access_key_id = "AKID", .secret_key = "s"};
    AwsOptions options = {.http = world->world->http, .keys = &keys, .region = "eu-central-1"};
    aws_close_at(&world->world->aws);
    assert_int_equal(aws_open(&options, &world->world->aws, &err), ST_OK);
}

static void buckets_of_amazon_are_addressed_by_host_unless_a_dot_forbids_it(void **state) {
    S3World *world = *state;
    open_for_amazon(world);
    expect_address(world, "bucket", "a//../k", "bucket.", "/a//../k");
    expect_address(world, "dotted.bucket", NULL, "", "/dotted.bucket");
    expect_address(world, "dotted.bucket", "k", "", "/dotted.bucket/k");
}

static void what_the_service_can_do_follows_from_its_endpoint(void **state) {
    S3World *world = *state;
    s3_world_open(world, (S3Options){0});
    assert_false(world->s3->is_as_amazon);
    s3_world_open(world, (S3Options){.ability = S3_AS_AMAZON});
    assert_true(world->s3->is_as_amazon);
    open_for_amazon(world);
    s3_world_open(world, (S3Options){0});
    assert_true(world->s3->is_as_amazon);
    s3_world_open(world, (S3Options){.ability = S3_AS_OTHERS});
    assert_false(world->s3->is_as_amazon);
}

/* --- Regions --------------------------------------------------------------------------------- */

/* The answer sends the client to us-west-2: that call and the next one are signed for there. */
static void expect_move(S3World *world, ScriptedAnswer answer) {
    Err err = {0};
    OWN(buf_done) Buf data = {0};
    s3_world_open(world, (S3Options){0});
    size_t before = s3_world_requests(world);
    s3_world_script(world, answer);
    s3_world_answer(world, 200, "x");
    s3_world_answer(world, 200, "y");
    assert_int_equal(s3_get(world->s3, "k", 9, &data, NULL, &err), ST_OK);
    assert_string_equal(buf_text(&data), "x");
    assert_int_equal(s3_get(world->s3, "k", 9, &data, NULL, &err), ST_OK);
    assert_string_equal(buf_text(&data), "y");
    assert_int_equal(s3_world_requests(world), before + 3);
    assert_true(s3_world_was_asked(world, before, "/eu-west-1/s3/aws4_request"));
    assert_true(s3_world_was_asked(world, before + 1, "/us-west-2/s3/aws4_request"));
    assert_true(s3_world_was_asked(world, before + 2, "/us-west-2/s3/aws4_request"));
}

static void a_bucket_in_another_region_is_asked_there_from_then_on(void **state) {
    S3World *world = *state;
    expect_move(world, (ScriptedAnswer){.status = 301,
                                        .headers = "x-amz-bucket-region: us-west-2\r\n"
                                                   "Location: http://127.0.0.1:1/\r\n",
                                        .body = "<Error><Code>PermanentRedirect</Code></Error>"});
    expect_move(world, (ScriptedAnswer){.status = 307,
                                        .headers = "x-amz-bucket-region: us-west-2\r\n",
                                        .body = "<Error><Code>TemporaryRedirect</Code></Error>"});
    expect_move(world, (ScriptedAnswer){.status = 400,
                                        .body = "<Error><Code>AuthorizationHeaderMalformed</Code>"
                                                "<Region>us-west-2</Region></Error>"});
}

static void a_head_learns_the_region_from_its_headers_alone(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    for (int status = 301; status <= 400; status += 99) {
        s3_world_open(world, (S3Options){0});
        size_t before = s3_world_requests(world);
        s3_world_script(world, (ScriptedAnswer){.status = status,
                                                .headers = "x-amz-bucket-region: us-west-2\r\n"});
        s3_world_answer(world, 200, "123");
        assert_int_equal(s3_head(world->s3, "k", &object, &err), ST_OK);
        assert_int_equal(object.bytes, 3);
        assert_true(s3_world_was_asked(world, before + 1, "/us-west-2/s3/aws4_request"));
    }
}

static void a_body_is_sent_again_to_where_the_bucket_is(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", 3);
    s3_world_script(
        world, (ScriptedAnswer){.status = 307, .headers = "x-amz-bucket-region: us-west-2\r\n"});
    s3_world_answer(world, 200, "");
    assert_int_equal(s3_put(world->s3, &(S3Put){.key = "k", .path = path}, NULL, &err), ST_OK);
    assert_true(s3_world_was_asked(world, 1, "/us-west-2/s3/aws4_request"));
    assert_true(s3_world_was_asked(world, 1, "\r\n\r\n!\"#"));
}

static void nobody_is_sent_round_in_circles(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    s3_world_script(
        world, (ScriptedAnswer){.status = 301, .headers = "x-amz-bucket-region: us-west-2\r\n"});
    s3_world_script(
        world, (ScriptedAnswer){.status = 301, .headers = "x-amz-bucket-region: eu-west-1\r\n"});
    assert_int_equal(s3_head(world->s3, "k", &object, &err), ST_REJECTED);
    assert_int_equal(s3_world_requests(world), 2);
    assert_non_null(strstr(err.hint, "the bucket is in eu-west-1"));

    s3_world_script(world, (ScriptedAnswer){.status = 301,
                                            .headers = "x-amz-bucket-region: a/../b.example\r\n"});
    assert_int_equal(s3_head(world->s3, "k", &object, &err), ST_REJECTED);
    assert_int_equal(s3_world_requests(world), 3);
}

static void a_bucket_that_is_not_there_is_no_missing_object(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(buf_done) Buf data = {0};
    s3_world_answer(world, 404, "<Error><Code>NoSuchBucket</Code></Error>");
    assert_int_equal(s3_get(world->s3, "k", 9, &data, NULL, &err), ST_REJECTED);
    assert_non_null(strstr(err.hint, "--store"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        S3_TEST(buckets_are_addressed_by_path_where_the_endpoint_is_set),
        S3_TEST(buckets_of_amazon_are_addressed_by_host_unless_a_dot_forbids_it),
        S3_TEST(what_the_service_can_do_follows_from_its_endpoint),
        S3_TEST(a_bucket_in_another_region_is_asked_there_from_then_on),
        S3_TEST(a_head_learns_the_region_from_its_headers_alone),
        S3_TEST(a_body_is_sent_again_to_where_the_bucket_is),
        S3_TEST(nobody_is_sent_round_in_circles),
        S3_TEST(a_bucket_that_is_not_there_is_no_missing_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
