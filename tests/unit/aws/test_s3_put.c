/* What goes up in one request. */
#include "aws/s3_world.h"

static S3Put put_of(const char *data) {
    return (S3Put){.key = "a/b", .data = data, .size = strlen(data)};
}

static void an_object_is_put_from_memory(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"abc\"\r\n"});
    S3Put put = put_of("hello");
    put.key = "dir/ä b+c?.txt";
    assert_int_equal(s3_put(world->s3, &put, &object, &err), ST_OK);
    assert_string_equal(object.etag, "\"abc\"");
    assert_int_equal(object.bytes, 5);
    assert_true(
        s3_world_was_asked(world, 0, "PUT /my-bucket/dir/%C3%A4%20b%2Bc%3F.txt HTTP/1.1\r\n"));
    assert_true(
        s3_world_was_asked(world, 0,
                           "\r\nX-Amz-Content-Sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c"
                           "1fa7425e73043362938b9824\r\n"));
    assert_true(s3_world_was_asked(world, 0, "\r\nContent-Type: application/octet-stream\r\n"));
    assert_true(s3_world_was_asked(
        world, 0, "\r\nx-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\r\n"));
    assert_true(s3_world_was_asked(
        world, 0,
        "/eu-west-1/s3/aws4_request, SignedHeaders="
        "content-type;host;x-amz-checksum-sha256;x-amz-content-sha256;x-amz-date,"));
    assert_false(s3_world_was_asked(world, 0, "encryption"));
    assert_true(s3_world_was_asked(world, 0, "\r\n\r\nhello"));
    assert_false(s3_world_was_asked(world, 0, "If-"));
}

static void an_object_is_put_from_a_file_and_sent_whole_again(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    assert_int_equal(file_write_atomic(path, "hello", 5, &err), ST_OK);
    s3_world_answer(world, 503, "<Error><Code>SlowDown</Code></Error>");
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"f\"\r\n"});
    S3Put put = {.key = "k", .path = path, .content_type = "text/csv"};
    assert_int_equal(s3_put(world->s3, &put, &object, &err), ST_OK);
    assert_int_equal(object.bytes, 5);
    for (size_t i = 0; i < 2; i++) {
        assert_true(s3_world_was_asked(world, i, "\r\nContent-Length: 5\r\n"));
        assert_true(s3_world_was_asked(world, i, "\r\nContent-Type: text/csv\r\n"));
        assert_true(s3_world_was_asked(world, i, "X-Amz-Content-Sha256: 2cf24dba"));
        assert_true(s3_world_was_asked(world, i, "\r\n\r\nhello"));
    }
    put.path = "/nonexistent/file";
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_NOT_FOUND);
    assert_non_null(strstr(err.message, "/nonexistent/file"));
}

static void conditions_are_sent_and_conflicts_reported(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Put put = put_of("x");
    put.condition = S3_IF_ABSENT;
    s3_world_answer(world, 412, "<Error><Code>PreconditionFailed</Code></Error>");
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_CONFLICT);
    assert_non_null(strstr(err.message, "s3://my-bucket/a/b"));
    assert_int_equal(err.http_status, 412);
    assert_true(s3_world_was_asked(world, 0, "\r\nIf-None-Match: *\r\n"));
    assert_true(s3_world_was_asked(world, 0, ";if-none-match;"));

    put.condition = S3_IF_MATCH;
    put.etag = "\"abc\"";
    s3_world_answer(world, 200, "");
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_OK);
    assert_true(s3_world_was_asked(world, 1, "\r\nIf-Match: abc\r\n"));
}

static void a_race_that_nobody_won_is_run_again(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Put put = put_of("x");
    put.condition = S3_IF_ABSENT;
    s3_world_answer(world, 409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
    s3_world_answer(world, 412, "<Error><Code>PreconditionFailed</Code></Error>");
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_CONFLICT);
    assert_string_equal(err.code, "PreconditionFailed");
    s3_world_answer(world, 409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
    s3_world_answer(world, 200, "");
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_OK);
    for (int i = 0; i < 4; i++) {
        s3_world_answer(world, 409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
    }
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_CONFLICT);
    assert_string_equal(err.code, "ConditionalRequestConflict");
    assert_int_equal(s3_world_requests(world), 8);
}

static void objects_are_encrypted_as_one_wants(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Put put = put_of("x");
    s3_world_open(world, (S3Options){.encryption = {.algorithm = "AES256"}});
    s3_world_answer(world, 200, "");
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_OK);
    assert_true(s3_world_was_asked(world, 0, "\r\nx-amz-server-side-encryption: AES256\r\n"));
    assert_true(s3_world_was_asked(world, 0, ";x-amz-server-side-encryption,"));
    assert_false(s3_world_was_asked(world, 0, "x-amz-server-side-encryption-"));

    s3_world_open(world, (S3Options){.encryption = {.algorithm = "aws:kms",
                                                    .kms_key = "alias/confhouse",
                                                    .use_bucket_key = true}});
    s3_world_answer(world, 200, "");
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_OK);
    assert_true(s3_world_was_asked(world, 1, "\r\nx-amz-server-side-encryption: aws:kms\r\n"));
    assert_true(s3_world_was_asked(
        world, 1, "\r\nx-amz-server-side-encryption-aws-kms-key-id: alias/confhouse\r\n"));
    assert_true(s3_world_was_asked(
        world, 1, "\r\nx-amz-server-side-encryption-bucket-key-enabled: true\r\n"));
}

/* Others than Amazon heed conditions on one request, but not on uploads in parts. */
static void what_has_a_condition_goes_in_one_piece_where_parts_know_none(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", 6 * MIB);
    s3_world_open(world, (S3Options){.part_bytes = 5 * MIB});
    world->s3->part_bytes = 3 * MIB; /* so that the file would have two parts */
    s3_world_answer(world, 200, "");
    S3Put put = {.key = "k", .path = path, .condition = S3_IF_ABSENT};
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_OK);
    assert_int_equal(s3_world_requests(world), 1);
    assert_true(s3_world_was_asked(world, 0, "PUT /my-bucket/k HTTP/1.1\r\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        S3_TEST(an_object_is_put_from_memory),
        S3_TEST(an_object_is_put_from_a_file_and_sent_whole_again),
        S3_TEST(conditions_are_sent_and_conflicts_reported),
        S3_TEST(a_race_that_nobody_won_is_run_again),
        S3_TEST(objects_are_encrypted_as_one_wants),
        S3_TEST(what_has_a_condition_goes_in_one_piece_where_parts_know_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
