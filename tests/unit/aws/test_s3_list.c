/* Lists, through all their pages. */
#include "aws/s3_world.h"

static Status keep_key(void *context, const char *key, int64_t bytes, Err *err) {
    Buf *text = context;
    buf_printf(text, "%s=%lld\n", key, (long long)bytes);
    return str_equal(key, "stop") ? err_set(err, ST_NOTHING, "stopped") : ST_OK;
}

static void a_list_goes_through_all_pages(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(buf_done) Buf text = {0};
    s3_world_answer(
        world, 200,
        "<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType>"
        "<IsTruncated>true</IsTruncated><NextContinuationToken>t/1=</NextContinuationToken>"
        "<Contents><Key>a/b+c%2B%C3%A4</Key><Size>5</Size></Contents>"
        "<Contents><Key>b</Key><Size>0</Size></Contents></ListBucketResult>");
    s3_world_answer(world, 200,
                    "<ListBucketResult><IsTruncated>true</IsTruncated>"
                    "<NextContinuationToken>t2</NextContinuationToken></ListBucketResult>");
    s3_world_answer(world, 200,
                    "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>c%41+</Key>"
                    "<Size>5368709120</Size></Contents></ListBucketResult>");
    assert_int_equal(s3_list(world->s3, "a b/", keep_key, &text, &err), ST_OK);
    assert_string_equal(buf_text(&text), "a/b c+\xc3\xa4=5\nb=0\nc%41+=5368709120\n");
    assert_true(s3_world_was_asked(
        world, 0, "GET /my-bucket?encoding-type=url&list-type=2&prefix=a%20b%2F HTTP/1.1\r\n"));
    assert_true(s3_world_was_asked(world, 1,
                                   "GET /my-bucket?continuation-token=t%2F1%3D&encoding-type=url&"
                                   "list-type=2&prefix=a%20b%2F HTTP/1.1\r\n"));
}

static void a_list_can_be_stopped(void **state) {
    S3World *world = *state;
    Err err = {0};
    OWN(buf_done) Buf text = {0};
    s3_world_answer(world, 200,
                    "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t"
                    "</NextContinuationToken><Contents><Key>stop</Key><Size>1</Size></Contents>"
                    "<Contents><Key>b</Key><Size>0</Size></Contents></ListBucketResult>");
    assert_int_equal(s3_list(world->s3, "", keep_key, &text, &err), ST_NOTHING);
    assert_string_equal(buf_text(&text), "stop=1\n");
    assert_int_equal(s3_world_requests(world), 1);
}

static void lists_without_sense_are_refused(void **state) {
    S3World *world = *state;
    const char *bodies[] = {
        "",
        "<Something/>",
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
        s3_world_lose_patience(world);
        s3_world_answer(world, 200, bodies[i]);
        Status status = s3_list(world->s3, "p", keep_key, &text, &err);
        if (status != ST_PROTOCOL || text.size != 0) {
            fail_msg("%s gives %s", bodies[i], status_word(status));
        }
    }
    Err err = {0};
    OWN(buf_done) Buf text = {0};
    s3_world_script(world, (ScriptedAnswer){.body = "<ListBucketResult><IsTruncated>true"
                                                    "</IsTruncated><NextContinuationToken>t"
                                                    "</NextContinuationToken></ListBucketResult>",
                                            .only_for = "GET"});
    assert_int_equal(s3_list(world->s3, "p", keep_key, &text, &err), ST_PROTOCOL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        S3_TEST(a_list_goes_through_all_pages),
        S3_TEST(a_list_can_be_stopped),
        S3_TEST(lists_without_sense_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
