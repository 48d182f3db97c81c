/* S3: objects, lists and links. */
#include "aws/aws_world.h"
#include "aws/call.h"
#include "aws/s3.h"
#include "aws/s3_address.h"
#include "base/file.h"
#include "format/digest.h"

#include <stdio.h>
#include <sys/stat.h>

static S3Put put_of(const char *data) {
    return (S3Put){.bucket = "my-bucket", .key = "a/b", .data = data, .size = strlen(data)};
}

static void write_file(const char *path, const char *text) {
    Err err = {0};
    assert_int_equal(file_write_atomic(path, text, strlen(text), &err), ST_OK);
}

static void expect_file(const char *path, const char *text) {
    Err err = {0};
    OWN(buf_done) Buf data = {0};
    assert_int_equal(file_read(path, 1000, &data, &err), ST_OK);
    assert_string_equal(buf_text(&data), text);
}

/* Nothing but `name` is in the folder. */
static void expect_only(const TempDir *dir, const char *name) {
    OWN(mem_free_at) char *command = mem_printf("test \"$(ls -A '%s')\" = '%s'", dir->path, name);
    assert_int_equal(system(command), 0); // NOLINT: a fixed command
}

/* --- Put ------------------------------------------------------------------------------------- */

static void an_object_is_put_from_memory(void **state) {
    World *world = *state;
    Err err = {0};
    S3Object object;
    scripted_server_add(world->server, (ScriptedAnswer){.headers = "ETag: \"abc\"\r\n"});
    S3Put put = put_of("hello");
    put.key = "dir/ä b+c?.txt";
    assert_int_equal(s3_put(world->aws, &put, &object, &err), ST_OK);
    assert_string_equal(object.etag, "\"abc\"");
    assert_int_equal(object.bytes, 5);
    assert_true(world_was_asked(world, 0, "PUT /my-bucket/dir/%C3%A4%20b%2Bc%3F.txt HTTP/1.1\r\n"));
    assert_true(world_was_asked(world, 0,
                                "\r\nX-Amz-Content-Sha256: 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c"
                                "1fa7425e73043362938b9824\r\n"));
    assert_true(world_was_asked(world, 0, "\r\nContent-Type: application/octet-stream\r\n"));
    assert_true(world_was_asked(world, 0,
                                "/eu-west-1/s3/aws4_request, SignedHeaders="
                                "content-type;host;x-amz-content-sha256;x-amz-date,"));
    assert_true(world_was_asked(world, 0, "\r\n\r\nhello"));
    assert_false(world_was_asked(world, 0, "If-"));
}

static void an_object_is_put_from_a_file_and_sent_whole_again(void **state) {
    World *world = *state;
    Err err = {0};
    TempDir dir;
    S3Object object;
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "file");
    write_file(path, "hello");
    world_answer(world, 503, "<Error><Code>SlowDown</Code></Error>");
    scripted_server_add(world->server, (ScriptedAnswer){.headers = "ETag: \"f\"\r\n"});
    S3Put put = {.bucket = "my-bucket", .key = "k", .path = path, .content_type = "text/csv"};
    assert_int_equal(s3_put(world->aws, &put, &object, &err), ST_OK);
    assert_int_equal(object.bytes, 5);
    for (size_t i = 0; i < 2; i++) {
        assert_true(world_was_asked(world, i, "\r\nContent-Length: 5\r\n"));
        assert_true(world_was_asked(world, i, "\r\nContent-Type: text/csv\r\n"));
        assert_true(world_was_asked(world, i, "X-Amz-Content-Sha256: 2cf24dba"));
        assert_true(world_was_asked(world, i, "\r\n\r\nhello"));
    }
    put.path = "/nonexistent/file";
    assert_int_equal(s3_put(world->aws, &put, NULL, &err), ST_NOT_FOUND);
    assert_non_null(strstr(err.message, "/nonexistent/file"));
    temp_dir_close(&dir);
}

static void conditions_are_sent_and_conflicts_reported(void **state) {
    World *world = *state;
    Err err = {0};
    S3Put put = put_of("x");
    put.condition = S3_IF_ABSENT;
    world_answer(world, 412, "<Error><Code>PreconditionFailed</Code></Error>");
    assert_int_equal(s3_put(world->aws, &put, NULL, &err), ST_CONFLICT);
    assert_non_null(strstr(err.message, "s3://my-bucket/a/b"));
    assert_int_equal(err.http_status, 412);
    assert_true(world_was_asked(world, 0, "\r\nIf-None-Match: *\r\n"));
    assert_true(world_was_asked(world, 0, ";if-none-match;"));

    put.condition = S3_IF_MATCH;
    put.etag = "\"abc\"";
    world_answer(world, 200, "");
    assert_int_equal(s3_put(world->aws, &put, NULL, &err), ST_OK);
    assert_true(world_was_asked(world, 1, "\r\nIf-Match: abc\r\n"));
}

static void a_race_that_nobody_won_is_run_again(void **state) {
    World *world = *state;
    Err err = {0};
    S3Put put = put_of("x");
    put.condition = S3_IF_ABSENT;
    world_answer(world, 409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
    world_answer(world, 412, "<Error><Code>PreconditionFailed</Code></Error>");
    assert_int_equal(s3_put(world->aws, &put, NULL, &err), ST_CONFLICT);
    assert_string_equal(err.code, "PreconditionFailed");
    world_answer(world, 409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
    world_answer(world, 200, "");
    assert_int_equal(s3_put(world->aws, &put, NULL, &err), ST_OK);
    for (int i = 0; i < 3; i++) {
        world_answer(world, 409, "<Error><Code>ConditionalRequestConflict</Code></Error>");
    }
    assert_int_equal(s3_put(world->aws, &put, NULL, &err), ST_CONFLICT);
    assert_int_equal(scripted_server_requests(world->server), 7);
}

static void wrong_names_are_not_even_asked(void **state) {
    World *world = *state;
    const char *buckets[] = {NULL, "", "ab", "Upper", "with/slash", "-dash", "dots..dots", "a b c"};
    for (size_t i = 0; i < sizeof buckets / sizeof *buckets; i++) {
        Err err = {0};
        S3Object object;
        assert_int_equal(s3_head(world->aws, buckets[i], "key", &object, &err), ST_USAGE);
    }
    char key[1100];
    memset(key, 'k', sizeof key);
    key[1025] = '\0';
    Err err = {0};
    S3Object object;
    assert_int_equal(s3_head(world->aws, "bucket", key, &object, &err), ST_USAGE);
    assert_int_equal(s3_head(world->aws, "bucket", "", &object, &err), ST_USAGE);
    assert_int_equal(s3_head(world->aws, "bucket", "\xff", &object, &err), ST_USAGE);
    assert_int_equal(scripted_server_requests(world->server), 0);
}

/* --- Get, head, delete ----------------------------------------------------------------------- */

static void an_object_comes_into_memory(void **state) {
    World *world = *state;
    Err err = {0};
    S3Object object;
    OWN(buf_done) Buf data = {0};
    buf_puts(&data, "old");
    scripted_server_add(world->server,
                        (ScriptedAnswer){.headers = "ETag: \"e\"\r\n", .body = "hello"});
    assert_int_equal(s3_get(world->aws, "my-bucket", "k", 5, &data, &object, &err), ST_OK);
    assert_string_equal(buf_text(&data), "hello");
    assert_string_equal(object.etag, "\"e\"");
    assert_int_equal(object.bytes, 5);
    assert_true(world_was_asked(world, 0, "GET /my-bucket/k HTTP/1.1\r\n"));

    world_answer(world, 200, "hello!");
    assert_int_equal(s3_get(world->aws, "my-bucket", "k", 5, &data, &object, &err), ST_LIMIT);
    world_answer(world, 404, "<Error><Code>NoSuchKey</Code></Error>");
    assert_int_equal(s3_get(world->aws, "my-bucket", "k", 5, &data, &object, &err), ST_NOT_FOUND);
    world_answer(world, 403, "<Error><Code>AccessDenied</Code></Error>");
    assert_int_equal(s3_get(world->aws, "my-bucket", "k", 5, &data, &object, &err), ST_DENIED);
}

static void an_object_comes_into_a_file_whole(void **state) {
    World *world = *state;
    Err err = {0};
    TempDir dir;
    S3Object object;
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "file");
    scripted_server_add(world->server,
                        (ScriptedAnswer){.body = "a longer body that is cut", .cut_after = 20});
    scripted_server_add(world->server,
                        (ScriptedAnswer){.headers = "ETag: \"e\"\r\n", .body = "short"});
    assert_int_equal(s3_get_file(world->aws, "my-bucket", "k", path, &object, &err), ST_OK);
    expect_file(path, "short");
    assert_int_equal(object.bytes, 5);
    assert_string_equal(object.etag, "\"e\"");
    expect_only(&dir, "file");
    temp_dir_close(&dir);
}

static void a_failed_get_leaves_the_file_that_was_there(void **state) {
    World *world = *state;
    Err err = {0};
    TempDir dir;
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    OWN(mem_free_at) char *path = temp_dir_path(&dir, "file");
    write_file(path, "old");
    world_answer(world, 404, "<Error><Code>NoSuchKey</Code></Error>");
    assert_int_equal(s3_get_file(world->aws, "my-bucket", "k", path, NULL, &err), ST_NOT_FOUND);
    expect_file(path, "old");
    world->aws->quota.tokens = 0;
    scripted_server_add(world->server, (ScriptedAnswer){.body = "0123456789", .cut_after = 3});
    assert_int_equal(s3_get_file(world->aws, "my-bucket", "k", path, NULL, &err), ST_NETWORK);
    expect_file(path, "old");
    expect_only(&dir, "file");
    assert_int_equal(s3_get_file(world->aws, "my-bucket", "k", "/nonexistent/x", NULL, &err),
                     ST_IO);
    temp_dir_close(&dir);
}

static void head_and_delete(void **state) {
    World *world = *state;
    Err err = {0};
    S3Object object;
    scripted_server_add(world->server,
                        (ScriptedAnswer){.headers = "ETag: \"h\"\r\n", .body = "0123456789"});
    assert_int_equal(s3_head(world->aws, "my-bucket", "k", &object, &err), ST_OK);
    assert_int_equal(object.bytes, 10);
    assert_string_equal(object.etag, "\"h\"");
    world_answer(world, 404, "");
    assert_int_equal(s3_head(world->aws, "my-bucket", "k", &object, &err), ST_NOT_FOUND);
    world_answer(world, 204, "");
    assert_int_equal(s3_delete(world->aws, "my-bucket", "k", &err), ST_OK);
    assert_true(world_was_asked(world, 0, "HEAD /my-bucket/k HTTP/1.1\r\n"));
    assert_true(world_was_asked(world, 2, "DELETE /my-bucket/k HTTP/1.1\r\n"));
}

/* --- List ------------------------------------------------------------------------------------ */

static Status keep_key(void *context, const char *key, int64_t bytes, Err *err) {
    Buf *text = context;
    buf_printf(text, "%s=%lld\n", key, (long long)bytes);
    return str_equal(key, "stop") ? err_set(err, ST_NOTHING, "stopped") : ST_OK;
}

static void a_list_goes_through_all_pages(void **state) {
    World *world = *state;
    Err err = {0};
    OWN(buf_done) Buf text = {0};
    world_answer(
        world, 200,
        "<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType>"
        "<IsTruncated>true</IsTruncated><NextContinuationToken>t/1=</NextContinuationToken>"
        "<Contents><Key>a/b+c%2B%C3%A4</Key><Size>5</Size></Contents>"
        "<Contents><Key>b</Key><Size>0</Size></Contents></ListBucketResult>");
    world_answer(world, 200,
                 "<ListBucketResult><IsTruncated>true</IsTruncated>"
                 "<NextContinuationToken>t2</NextContinuationToken></ListBucketResult>");
    world_answer(world, 200,
                 "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>c%41+</Key>"
                 "<Size>5368709120</Size></Contents></ListBucketResult>");
    assert_int_equal(s3_list(world->aws, "my-bucket", "a b/", keep_key, &text, &err), ST_OK);
    assert_string_equal(buf_text(&text), "a/b c+\xc3\xa4=5\nb=0\nc%41+=5368709120\n");
    assert_true(world_was_asked(
        world, 0, "GET /my-bucket?encoding-type=url&list-type=2&prefix=a%20b%2F HTTP/1.1\r\n"));
    assert_true(world_was_asked(world, 1,
                                "GET /my-bucket?continuation-token=t%2F1%3D&encoding-type=url&"
                                "list-type=2&prefix=a%20b%2F HTTP/1.1\r\n"));
}

static void a_list_can_be_stopped(void **state) {
    World *world = *state;
    Err err = {0};
    OWN(buf_done) Buf text = {0};
    world_answer(world, 200,
                 "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t"
                 "</NextContinuationToken><Contents><Key>stop</Key><Size>1</Size></Contents>"
                 "<Contents><Key>b</Key><Size>0</Size></Contents></ListBucketResult>");
    assert_int_equal(s3_list(world->aws, "my-bucket", "", keep_key, &text, &err), ST_NOTHING);
    assert_string_equal(buf_text(&text), "stop=1\n");
    assert_int_equal(scripted_server_requests(world->server), 1);
}

static void lists_without_sense_are_refused(void **state) {
    World *world = *state;
    const char *bodies[] = {
        "",
        "<Error><Code>InternalError</Code></Error>",
        "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key></Key><Size>1</Size></Contents></ListBucketResult>",
        ("<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key><Size>1</Size>"
         "</Contents></ListBucketResult>"),
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        Err err = {0};
        OWN(buf_done) Buf text = {0};
        world->aws->quota.tokens = 0;
        world_answer(world, 200, bodies[i]);
        Status status = s3_list(world->aws, "my-bucket", "p", keep_key, &text, &err);
        if (status != ST_PROTOCOL || text.size != 0) {
            fail_msg("%s gives %s", bodies[i], status_word(status));
        }
    }
    Err err = {0};
    OWN(buf_done) Buf text = {0};
    scripted_server_add(world->server,
                        (ScriptedAnswer){.body = "<ListBucketResult><IsTruncated>true"
                                                 "</IsTruncated><NextContinuationToken>t"
                                                 "</NextContinuationToken></ListBucketResult>",
                                         .only_for = "GET"});
    assert_int_equal(s3_list(world->aws, "my-bucket", "p", keep_key, &text, &err), ST_PROTOCOL);
}

/* --- Links and addresses --------------------------------------------------------------------- */

static void open_for_aws(World *world, AwsKeys keys) {
    Err err = {0};
    AwsOptions options = {.http = world->http, .keys = &keys, .region = "eu-central-1"};
    aws_close_at(&world->aws);
    assert_int_equal(aws_open(&options, &world->aws, &err), ST_OK);
}

static void buckets_are_addressed_by_host_or_by_path(void **state) {
    World *world = *state;
    Err err = {0};
    S3Address address;
    assert_int_equal(s3_address_init(world->aws, "bucket", "k", &address, &err), ST_OK);
    assert_string_equal(buf_text(&address.path), "/bucket/k");
    assert_string_equal(address.host_prefix, "");
    s3_address_done(&address);

    open_for_aws(world, (AwsKeys){.access_key_id = "AKID", .secret_key = "s"});
    assert_int_equal(s3_address_init(world->aws, "bucket", "a//../k", &address, &err), ST_OK);
    assert_string_equal(buf_text(&address.path), "/a//../k");
    assert_string_equal(address.host_prefix, "bucket.");
    s3_address_done(&address);
    assert_int_equal(s3_address_init(world->aws, "dotted.bucket", NULL, &address, &err), ST_OK);
    assert_string_equal(buf_text(&address.path), "/dotted.bucket");
    assert_string_equal(address.host_prefix, "");
    s3_address_done(&address);
}

static void links_live_no_longer_than_the_keys(void **state) {
    World *world = *state;
    Err err = {0};
    OWN(buf_done) Buf url = {0};
    int64_t until_ms = 0;
    int64_t now_ms = clock_now_ms();
    open_for_aws(world, (AwsKeys){.access_key_id = "AKID", .secret_key = "s"});
    assert_int_equal(s3_presign(world->aws, "bucket", "a b", 3600, &url, &until_ms, &err), ST_OK);
    assert_true(str_starts(buf_text(&url),
                           "https://bucket.s3.eu-central-1.amazonaws.com/a%20b?X-Amz-Algorithm="
                           "AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F"));
    assert_non_null(strstr(buf_text(&url), "&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&"));
    assert_in_range(until_ms - now_ms, 3600000, 3660000);
    assert_int_equal(s3_presign(world->aws, "bucket", "k", 9999999, &url, &until_ms, &err), ST_OK);
    assert_non_null(strstr(buf_text(&url), "&X-Amz-Expires=604800&"));
    assert_int_equal(s3_presign(world->aws, "bucket", "k", 0, &url, &until_ms, &err), ST_USAGE);

    AwsKeys session = {.access_key_id = "ASIA", .secret_key = "s", .session_token = "t/k"};
    session.expires_ms = now_ms + 100500;
    open_for_aws(world, session);
    assert_int_equal(s3_presign(world->aws, "bucket", "k", 3600, &url, &until_ms, &err), ST_OK);
    assert_in_range(until_ms, now_ms, session.expires_ms);
    assert_non_null(strstr(buf_text(&url), "&X-Amz-Security-Token=t%2Fk&"));
    session.expires_ms = now_ms - 1;
    open_for_aws(world, session);
    assert_int_equal(s3_presign(world->aws, "bucket", "k", 60, &url, &until_ms, &err), ST_EXPIRED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(an_object_is_put_from_memory),
        WORLD_TEST(an_object_is_put_from_a_file_and_sent_whole_again),
        WORLD_TEST(conditions_are_sent_and_conflicts_reported),
        WORLD_TEST(a_race_that_nobody_won_is_run_again),
        WORLD_TEST(wrong_names_are_not_even_asked),
        WORLD_TEST(an_object_comes_into_memory),
        WORLD_TEST(an_object_comes_into_a_file_whole),
        WORLD_TEST(a_failed_get_leaves_the_file_that_was_there),
        WORLD_TEST(head_and_delete),
        WORLD_TEST(a_list_goes_through_all_pages),
        WORLD_TEST(a_list_can_be_stopped),
        WORLD_TEST(lists_without_sense_are_refused),
        WORLD_TEST(buckets_are_addressed_by_host_or_by_path),
        WORLD_TEST(links_live_no_longer_than_the_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
