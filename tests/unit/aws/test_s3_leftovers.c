/* Uploads that were left behind: found before the first upload, and taken back when old. */
#include "aws/s3_leftovers.h"
#include "aws/s3_world.h"

static void open_with_prefix(S3World *world, const char *prefix) {
    s3_world_open(world, (S3Options){.own_prefix = prefix});
}

#define UPLOAD(key, id, begun)                                                                     \
    "<Upload><Key>" key "</Key><UploadId>" id "</UploadId><Initiated>" begun "</Initiated></"      \
    "Upload>"

static void only_what_is_old_and_ones_own_is_taken_back(void **state) {
    S3World *world = *state;
    char now[CLOCK_TIME_SIZE];
    clock_format_time(clock_now_ms(), now);
    OWN(mem_free_at)
    char *list = mem_printf("<ListMultipartUploadsResult><EncodingType>url</EncodingType>"
                            "<IsTruncated>false</IsTruncated>" UPLOAD("own%%2Fold+one", "id/1",
                                                                      "2020-01-01T00:00:00.000Z")
                                UPLOAD("own/new", "id2", "%s")
                                    UPLOAD("else/old", "id3",
                                           "2020-01-01T00:00:"
                                           "00.000Z") "</ListMultipartUploadsResult>",
                            now);
    open_with_prefix(world, "own/");
    s3_world_answer(world, 200, list);
    s3_world_answer(world, 204, "");
    s3_leftovers_clear(world->s3);
    assert_int_equal(s3_world_requests(world), 2);
    assert_true(s3_world_was_asked(
        world, 0, "GET /my-bucket?encoding-type=url&prefix=own%2F&uploads= HTTP/1.1\r\n"));
    assert_true(s3_world_was_asked(world, 1,
                                   "DELETE /my-bucket/own/old%20one?uploadId=id%2F1 HTTP/1.1\r\n"));
    s3_leftovers_clear(world->s3); /* once is enough */
    assert_int_equal(s3_world_requests(world), 2);
}

static void what_may_not_be_looked_for_is_no_failure(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = s3_world_file(world, "file", 10 * MIB);
    s3_world_open(world, (S3Options){.own_prefix = "own/", .part_bytes = 5 * MIB});
    s3_world_answer(world, 403, "<Error><Code>AccessDenied</Code></Error>");
    s3_world_answer(world, 200,
                    "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                    "</InitiateMultipartUploadResult>");
    s3_world_script(world,
                    (ScriptedAnswer){.headers = "ETag: \"p\"\r\n", .only_for = "partNumber="});
    s3_world_answer(world, 200,
                    "<CompleteMultipartUploadResult><ETag>\"e\"</ETag>"
                    "</CompleteMultipartUploadResult>");
    assert_int_equal(s3_put(world->s3, &(S3Put){.key = "own/k", .path = path}, NULL, &err), ST_OK);
    assert_int_equal(s3_world_count(world, "&uploads= "), 1);
}

static void who_names_no_prefix_takes_nothing_back(void **state) {
    S3World *world = *state;
    open_with_prefix(world, NULL);
    s3_leftovers_clear(world->s3);
    assert_int_equal(s3_world_requests(world), 0);
}

static void a_list_without_sense_takes_nothing_back(void **state) {
    S3World *world = *state;
    const char *lists[] = {
        "<Error><Code>Odd</Code></Error>",
        "<ListMultipartUploadsResult>" UPLOAD(
            "own/k", "", "2020-01-01T00:00:00Z") "</ListMultipartUploadsResult>",
        "<ListMultipartUploadsResult>" UPLOAD("own/k", "id",
                                              "long ago") "</ListMultipartUploadsResult>",
        "<ListMultipartUploadsResult><EncodingType>url</EncodingType>" UPLOAD(
            "own/%zz", "id", "2020-01-01T00:00:00Z") "</ListMultipartUploadsResult>",
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        open_with_prefix(world, "own/");
        s3_world_lose_patience(world);
        s3_world_answer(world, 200, lists[i]);
        s3_leftovers_clear(world->s3);
        assert_int_equal(s3_world_requests(world), i + 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        S3_TEST(only_what_is_old_and_ones_own_is_taken_back),
        S3_TEST(what_may_not_be_looked_for_is_no_failure),
        S3_TEST(who_names_no_prefix_takes_nothing_back),
        S3_TEST(a_list_without_sense_takes_nothing_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
