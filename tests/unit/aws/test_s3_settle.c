/* A write whose answer was lost is sent again, and may then stand in its own way. */
#include "aws/s3_world.h"

#define SHA256_OF_HELLO "x-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=\r\n"
#define REFUSED         "<Error><Code>PreconditionFailed</Code></Error>"

static const S3Put hello = {.key = "k", .data = "hello", .size = 5, .condition = S3_IF_ABSENT};

/* The first attempt breaks, the second one finds something there. */
static void script_conflict(S3World *world) {
    s3_world_script(world, (ScriptedAnswer){.drop = true});
    s3_world_answer(world, 412, REFUSED);
}

static void what_stands_in_the_way_may_be_ones_own(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    script_conflict(world);
    s3_world_script(
        world, (ScriptedAnswer){.headers = "ETag: \"own\"\r\n" SHA256_OF_HELLO, .body = "hello"});
    assert_int_equal(s3_put(world->s3, &hello, &object, &err), ST_OK);
    assert_string_equal(object.etag, "\"own\"");
    assert_int_equal(object.bytes, 5);
    assert_true(s3_world_was_asked(world, 2, "HEAD /my-bucket/k HTTP/1.1\r\n"));
    assert_int_equal(s3_world_requests(world), 3);
}

static void what_is_not_ones_own_is_a_conflict(void **state) {
    S3World *world = *state;
    Err err = {0};
    script_conflict(world);
    s3_world_script(
        world, (ScriptedAnswer){.headers = "x-amz-checksum-crc32: AAAAAA==\r\n", .body = "hallo"});
    assert_int_equal(s3_put(world->s3, &hello, NULL, &err), ST_CONFLICT);
    assert_string_equal(err.code, "PreconditionFailed");

    script_conflict(world);
    s3_world_answer(world, 200, "hello!");
    assert_int_equal(s3_put(world->s3, &hello, NULL, &err), ST_CONFLICT);
    script_conflict(world);
    s3_world_answer(world, 404, "");
    assert_int_equal(s3_put(world->s3, &hello, NULL, &err), ST_CONFLICT);
}

static void without_a_checksum_it_is_read_back(void **state) {
    S3World *world = *state;
    Err err = {0};
    script_conflict(world);
    s3_world_answer(world, 200, "hello");
    s3_world_answer(world, 200, "hello");
    assert_int_equal(s3_put(world->s3, &hello, NULL, &err), ST_OK);
    assert_true(s3_world_was_asked(world, 3, "GET /my-bucket/k HTTP/1.1\r\n"));

    script_conflict(world);
    s3_world_answer(world, 200, "hallo");
    s3_world_answer(world, 200, "hallo");
    assert_int_equal(s3_put(world->s3, &hello, NULL, &err), ST_CONFLICT);

    OWN(mem_free_at) char *path = s3_world_file(world, "file", 4);
    script_conflict(world);
    for (int i = 0; i < 3; i++) { /* looked at twice, and fetched */
        s3_world_answer(world, 200, "!\"#$");
    }
    S3Put from_file = {.key = "k", .path = path, .condition = S3_IF_ABSENT};
    assert_int_equal(s3_put(world->s3, &from_file, NULL, &err), ST_OK);
    s3_world_expect_only(world, "file");
}

/* The same bytes that somebody else put there before are no answer that was lost. */
static void an_attempt_that_did_not_break_conflicts_as_ever(void **state) {
    S3World *world = *state;
    Err err = {0};
    s3_world_answer(world, 503, "<Error><Code>SlowDown</Code></Error>"); /* not carried out */
    s3_world_answer(world, 412, REFUSED);
    assert_int_equal(s3_put(world->s3, &hello, NULL, &err), ST_CONFLICT);
    assert_int_equal(s3_world_requests(world), 2);
}

/* Two that count up from one number write the same: one of them must learn that it lost. */
static void who_replaces_what_was_seen_settles_it_alone(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Put put = hello;
    put.condition = S3_IF_MATCH;
    put.etag = "\"old\"";
    script_conflict(world);
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_CONFLICT);
    assert_int_equal(s3_world_requests(world), 2);
}

static void what_cannot_be_looked_at_stays_a_conflict_and_says_so(void **state) {
    S3World *world = *state;
    Err err = {0};
    script_conflict(world);
    s3_world_answer(world, 403, "");
    assert_int_equal(s3_put(world->s3, &hello, NULL, &err), ST_CONFLICT);
    assert_non_null(strstr(err.message, "whether it is one's own is not known"));
}

/* --- Uploads in parts ------------------------------------------------------------------------ */

static void a_completion_whose_answer_was_lost_is_no_conflict(void **state) {
    S3World *world = *state;
    const char *refusals[] = {REFUSED, "<Error><Code>NoSuchUpload</Code></Error>"};
    const int statuses[] = {412, 404};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", 12 * MIB);
    Err err = {0};
    S3Digest digest;
    char crc32[S3_CHECKSUM_SIZE];
    assert_int_equal(s3_checksum_of_path(path, &digest, &err), ST_OK);
    s3_checksum_format_crc32(digest.crc32, crc32);
    OWN(mem_free_at)
    char *head = mem_printf("ETag: \"own\"\r\nContent-Length: %d\r\nx-amz-checksum-crc32: %s\r\n",
                            12 * MIB, crc32);
    s3_world_open(world, (S3Options){.part_bytes = 5 * MIB, .ability = S3_AS_AMAZON});
    s3_world_script(world,
                    (ScriptedAnswer){.headers = "ETag: \"p\"\r\n", .only_for = "partNumber="});
    for (size_t i = 0; i < 2; i++) {
        S3Object object;
        s3_world_answer(world, 404, ""); /* not there yet */
        s3_world_answer(world, 200,
                        "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                        "</InitiateMultipartUploadResult>");
        s3_world_script(world, (ScriptedAnswer){.drop = true});
        s3_world_answer(world, statuses[i], refusals[i]);
        s3_world_script(world, (ScriptedAnswer){.headers = head});
        S3Put put = {.key = "k", .path = path, .condition = S3_IF_ABSENT};
        assert_int_equal(s3_put(world->s3, &put, &object, &err), ST_OK);
        assert_string_equal(object.etag, "\"own\"");
    }
    assert_int_equal(s3_world_count(world, "DELETE "), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        S3_TEST(what_stands_in_the_way_may_be_ones_own),
        S3_TEST(what_is_not_ones_own_is_a_conflict),
        S3_TEST(without_a_checksum_it_is_read_back),
        S3_TEST(an_attempt_that_did_not_break_conflicts_as_ever),
        S3_TEST(who_replaces_what_was_seen_settles_it_alone),
        S3_TEST(what_cannot_be_looked_at_stays_a_conflict_and_says_so),
        S3_TEST(a_completion_whose_answer_was_lost_is_no_conflict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
