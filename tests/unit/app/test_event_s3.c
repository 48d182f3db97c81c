#include "event_world.h"

#define STORE "s3://bucket/some where"

#define RECORD(name, bucket, key)                                                                  \
    "{\"eventVersion\": \"2.1\", \"eventSource\": \"aws:s3\", \"awsRegion\": \"eu-west-1\","       \
    " \"eventTime\": \"2026-11-22T06:00:00.000Z\", \"eventName\": \"" name "\", \"s3\":"           \
    " {\"s3SchemaVersion\": \"1.0\", \"bucket\": {\"name\": \"" bucket "\"},"                      \
    " \"object\": {\"key\": \"" key "\", \"size\": 1}}}"
#define CREATED(key) RECORD("ObjectCreated:Put", "bucket", key)

#define EVENTBRIDGE(type, bucket, key)                                                             \
    "{\"version\": \"0\", \"id\": \"x\", \"detail-type\": \"" type "\", \"source\": \"aws.s3\","   \
    " \"account\": \"123456789012\", \"time\": \"2026-11-22T06:00:00Z\","                          \
    " \"region\": \"eu-west-1\", \"resources\": [\"arn:aws:s3:::bucket\"], \"detail\":"            \
    " {\"version\": \"0\", \"bucket\": {\"name\": \"" bucket "\"},"                                \
    " \"object\": {\"key\": \"" key "\", \"size\": 1}, \"reason\": \"PutObject\"}}"

static void find(const char *text, EventRuns *runs) {
    OWN(event_done) Event event = {0};
    Err err = {0};
    parse(text, &event);
    assert_true(event.is_of_s3);
    assert_int_equal(event.mode, EVENT_REPORT);
    Status status = event_find_runs(&event, STORE, runs, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ST_OK);
}

static void s3_encodes_keys_as_a_form_does(void **state) {
    (void)state;
    OWN(event_runs_done) EventRuns runs = {0};
    find("{\"Records\": [" CREATED("some+where/raw/config-rules-2026%2D11-22.csv") "]}", &runs);
    assert_int_equal(runs.count, 1);
    assert_string_equal(runs.items[0].group_id, "2026-11-22");
    assert_null(runs.items[0].or_group_id);
    assert_int_equal(runs.ignored_count, 0);
}

static void eventbridge_leaves_keys_as_they_are(void **state) {
    (void)state;
    OWN(event_runs_done) EventRuns runs = {0};
    OWN(event_runs_done) EventRuns encoded = {0};
    find(EVENTBRIDGE("Object Created", "bucket", "some where/history/compliance-g.2.db"), &runs);
    assert_int_equal(runs.count, 1);
    assert_string_equal(runs.items[0].group_id, "g.2");
    assert_string_equal(runs.items[0].or_group_id, "g");
    find(EVENTBRIDGE("Object Created", "bucket", "some+where/history/compliance-g.2.db"), &encoded);
    assert_int_equal(encoded.count, 0);
    assert_int_equal(encoded.ignored_count, 1);
}

static void records_of_one_run_are_one_report(void **state) {
    (void)state;
    OWN(event_runs_done) EventRuns runs = {0};
    find(
        "{\"Records\": [" CREATED("some+where/raw/config-rules-2026-11-22.csv") "," CREATED(
            "some+where/history/compliance-2026-11-22.db") "," CREATED("some+where/raw/"
                                                                       "config-rules-2026-11-22_g."
                                                                       "csv") "," CREATED("some+"
                                                                                          "where/"
                                                                                          "raw/"
                                                                                          "config-"
                                                                                          "rules-"
                                                                                          "2026-"
                                                                                          "11-22."
                                                                                          "csv") "]"
                                                                                                 "}",
        &runs);
    assert_int_equal(runs.count, 2);
    assert_string_equal(runs.items[0].group_id, "2026-11-22");
    assert_string_equal(runs.items[1].group_id, "g");
}

static void other_keys_of_ours_are_ignored_by_name(void **state) {
    (void)state;
    static const char *const keys[] = {
        "some where/history/latest.json", "some where/reports/ConfigRule_2026-11-22.xlsx",
        "raw/config-rules-2026-11-22.csv", "some where_raw/config-rules-2026-11-22.csv",
        "some where/raw/config-rules-2026-11-22.csv"};
    static const char *const records[] = {
        CREATED("some+where/history/latest.json"),
        CREATED("some+where/reports/ConfigRule_2026-11-22.xlsx"),
        CREATED("raw/config-rules-2026-11-22.csv"),
        CREATED("some+where_raw/config-rules-2026-11-22.csv"),
        RECORD("ObjectRemoved:Delete", "bucket", "some+where/raw/config-rules-2026-11-22.csv"),
    };
    OWN(buf_done) Buf text = {0};
    OWN(event_runs_done) EventRuns runs = {0};
    buf_puts(&text, "{\"Records\": [");
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        buf_printf(&text, "%s%s", i == 0 ? "" : ",", records[i]);
    }
    buf_puts(&text, "]}");
    find(buf_text(&text), &runs);
    assert_int_equal(runs.count, 0);
    assert_int_equal(runs.ignored_count, sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < runs.ignored_count; i++) {
        assert_string_equal(runs.ignored[i].key, keys[i]);
        assert_true(strlen(runs.ignored[i].why) > 10);
    }
}

static void what_eventbridge_says_of_a_deletion_is_ignored(void **state) {
    (void)state;
    OWN(event_runs_done) EventRuns runs = {0};
    find(EVENTBRIDGE("Object Deleted", "bucket", "some where/history/compliance-g.db"), &runs);
    assert_int_equal(runs.count, 0);
    assert_int_equal(runs.ignored_count, 1);
}

static void the_test_event_means_nothing(void **state) {
    (void)state;
    OWN(event_runs_done) EventRuns runs = {0};
    find("{\"Service\": \"Amazon S3\", \"Event\": \"s3:TestEvent\","
         " \"Time\": \"2026-11-22T06:00:00.000Z\", \"Bucket\": \"bucket\","
         " \"RequestId\": \"5582815E1AEA5ADF\", \"HostId\": \"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3e\"}",
         &runs);
    assert_int_equal(runs.count, 0);
    assert_int_equal(runs.ignored_count, 0);
}

static void assert_other_bucket(const char *text, const char *store, const char *names) {
    OWN(event_done) Event event = {0};
    EventRuns runs = {0};
    Err err = {0};
    parse(text, &event);
    assert_int_equal(event_find_runs(&event, store, &runs, &err), ST_EVENT);
    assert_non_null(strstr(err.message, names));
    assert_int_equal(runs.count, 0);
}

static void another_bucket_is_refused(void **state) {
    (void)state;
    assert_other_bucket("{\"Records\": [" CREATED("raw/config-rules-2026-11-22.csv") "," RECORD(
                            "ObjectCreated:Put", "other", "x") "]}",
                        "s3://bucket", "Records[1].s3.bucket.name");
    assert_other_bucket(EVENTBRIDGE("Object Created", "buckets", "x"), "s3://bucket/p",
                        "detail.bucket.name");
    assert_other_bucket(EVENTBRIDGE("Object Created", "bucke", "x"), "s3://bucket",
                        "detail.bucket.name");
    assert_other_bucket(EVENTBRIDGE("Object Created", "bucket", "x"), "./bucket",
                        "detail.bucket.name");
}

static void a_bad_event_of_s3_is_named(void **state) {
    (void)state;
    static const BadEvent bad[] = {
        {"{\"Records\": {}}", "Records"},
        {"{\"Records\": []}", "Records"},
        {"{\"Records\": [1]}", "Records[0]"},
        {"{\"Records\": [{\"eventSource\": \"aws:sqs\"}]}", "Records[0].eventSource"},
        {"{\"Records\": [{\"eventSource\": \"aws:s3\"}]}", "Records[0].eventName"},
        {"{\"Records\": [{\"eventSource\": \"aws:s3\", \"eventName\": \"ObjectCreated:Put\"}]}",
         "Records[0].s3.bucket.name"},
        {"{\"Records\": [" CREATED("x") "," RECORD("ObjectCreated:Put", "", "x") "]}",
         "Records[1].s3.bucket.name"},
        {"{\"Records\": [" CREATED("") "]}", "Records[0].s3.object.key"},
        {"{\"Records\": [" CREATED("a%zz") "]}", "Records[0].s3.object.key"},
        {"{\"Records\": [" CREATED("a%00b") "]}", "Records[0].s3.object.key"},
        {"{\"Records\": [" CREATED("a%FFb") "]}", "Records[0].s3.object.key"},
        {"{\"Records\": [" CREATED("../raw/config-rules-2026-11-22.csv") "]}",
         "Records[0].s3.object.key"},
        {"{\"Records\": [" CREATED("raw/%2E%2e%2fx") "]}", "Records[0].s3.object.key"},
        {"{\"Records\": [" CREATED("raw/..") "]}", "Records[0].s3.object.key"},
        {EVENTBRIDGE("Object Created", "bucket", "raw/../x"), "detail.object.key"},
        {EVENTBRIDGE("Object Created", "", "x"), "detail.bucket.name"},
        {"{\"source\": \"aws.s3\", \"detail-type\": \"Object Created\"}", "detail.bucket.name"},
        {"{\"source\": \"aws.s3\", \"detail-type\": \"Object Created\", \"detail\": \"{}\"}",
         "detail.bucket.name"},
        {"{\"source\": \"aws.s3\"}", "detail-type"},
    };
    assert_all_refused(bad, sizeof bad / sizeof bad[0]);
}

static void dots_that_do_not_climb_are_fine(void **state) {
    (void)state;
    OWN(event_runs_done) EventRuns runs = {0};
    find("{\"Records\": [" CREATED("a..b/...%2Fx") "]}", &runs);
    assert_string_equal(runs.ignored[0].key, "a..b/.../x");
}

static void refuses_more_than_1000_records(void **state) {
    (void)state;
    OWN(buf_done) Buf text = {0};
    Event event = {0};
    Err err = {0};
    buf_puts(&text, "{\"Records\": [");
    for (int i = 0; i <= EVENT_MAX_RECORDS; i++) {
        buf_printf(&text, "%s%s", i == 0 ? "" : ",", CREATED("x"));
    }
    buf_puts(&text, "]}");
    assert_int_equal(event_parse(text.data, text.size, &event_defaults, &event, &err), ST_EVENT);
    assert_non_null(strstr(err.message, "Records"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s3_encodes_keys_as_a_form_does),
        cmocka_unit_test(eventbridge_leaves_keys_as_they_are),
        cmocka_unit_test(records_of_one_run_are_one_report),
        cmocka_unit_test(other_keys_of_ours_are_ignored_by_name),
        cmocka_unit_test(what_eventbridge_says_of_a_deletion_is_ignored),
        cmocka_unit_test(the_test_event_means_nothing),
        cmocka_unit_test(another_bucket_is_refused),
        cmocka_unit_test(a_bad_event_of_s3_is_named),
        cmocka_unit_test(dots_that_do_not_climb_are_fine),
        cmocka_unit_test(refuses_more_than_1000_records),
    };
    log_configure(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
