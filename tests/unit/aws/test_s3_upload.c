/* Uploads in parts: begun, sent side by side, completed or taken back. */
#include "aws/s3_upload.h"
#include "aws/s3_world.h"

#define BEGUN                                                                                      \
    "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>"
#define COMPLETED                                                                                  \
    "<?xml version=\"1.0\"?>\n\n <CompleteMultipartUploadResult><ETag>\"whole-3\"</ETag>"          \
    "</CompleteMultipartUploadResult>"

enum { FILE_BYTES = 12 * MIB + 5 }; /* three parts of 5 MiB */

/* Answers to the parts, in whichever order they come. */
static void answer_parts(S3World *world) {
    static const char *const numbers[] = {"partNumber=1&", "partNumber=2&", "partNumber=3&"};
    static const char *const etags[] = {"ETag: \"p1\"\r\n", "ETag: \"p2\"\r\n", "ETag: \"p3\"\r\n"};
    for (size_t i = 0; i < 3; i++) {
        s3_world_script(world, (ScriptedAnswer){.headers = etags[i], .only_for = numbers[i]});
    }
}

static void open_as(S3World *world, S3Ability ability) {
    s3_world_open(world, (S3Options){.part_bytes = 5 * MIB, .ability = ability});
}

/* The request that holds the text. */
static const char *find_request(S3World *world, const char *text) {
    for (size_t i = 0; i < s3_world_requests(world); i++) {
        if (s3_world_was_asked(world, i, text)) {
            return scripted_server_request(world->world->server, i);
        }
    }
    fail_msg("nothing was asked for with %s", text);
    return "";
}

static void expect_in(const char *request, const char *text) {
    if (strstr(request, text) == NULL) {
        fail_msg("%.600s does not hold %s", request, text);
    }
}

static void a_large_file_goes_up_in_parts(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    OWN(mem_free_at) char *path = s3_world_file(world, "file", FILE_BYTES);
    open_as(world, S3_AS_AMAZON);
    s3_world_answer(world, 200, BEGUN);
    answer_parts(world);
    s3_world_answer(world, 200, COMPLETED);
    S3Put put = {.key = "a/b", .path = path, .content_type = "x/y"};
    assert_int_equal(s3_put(world->s3, &put, &object, &err), ST_OK);
    assert_string_equal(object.etag, "\"whole-3\"");
    assert_int_equal(object.bytes, FILE_BYTES);
    assert_int_equal(s3_world_requests(world), 5);
    /* One after the other, they would all go through the connection that there was. */
    assert_int_equal(scripted_server_connections(world->world->server), 3);

    const char *begun = find_request(world, "POST /my-bucket/a/b?uploads= HTTP/1.1\r\n");
    expect_in(begun, "\r\nContent-Type: x/y\r\n");
    expect_in(begun, "\r\nx-amz-checksum-algorithm: CRC32\r\n");
    expect_in(begun, "\r\nx-amz-checksum-type: FULL_OBJECT\r\n");
    const char *first = find_request(world, "PUT /my-bucket/a/b?partNumber=1&uploadId=u%2F1 HTTP");
    expect_in(first, "\r\nContent-Length: 5242880\r\n");
    const char *last = find_request(world, "PUT /my-bucket/a/b?partNumber=3&uploadId=u%2F1 HTTP");
    expect_in(last, "\r\nContent-Length: 2097157\r\n");
    expect_in(last, "\r\nx-amz-checksum-crc32: ");
    expect_in(last, "\r\nX-Amz-Content-Sha256: ");
}

static uint32_t crc32_at(const char *path, size_t from, size_t bytes) {
    Err err = {0};
    OWN(buf_done) Buf data = {0};
    assert_int_equal(file_read(path, FILE_BYTES, &data, &err), ST_OK);
    return digest_crc32(0, data.data + from, bytes);
}

/* S3 compares the checksums of the parts and of the whole with what has come. */
static void what_is_completed_names_all_parts_and_the_checksum_of_the_whole(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", FILE_BYTES);
    char second[S3_CHECKSUM_SIZE];
    char whole[S3_CHECKSUM_SIZE];
    s3_checksum_format_crc32(crc32_at(path, (size_t)5 * MIB, (size_t)5 * MIB), second);
    s3_checksum_format_crc32(crc32_at(path, 0, FILE_BYTES), whole);
    open_as(world, S3_AS_AMAZON);
    s3_world_answer(world, 200, BEGUN);
    answer_parts(world);
    s3_world_answer(world, 200, COMPLETED);
    S3Put put = {.key = "k", .path = path, .condition = S3_IF_MATCH, .etag = "\"old\""};
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_OK);
    const char *completed = find_request(world, "POST /my-bucket/k?uploadId=u%2F1 HTTP/1.1\r\n");
    OWN(mem_free_at)
    char *part = mem_printf("<Part><ETag>&quot;p2&quot;</ETag><ChecksumCRC32>%s</ChecksumCRC32>"
                            "<PartNumber>2</PartNumber></Part><Part><ETag>&quot;p3&quot;",
                            second);
    OWN(mem_free_at) char *checksum = mem_printf("\r\nx-amz-checksum-crc32: %s\r\n", whole);
    expect_in(completed, part);
    expect_in(completed, checksum);
    expect_in(completed, "\r\nx-amz-mp-object-size: 12582917\r\n");
    expect_in(completed, "\r\nIf-Match: old\r\n");
}

static void others_are_asked_for_no_more_than_all_can_do(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", FILE_BYTES);
    open_as(world, S3_AS_OTHERS);
    s3_world_answer(world, 200, BEGUN);
    answer_parts(world);
    s3_world_answer(world, 200,
                    "<CompleteMultipartUploadResult><ETag>bare-3</ETag>"
                    "</CompleteMultipartUploadResult>");
    S3Put put = {.key = "k", .path = path};
    S3Object object;
    assert_int_equal(s3_put(world->s3, &put, &object, &err), ST_OK);
    assert_string_equal(object.etag, "\"bare-3\""); /* as headers have it */
    assert_int_equal(s3_world_count(world, "checksum-"), 0);
    assert_int_equal(s3_world_count(world, "ChecksumCRC32"), 0);
}

static void a_file_below_two_parts_goes_up_whole(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", (size_t)7 * MIB);
    open_as(world, S3_AS_AMAZON);
    s3_world_answer(world, 200, "");
    S3Put put = {.key = "k", .path = path};
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_OK);
    assert_true(s3_world_was_asked(world, 0, "PUT /my-bucket/k HTTP/1.1\r\n"));
}

static void parts_grow_so_that_there_are_never_too_many(void **state) {
    (void)state;
    const int64_t tib = (int64_t)1 << 40;
    const int64_t sizes[] = {1,   8 * MIB, (int64_t)10000 * 8 * MIB, (int64_t)10000 * 8 * MIB + 1,
                             tib, 5 * tib};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int64_t part = s3_upload_part_bytes(sizes[i], 8 * MIB);
        assert_true(part >= 8 * MIB && part <= (int64_t)5 << 30);
        assert_true((sizes[i] + part - 1) / part <= S3_UPLOAD_MAX_PARTS);
    }
    assert_int_equal(s3_upload_part_bytes((int64_t)10000 * 8 * MIB, 8 * MIB), 8 * MIB);
}

static void a_part_that_breaks_is_sent_again_alone(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", FILE_BYTES);
    open_as(world, S3_AS_OTHERS);
    s3_world_answer(world, 200, BEGUN);
    s3_world_script(world,
                    (ScriptedAnswer){.headers = "ETag: \"p1\"\r\n", .only_for = "partNumber=1&"});
    s3_world_script(world,
                    (ScriptedAnswer){.headers = "ETag: \"p2\"\r\n", .only_for = "partNumber=2&"});
    s3_world_answer(world, 503, "<Error><Code>SlowDown</Code></Error>"); /* of part 3 */
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"p3\"\r\n"});
    s3_world_answer(world, 200, COMPLETED);
    assert_int_equal(s3_put(world->s3, &(S3Put){.key = "k", .path = path}, NULL, &err), ST_OK);
    assert_int_equal(s3_world_count(world, "PUT /my-bucket/k?partNumber=3&"), 2);
    assert_int_equal(s3_world_count(world, "PUT /my-bucket/k?partNumber="), 4);
}

/* --- Failures -------------------------------------------------------------------------------- */

static void a_part_that_fails_takes_the_upload_back(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", FILE_BYTES);
    open_as(world, S3_AS_AMAZON);
    s3_world_answer(world, 200, BEGUN);
    s3_world_script(world, (ScriptedAnswer){.status = 403,
                                            .body = "<Error><Code>AccessDenied</Code></Error>",
                                            .only_for = "partNumber="});
    s3_world_answer(world, 204, "");
    S3Put put = {.key = "k", .path = path};
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_DENIED);
    assert_non_null(strstr(err.message, "s3://my-bucket/k: s3:UploadPart"));
    assert_int_equal(s3_world_count(world, "DELETE /my-bucket/k?uploadId=u%2F1 HTTP/1.1\r\n"), 1);
    assert_int_equal(s3_world_count(world, "<CompleteMultipartUpload"), 0);
}

static void cancel(void *context) {
    ((World *)context)->cancelled = true;
}

static void an_upload_is_taken_back_even_when_cancelled(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", FILE_BYTES);
    open_as(world, S3_AS_AMAZON);
    s3_world_answer(world, 200, BEGUN);
    s3_world_script(world, (ScriptedAnswer){.status = 503, .only_for = "partNumber=1&"});
    s3_world_script(world, (ScriptedAnswer){.status = 503, .only_for = "partNumber=2&"});
    s3_world_script(world, (ScriptedAnswer){.status = 503, .only_for = "partNumber=3&"});
    s3_world_script(world, (ScriptedAnswer){.status = 204, .only_for = "DELETE"});
    http_after(world->world->http, 100, cancel, world->world);
    S3Put put = {.key = "k", .path = path};
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_CANCELLED);
    assert_int_equal(s3_world_count(world, "DELETE /my-bucket/k?uploadId=u%2F1"), 1);
}

static void a_completion_that_fails_in_its_body_is_asked_for_again(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", FILE_BYTES);
    open_as(world, S3_AS_AMAZON);
    s3_world_answer(world, 200, BEGUN);
    answer_parts(world);
    s3_world_answer(world, 200, "\n\n<Error><Code>InternalError</Code></Error>");
    s3_world_answer(world, 200, COMPLETED);
    assert_int_equal(s3_put(world->s3, &(S3Put){.key = "k", .path = path}, NULL, &err), ST_OK);
    assert_int_equal(s3_world_count(world, "<CompleteMultipartUpload"), 2);

    s3_world_answer(world, 200, BEGUN);
    s3_world_answer(world, 200, "<Error><Code>InvalidPart</Code></Error>");
    s3_world_lose_patience(world);
    s3_world_answer(world, 204, "");
    assert_int_equal(s3_put(world->s3, &(S3Put){.key = "k", .path = path}, NULL, &err), ST_SERVER);
    assert_string_equal(err.code, "InvalidPart");
    assert_int_equal(s3_world_count(world, "DELETE "), 1);
}

/* --- Conditions ------------------------------------------------------------------------------ */

static void what_is_there_already_is_not_uploaded_for_nothing(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", FILE_BYTES);
    open_as(world, S3_AS_AMAZON);
    s3_world_answer(world, 200, "something");
    S3Put put = {.key = "k", .path = path, .condition = S3_IF_ABSENT};
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_CONFLICT);
    assert_int_equal(s3_world_requests(world), 1);
    assert_true(s3_world_was_asked(world, 0, "HEAD /my-bucket/k HTTP/1.1\r\n"));
}

static void who_is_overtaken_meanwhile_is_told_and_leaves_nothing(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", FILE_BYTES);
    open_as(world, S3_AS_AMAZON);
    s3_world_answer(world, 404, "");
    s3_world_answer(world, 200, BEGUN);
    answer_parts(world);
    s3_world_answer(world, 412, "<Error><Code>PreconditionFailed</Code></Error>");
    s3_world_answer(world, 204, "");
    S3Put put = {.key = "k", .path = path, .condition = S3_IF_ABSENT};
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_CONFLICT);
    expect_in(find_request(world, "<CompleteMultipartUpload"), "\r\nIf-None-Match: *\r\n");
    assert_int_equal(s3_world_count(world, "DELETE "), 1);
}

static void after_a_race_the_upload_is_begun_again(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", FILE_BYTES);
    open_as(world, S3_AS_AMAZON);
    s3_world_answer(world, 404, "");
    s3_world_answer(world, 200, BEGUN);
    answer_parts(world);
    s3_world_answer(world, 409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
    s3_world_answer(world, 204, "");
    s3_world_answer(world, 200, BEGUN);
    s3_world_answer(world, 200, COMPLETED);
    S3Put put = {.key = "k", .path = path, .condition = S3_IF_ABSENT};
    assert_int_equal(s3_put(world->s3, &put, NULL, &err), ST_OK);
    assert_int_equal(s3_world_count(world, "?uploads="), 2);
    assert_int_equal(s3_world_count(world, "partNumber=2&"), 2);
    assert_int_equal(s3_world_count(world, "DELETE "), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        S3_TEST(a_large_file_goes_up_in_parts),
        S3_TEST(what_is_completed_names_all_parts_and_the_checksum_of_the_whole),
        S3_TEST(others_are_asked_for_no_more_than_all_can_do),
        S3_TEST(a_file_below_two_parts_goes_up_whole),
        S3_TEST(parts_grow_so_that_there_are_never_too_many),
        S3_TEST(a_part_that_breaks_is_sent_again_alone),
        S3_TEST(a_part_that_fails_takes_the_upload_back),
        S3_TEST(an_upload_is_taken_back_even_when_cancelled),
        S3_TEST(a_completion_that_fails_in_its_body_is_asked_for_again),
        S3_TEST(what_is_there_already_is_not_uploaded_for_nothing),
        S3_TEST(who_is_overtaken_meanwhile_is_told_and_leaves_nothing),
        S3_TEST(after_a_race_the_upload_is_begun_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
