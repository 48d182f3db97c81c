/* A bucket: what it is opened with, looking, removing, copying. */
#include "aws/s3_world.h"

static void wrong_names_are_not_even_asked(void **state) {
    S3World *world = *state;
    const char *buckets[] = {NULL, "", "ab", "Upper", "with/slash", "-dash", "dots..dots", "a b c"};
    for (size_t i = 0; i < sizeof buckets / sizeof *buckets; i++) {
        Err err = {0};
        S3 *s3 = NULL;
        S3Options options = {.aws = world->world->aws, .bucket = buckets[i]};
        assert_int_equal(s3_open(&options, &s3, &err), ST_USAGE);
        assert_null(s3);
    }
    char key[1100];
    memset(key, 'k', sizeof key);
    key[1025] = '\0';
    Err err = {0};
    S3Object object;
    assert_int_equal(s3_head(world->s3, key, &object, &err), ST_USAGE);
    assert_int_equal(s3_head(world->s3, "", &object, &err), ST_USAGE);
    assert_int_equal(s3_head(world->s3, "\xff", &object, &err), ST_USAGE);
    assert_int_equal(s3_world_requests(world), 0);
}

static void head_and_delete(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"h\"\r\n", .body = "0123456789"});
    assert_int_equal(s3_head(world->s3, "k", &object, &err), ST_OK);
    assert_int_equal(object.bytes, 10);
    assert_string_equal(object.etag, "\"h\"");
    s3_world_answer(world, 404, "");
    assert_int_equal(s3_head(world->s3, "k", &object, &err), ST_NOT_FOUND);
    s3_world_answer(world, 204, "");
    assert_int_equal(s3_delete(world->s3, "k", &err), ST_OK);
    assert_true(s3_world_was_asked(world, 0, "HEAD /my-bucket/k HTTP/1.1\r\n"));
    assert_true(s3_world_was_asked(world, 2, "DELETE /my-bucket/k HTTP/1.1\r\n"));
}

static void odd_options_are_refused(void **state) {
    S3World *world = *state;
    const S3Options odd[] = {
        {.encryption = {.algorithm = "aes256"}},
        {.encryption = {.algorithm = ""}},
        {.encryption = {.kms_key = "alias/k"}},
        {.encryption = {.algorithm = "AES256", .kms_key = "alias/k"}},
        {.encryption = {.algorithm = "AES256", .use_bucket_key = true}},
        {.encryption = {.algorithm = "aws:kms", .kms_key = ""}},
        {.encryption = {.algorithm = "aws:kms", .kms_key = "a\r\nb"}},
        {.part_bytes = 5 * MIB - 1},
        {.part_bytes = -1},
        {.part_bytes = ((int64_t)5 << 30) + 1},
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        Err err = {0};
        S3 *s3 = NULL;
        S3Options options = odd[i];
        options.aws = world->world->aws;
        options.bucket = "my-bucket";
        assert_int_equal(s3_open(&options, &s3, &err), ST_USAGE);
        assert_null(s3);
    }
}

static void an_object_is_copied_by_s3_itself(void **state) {
    S3World *world = *state;
    Err err = {0};
    s3_world_open(world, (S3Options){.encryption = {.algorithm = "AES256"}});
    s3_world_answer(
        world, 200,
        "\n <?xml version=\"1.0\"?><CopyObjectResult><ETag>\"e\"</ETag></CopyObjectResult>");
    assert_int_equal(s3_copy(world->s3, "a/b c", "d", &err), ST_OK);
    assert_true(s3_world_was_asked(world, 0, "PUT /my-bucket/d HTTP/1.1\r\n"));
    assert_true(s3_world_was_asked(world, 0, "\r\nx-amz-copy-source: /my-bucket/a/b%20c\r\n"));
    assert_true(s3_world_was_asked(world, 0, "\r\nx-amz-server-side-encryption: AES256\r\n"));
    assert_true(s3_world_was_asked(world, 0, ";x-amz-copy-source;"));

    s3_world_answer(world, 404, "<Error><Code>NoSuchKey</Code></Error>");
    assert_int_equal(s3_copy(world->s3, "none", "d", &err), ST_NOT_FOUND);
}

static void a_copy_that_fails_after_all_is_made_again_or_told(void **state) {
    S3World *world = *state;
    Err err = {0};
    s3_world_answer(world, 200,
                    "<?xml version=\"1.0\"?>\n \n<Error><Code>InternalError</Code></Error>");
    s3_world_answer(world, 200, "  \n<Error><Code>SlowDown</Code></Error>");
    s3_world_answer(world, 200, "<CopyObjectResult/>");
    assert_int_equal(s3_copy(world->s3, "a", "b", &err), ST_OK);
    assert_int_equal(s3_world_requests(world), 3);

    s3_world_answer(world, 200,
                    "<Error><Code>AccessDenied</Code><Message>no</Message>"
                    "<RequestId>R1</RequestId></Error>");
    assert_int_equal(s3_copy(world->s3, "a", "b", &err), ST_DENIED);
    assert_string_equal(err.code, "AccessDenied");
    assert_string_equal(err.request_id, "R1");
    assert_non_null(strstr(err.message, "s3://my-bucket/a: s3:CopyObject in eu-west-1"));
    s3_world_lose_patience(world);
    s3_world_answer(world, 200, "");
    assert_int_equal(s3_copy(world->s3, "a", "b", &err), ST_PROTOCOL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        S3_TEST(wrong_names_are_not_even_asked),
        S3_TEST(head_and_delete),
        S3_TEST(odd_options_are_refused),
        S3_TEST(an_object_is_copied_by_s3_itself),
        S3_TEST(a_copy_that_fails_after_all_is_made_again_or_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
