/* What comes down: into memory, and into files, whole or in pieces side by side. */
#include "aws/s3_world.h"

static void an_object_comes_into_memory(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    OWN(buf_done) Buf data = {0};
    buf_puts(&data, "old");
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"e\"\r\n", .body = "hello"});
    assert_int_equal(s3_get(world->s3, "k", 5, &data, &object, &err), ST_OK);
    assert_string_equal(buf_text(&data), "hello");
    assert_string_equal(object.etag, "\"e\"");
    assert_int_equal(object.bytes, 5);
    assert_true(s3_world_was_asked(world, 0, "GET /my-bucket/k HTTP/1.1\r\n"));
    assert_true(s3_world_was_asked(world, 0, "\r\nx-amz-checksum-mode: ENABLED\r\n"));

    s3_world_answer(world, 200, "hello!");
    assert_int_equal(s3_get(world->s3, "k", 5, &data, &object, &err), ST_LIMIT);
    s3_world_answer(world, 404, "<Error><Code>NoSuchKey</Code></Error>");
    assert_int_equal(s3_get(world->s3, "k", 5, &data, &object, &err), ST_NOT_FOUND);
    s3_world_answer(world, 403, "<Error><Code>AccessDenied</Code></Error>");
    assert_int_equal(s3_get(world->s3, "k", 5, &data, &object, &err), ST_DENIED);
}

#define SHA256_OF_HELLO "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
#define CRC32_OF_HELLO  "NhCmhg=="

static Status get_with(S3World *world, const char *headers, Buf *data) {
    Err err = {0};
    s3_world_script(world, (ScriptedAnswer){.headers = headers, .body = "hello"});
    Status status = s3_get(world->s3, "k", 100, data, NULL, &err);
    assert_true(status == ST_OK || err.hint[0] != '\0');
    return status;
}

static void what_comes_is_compared_with_the_checksum_of_what_was_put(void **state) {
    S3World *world = *state;
    OWN(buf_done) Buf data = {0};
    const char *good[] = {
        "x-amz-checksum-sha256: " SHA256_OF_HELLO "\r\n",
        "x-amz-checksum-crc32: " CRC32_OF_HELLO "\r\nx-amz-checksum-type: FULL_OBJECT\r\n",
        /* Of the parts, not of the whole: nothing to compare. */
        "x-amz-checksum-crc32: AAAAAA==-2\r\nx-amz-checksum-type: COMPOSITE\r\n",
        "x-amz-checksum-crc32: AAAAAA==\r\nx-amz-checksum-type: COMPOSITE\r\n",
        "x-amz-checksum-sha256: " SHA256_OF_HELLO "-1\r\n",
        "x-amz-checksum-crc64nvme: AAAAAAAAAAA=\r\n",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(get_with(world, good[i], &data), ST_OK);
        assert_string_equal(buf_text(&data), "hello");
    }
    const char *bad[] = {
        "x-amz-checksum-sha256: LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCR=\r\n",
        "x-amz-checksum-crc32: AAAAAA==\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s3_world_script(world, (ScriptedAnswer){.headers = bad[i], .body = "hello"});
        assert_int_equal(get_with(world, bad[i], &data), ST_CORRUPT);
        assert_int_equal(data.size, 0);
    }
}

static void what_came_damaged_is_fetched_once_more(void **state) {
    S3World *world = *state;
    OWN(buf_done) Buf data = {0};
    s3_world_script(world,
                    (ScriptedAnswer){.headers = "x-amz-checksum-crc32: " CRC32_OF_HELLO "\r\n",
                                     .body = "hellO"});
    assert_int_equal(get_with(world, "x-amz-checksum-crc32: " CRC32_OF_HELLO "\r\n", &data), ST_OK);
    assert_string_equal(buf_text(&data), "hello");
}

/* --- Files ----------------------------------------------------------------------------------- */

static void an_object_comes_into_a_file_whole(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"e\"\r\n", .body = "short"});
    s3_world_script(world, (ScriptedAnswer){.body = "short", .cut_after = 3});
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"e\"\r\n", .body = "short"});
    assert_int_equal(s3_get_file(world->s3, "k", path, &object, &err), ST_OK);
    s3_world_expect_file(path, "short");
    assert_int_equal(object.bytes, 5);
    assert_string_equal(object.etag, "\"e\"");
    s3_world_expect_only(world, "file");
    assert_true(s3_world_was_asked(world, 0, "HEAD /my-bucket/k HTTP/1.1\r\n"));
    assert_true(s3_world_was_asked(world, 1, "\r\nIf-Match: \"e\"\r\n"));
}

static void a_failed_get_leaves_the_file_that_was_there(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    assert_int_equal(file_write_atomic(path, "old", 3, &err), ST_OK);
    s3_world_answer(world, 404, "");
    assert_int_equal(s3_get_file(world->s3, "k", path, NULL, &err), ST_NOT_FOUND);
    s3_world_expect_file(path, "old");
    s3_world_lose_patience(world);
    s3_world_answer(world, 200, "0123456789");
    s3_world_script(world, (ScriptedAnswer){.body = "0123456789", .cut_after = 3});
    assert_int_equal(s3_get_file(world->s3, "k", path, NULL, &err), ST_NETWORK);
    s3_world_expect_file(path, "old");
    s3_world_expect_only(world, "file");
    assert_int_equal(s3_get_file(world->s3, "k", "/nonexistent/x", NULL, &err), ST_IO);
}

static void a_file_that_does_not_give_the_checksum_is_not_kept(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    assert_int_equal(file_write_atomic(path, "old", 3, &err), ST_OK);
    for (int i = 0; i < 2; i++) {
        s3_world_script(
            world, (ScriptedAnswer){.headers = "x-amz-checksum-sha256: " SHA256_OF_HELLO "\r\n",
                                    .body = "hallo"});
        s3_world_answer(world, 200, "hallo");
    }
    assert_int_equal(s3_get_file(world->s3, "k", path, NULL, &err), ST_CORRUPT);
    assert_non_null(strstr(err.message, "s3://my-bucket/k: it is not what was put there"));
    s3_world_expect_file(path, "old");
    s3_world_expect_only(world, "file");
    assert_int_equal(s3_world_requests(world), 4);
}

static void an_object_replaced_in_between_is_begun_again(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"1\"\r\n", .body = "longer"});
    s3_world_answer(world, 412, "<Error><Code>PreconditionFailed</Code></Error>");
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"2\"\r\n", .body = "new"});
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"2\"\r\n", .body = "new"});
    assert_int_equal(s3_get_file(world->s3, "k", path, &object, &err), ST_OK);
    s3_world_expect_file(path, "new");
    assert_string_equal(object.etag, "\"2\"");
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"1\"\r\n", .only_for = "HEAD"});
    s3_world_script(world, (ScriptedAnswer){.status = 412, .only_for = "GET"});
    assert_int_equal(s3_get_file(world->s3, "k", path, &object, &err), ST_CONFLICT);
    s3_world_expect_file(path, "new");
}

/* --- Pieces ---------------------------------------------------------------------------------- */

/* Pieces of 4 bytes; the object has 10. */
static void open_for_pieces(S3World *world) {
    s3_world_open(world, (S3Options){0});
    world->s3->part_bytes = 4;
    s3_world_script(
        world,
        (ScriptedAnswer){.headers = "ETag: \"e\"\r\n", .body = "0123456789", .only_for = "HEAD"});
}

static void answer_piece(S3World *world, const char *range, const char *headers, const char *body) {
    s3_world_script(world, (ScriptedAnswer){
                               .status = 206, .headers = headers, .body = body, .only_for = range});
}

static void a_large_object_comes_in_pieces_side_by_side(void **state) {
    S3World *world = *state;
    Err err = {0};
    S3Object object;
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    open_for_pieces(world);
    s3_world_script(world, (ScriptedAnswer){.status = 206,
                                            .headers = "Content-Range: bytes 0-3/10\r\n",
                                            .body = "0123",
                                            .delay_ms = 50,
                                            .only_for = "Range: bytes=0-3\r\n"});
    answer_piece(world, "Range: bytes=4-7\r\n", "Content-Range: bytes 4-7/10\r\n", "4567");
    answer_piece(world, "Range: bytes=8-9\r\n", "Content-Range: bytes 8-9/10\r\n", "89");
    assert_int_equal(s3_get_file(world->s3, "k", path, &object, &err), ST_OK);
    s3_world_expect_file(path, "0123456789");
    s3_world_expect_only(world, "file");
    assert_int_equal(object.bytes, 10);
    assert_int_equal(scripted_server_connections(world->world->server), 3);
    assert_int_equal(s3_world_requests(world), 4);
    assert_int_equal(s3_world_count(world, "\r\nIf-Match: \"e\"\r\n"), 3);
}

/* A proxy may do that. Were it written, other pieces would be overwritten. */
static void a_whole_object_in_place_of_a_piece_is_refused(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    open_for_pieces(world);
    answer_piece(world, "Range: bytes=0-3\r\n", "Content-Range: bytes 0-3/10\r\n", "0123");
    answer_piece(world, "Range: bytes=8-9\r\n", "Content-Range: bytes 8-9/10\r\n", "89");
    s3_world_script(world, (ScriptedAnswer){.body = "0123456789", .only_for = "bytes=4-7\r\n"});
    assert_int_equal(s3_get_file(world->s3, "k", path, NULL, &err), ST_LIMIT);
    s3_world_expect_only(world, "");
}

static void a_piece_of_something_else_is_refused(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    open_for_pieces(world);
    s3_world_lose_patience(world);
    answer_piece(world, "Range: bytes=0-3\r\n", "Content-Range: bytes 0-3/10\r\n", "0123");
    answer_piece(world, "Range: bytes=8-9\r\n", "Content-Range: bytes 8-9/10\r\n", "89");
    answer_piece(world, "Range: bytes=4-7\r\n", "Content-Range: bytes 0-3/10\r\n", "0123");
    assert_int_equal(s3_get_file(world->s3, "k", path, NULL, &err), ST_PROTOCOL);
    assert_non_null(strstr(err.message, "bytes 0-3/10 came instead of bytes 4-7/10"));
    s3_world_expect_only(world, "");
}

static void a_piece_that_breaks_is_fetched_again_alone(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    open_for_pieces(world);
    answer_piece(world, "Range: bytes=0-3\r\n", "Content-Range: bytes 0-3/10\r\n", "0123");
    answer_piece(world, "Range: bytes=8-9\r\n", "Content-Range: bytes 8-9/10\r\n", "89");
    s3_world_script(world, (ScriptedAnswer){.status = 206, .body = "4567", .cut_after = 2});
    s3_world_script(world, (ScriptedAnswer){.status = 206,
                                            .headers = "Content-Range: bytes 4-7/10\r\n",
                                            .body = "4567"});
    assert_int_equal(s3_get_file(world->s3, "k", path, NULL, &err), ST_OK);
    s3_world_expect_file(path, "0123456789");
    assert_int_equal(s3_world_requests(world), 5);
}

static void an_object_replaced_in_mid_download_is_noticed(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    open_for_pieces(world);
    answer_piece(world, "Range: bytes=0-3\r\n", "Content-Range: bytes 0-3/10\r\n", "0123");
    s3_world_script(world, (ScriptedAnswer){.status = 412, .only_for = "GET"});
    assert_int_equal(s3_get_file(world->s3, "k", path, NULL, &err), ST_CONFLICT);
    s3_world_expect_only(world, "");
}

static void a_shorter_object_in_its_place_leaves_no_tail(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "file");
    s3_world_open(world, (S3Options){0});
    world->s3->part_bytes = 4;
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"1\"\r\n", .body = "0123456789"});
    answer_piece(world, "bytes=0-3\r\n", "Content-Range: bytes 0-3/10\r\n", "0123");
    answer_piece(world, "bytes=8-9\r\n", "Content-Range: bytes 8-9/10\r\n", "89");
    s3_world_script(world,
                    (ScriptedAnswer){.status = 412, .delay_ms = 100, .only_for = "bytes=4-7"});
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"2\"\r\n", .body = "short"});
    s3_world_script(world, (ScriptedAnswer){.headers = "ETag: \"2\"\r\n", .body = "short"});
    assert_int_equal(s3_get_file(world->s3, "k", path, NULL, &err), ST_OK);
    s3_world_expect_file(path, "short");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        S3_TEST(an_object_comes_into_memory),
        S3_TEST(what_comes_is_compared_with_the_checksum_of_what_was_put),
        S3_TEST(what_came_damaged_is_fetched_once_more),
        S3_TEST(an_object_comes_into_a_file_whole),
        S3_TEST(a_failed_get_leaves_the_file_that_was_there),
        S3_TEST(a_file_that_does_not_give_the_checksum_is_not_kept),
        S3_TEST(an_object_replaced_in_between_is_begun_again),
        S3_TEST(a_large_object_comes_in_pieces_side_by_side),
        S3_TEST(a_whole_object_in_place_of_a_piece_is_refused),
        S3_TEST(a_piece_of_something_else_is_refused),
        S3_TEST(a_piece_that_breaks_is_fetched_again_alone),
        S3_TEST(an_object_replaced_in_mid_download_is_noticed),
        S3_TEST(a_shorter_object_in_its_place_leaves_no_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
