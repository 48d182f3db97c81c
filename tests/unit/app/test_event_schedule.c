#include "event_world.h"

#define RULE                                                                                       \
    "{\"version\": \"0\", \"id\": \"89d1a02d-5ec7-412e-82f5-13505f849b41\","                       \
    " \"detail-type\": \"Scheduled Event\", \"source\": \"aws.events\","                           \
    " \"account\": \"123456789012\", \"time\": \"2026-11-22T23:59:59Z\","                          \
    " \"region\": \"eu-west-1\","                                                                  \
    " \"resources\": [\"arn:aws:events:eu-west-1:123456789012:rule/weekly\"], \"detail\": {}}"

static void assert_day(const char *text, EventMode mode, const char *group_id, const char *date) {
    OWN(event_done) Event event = {0};
    parse(text, &event);
    assert_int_equal(event.mode, mode);
    assert_string_equal(event.group_id, group_id);
    assert_string_equal(event.date, date);
    assert_false(event.is_of_s3);
}

static void a_rule_runs_for_the_day_of_its_time(void **state) {
    (void)state;
    assert_day(RULE, EVENT_RUN, "2026-11-22", "2026-11-22");
}

static void the_scheduler_without_input_does_the_same(void **state) {
    (void)state;
    assert_day("{\"version\": \"0\", \"id\": \"x\", \"detail-type\": \"Scheduled Event\","
               " \"source\": \"aws.scheduler\", \"account\": \"123456789012\","
               " \"time\": \"2026-11-22T06:00:00Z\", \"region\": \"eu-west-1\","
               " \"resources\": [\"arn:aws:scheduler:eu-west-1:123456789012:schedule/d/w\"],"
               " \"detail\": \"{}\"}",
               EVENT_RUN, "2026-11-22", "2026-11-22");
    assert_day("{\"source\": \"aws.scheduler\", \"time\": \"2026-11-22T06:00:00Z\"}", EVENT_RUN,
               "2026-11-22", "2026-11-22");
}

static void the_input_of_the_scheduler_names_mode_and_time(void **state) {
    (void)state;
    assert_day("{\"mode\": \"plan\", \"time\": \"2026-11-22T06:00:00Z\"}", EVENT_PLAN, "2026-11-22",
               "2026-11-22");
    assert_day("{\"mode\": \"run\", \"time\": \"2026-11-22T06:00:00.123Z\"}", EVENT_RUN,
               "2026-11-22", "2026-11-22");
}

static void the_event_may_name_the_run_besides(void **state) {
    (void)state;
    assert_day("{\"mode\": \"plan\", \"time\": \"2026-11-22T06:00:00Z\", \"group_id\": \"g\"}",
               EVENT_PLAN, "g", "2026-11-22");
    assert_day("{\"mode\": \"plan\", \"time\": \"2026-11-22T06:00:00Z\", \"date\": \"2026-11-21\"}",
               EVENT_PLAN, "2026-11-21", "2026-11-21");
}

static void the_function_says_what_its_schedule_means(void **state) {
    (void)state;
    const EventDefaults defaults = {EVENT_REPORT, EVENT_PLAN};
    OWN(event_done) Event event = {0};
    Err err;
    assert_int_equal(event_parse(RULE, strlen(RULE), &defaults, &event, &err), ST_OK);
    assert_int_equal(event.mode, EVENT_PLAN);
}

static void a_bad_schedule_is_named(void **state) {
    (void)state;
    static const BadEvent bad[] = {
        {"{\"detail-type\": \"Scheduled Event\", \"source\": \"aws.events\"}", "time"},
        {"{\"detail-type\": \"Scheduled Event\", \"time\": 1}", "time"},
        {"{\"detail-type\": \"Scheduled Event\", \"time\": \"2026-11-22\"}", "time"},
        {"{\"mode\": \"plan\", \"time\": \"<aws.scheduler.scheduled-time>\"}", "time"},
        {"{\"mode\": \"plan\", \"time\": 5}", "time"},
        {"{\"source\": \"aws.scheduler\"}", "time"},
        {"{\"detail-type\": \"Scheduled Event\", \"time\": \"2026-11-22T06:00:00Z\","
         " \"detail\": 3}",
         "detail"},
        {"{\"detail-type\": \"EC2 Instance State-change Notification\", \"source\": \"aws.ec2\"}",
         "detail-type"},
        {"{\"detail-type\": 7}", "detail-type"},
        {"{\"detail-type\": \"Scheduled Event\", \"time\": \"2026-11-22T06:00:00Z\","
         " \"mode\": \"all\"}",
         "mode"},
    };
    assert_all_refused(bad, sizeof bad / sizeof bad[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_runs_for_the_day_of_its_time),
        cmocka_unit_test(the_scheduler_without_input_does_the_same),
        cmocka_unit_test(the_input_of_the_scheduler_names_mode_and_time),
        cmocka_unit_test(the_event_may_name_the_run_besides),
        cmocka_unit_test(the_function_says_what_its_schedule_means),
        cmocka_unit_test(a_bad_schedule_is_named),
    };
    log_configure(LOG_ERROR, LOG_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
