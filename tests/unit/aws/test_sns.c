/* SNS: messages to a topic. */
#include "aws/aws_world.h"
#include "aws/call.h"
#include "aws/notify_world.h"
#include "aws/sns.h"
#include "base/mem.h"

#define TOPIC "arn:aws:sns:eu-central-1:123456789012:weekly_report-1"
#define DONE                                                                                       \
    "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>"          \
    "<MessageId>id-1</MessageId></PublishResult></PublishResponse>"

static SnsMessage good_message(void) {
    return (SnsMessage){.topic_arn = TOPIC, .subject = "Report: 3 new", .text = "Zeile 1\nä & +%"};
}

static void a_message_is_published_in_the_region_of_its_topic(void **state) {
    World *world = *state;
    Err err = {0};
    char id[SNS_MESSAGE_ID_SIZE];
    SnsMessage message = good_message();
    world_answer(world, 200, DONE);
    assert_int_equal(sns_publish(world->aws, &message, id, &err), ST_OK);
    assert_string_equal(id, "id-1");
    assert_true(world_was_asked(world, 0, "POST / HTTP/1.1\r\n"));
    assert_true(world_was_asked(world, 0, "/eu-central-1/sns/aws4_request"));
    assert_true(world_was_asked(
        world, 0, "\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"));
    assert_true(world_was_asked(
        world, 0,
        "\r\n\r\nAction=Publish&Version=2010-03-31&TopicArn=arn%3Aaws%3Asns%3Aeu-central-1%3A"
        "123456789012%3Aweekly_report-1&Subject=Report%3A%203%20new&"
        "Message=Zeile%201%0A%C3%A4%20%26%20%2B%25"));
    message.subject = NULL;
    world_answer(world, 200, DONE);
    assert_int_equal(sns_publish(world->aws, &message, NULL, &err), ST_OK);
    assert_false(world_was_asked(world, 1, "Subject"));
}

static void expect_refused(World *world, SnsMessage message) {
    Err err = {0};
    assert_int_equal(sns_publish(world->aws, &message, NULL, &err), ST_USAGE);
    assert_true(err.message[0] != '\0');
    assert_int_equal(scripted_server_requests(world->server), 0);
}

static void what_is_no_topic_is_not_even_asked(void **state) {
    World *world = *state;
    const char *arns[] = {NULL,
                          "",
                          "topic",
                          "arn:aws:sns:eu-west-1:123456789012:",
                          "arn:aws:sns:eu-west-1:123456789012:a b",
                          "arn:aws:sns:eu-west-1:12345678901:t",
                          "arn:aws:sns:nowhere:123456789012:t",
                          "arn:aws:sqs:eu-west-1:123456789012:t",
                          "arn:other:sns:eu-west-1:123456789012:t",
                          "arn:aws:sns:eu-west-1:123456789012:t:subscription",
                          "arn:aws:sns:eu-west-1-and-what-more-there-may-be:123456789012:t"};
    for (size_t i = 0; i < sizeof arns / sizeof *arns; i++) {
        SnsMessage message = good_message();
        message.topic_arn = arns[i];
        expect_refused(world, message);
    }
}

static void what_is_no_subject_is_not_even_asked(void **state) {
    World *world = *state;
    char long_one[SNS_SUBJECT_MAX + 2];
    memset(long_one, 'x', sizeof long_one);
    long_one[SNS_SUBJECT_MAX + 1] = '\0';
    const char *subjects[] = {"", " blank first", "two\nlines", "tab\there", "\xc3\xa4", long_one};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        SnsMessage message = good_message();
        message.subject = subjects[i];
        expect_refused(world, message);
    }
    Err err = {0};
    SnsMessage message = good_message();
    long_one[SNS_SUBJECT_MAX] = '\0';
    message.subject = long_one;
    world_answer(world, 200, DONE);
    assert_int_equal(sns_publish(world->aws, &message, NULL, &err), ST_OK);
}

static void a_text_has_its_limits(void **state) {
    World *world = *state;
    OWN(mem_free_at) char *text = mem_alloc(SNS_TEXT_MAX_BYTES + 2);
    SnsMessage message = good_message();
    memset(text, 'x', SNS_TEXT_MAX_BYTES + 1);
    message.text = text;
    expect_refused(world, message);
    message.text = NULL;
    expect_refused(world, message);
    message.text = "";
    expect_refused(world, message);
    message.text = "\xff";
    expect_refused(world, message);
    Err err = {0};
    text[SNS_TEXT_MAX_BYTES] = '\0';
    message.text = text;
    world_answer(world, 200, DONE);
    assert_int_equal(sns_publish(world->aws, &message, NULL, &err), ST_OK);
}

static void failures_say_what_they_are(void **state) {
    World *world = *state;
    Err err = {0};
    SnsMessage message = good_message();
    world_answer(world, 404, "<ErrorResponse><Error><Code>NotFound</Code></Error></ErrorResponse>");
    assert_int_equal(sns_publish(world->aws, &message, NULL, &err), ST_NOT_FOUND);
    assert_non_null(strstr(err.message, "sns:Publish in eu-central-1"));
    world_answer(world, 403,
                 "<ErrorResponse><Error><Code>AuthorizationError</Code></Error></ErrorResponse>");
    assert_int_equal(sns_publish(world->aws, &message, NULL, &err), ST_DENIED);
    world->aws->quota.tokens = 0;
    world_answer(world, 200, "<PublishResponse/>");
    assert_int_equal(sns_publish(world->aws, &message, NULL, &err), ST_PROTOCOL);
}

static void a_throttled_message_is_sent_again(void **state) {
    World *world = *state;
    Err err = {0};
    SnsMessage message = good_message();
    world_answer(world, 400,
                 "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>");
    world_answer(world, 200, DONE);
    assert_int_equal(sns_publish(world->aws, &message, NULL, &err), ST_OK);
    assert_int_equal(scripted_server_requests(world->server), 2);
}

/* tests/e2e/test_notify.py looks at what came. */
static void a_real_server_takes_it(void **state) {
    (void)state;
    Err err = {0};
    Http *http = NULL;
    char id[SNS_MESSAGE_ID_SIZE] = "";
    Aws *aws = NULL;
    open_notify_client(&http, &aws);
    SnsMessage message = {.topic_arn = "arn:aws:sns:eu-west-1:123456789012:weekly",
                          .subject = "Report: 3 new",
                          .text = "Zeile 1\n\xc3\xa4 & +%\n\xe2\x82\xac"};
    assert_int_equal(sns_publish(aws, &message, id, &err), ST_OK);
    assert_true(id[0] != '\0');
    aws_close(aws);
    http_close(http);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_message_is_published_in_the_region_of_its_topic),
        WORLD_TEST(what_is_no_topic_is_not_even_asked),
        WORLD_TEST(what_is_no_subject_is_not_even_asked),
        WORLD_TEST(a_text_has_its_limits),
        WORLD_TEST(failures_say_what_they_are),
        WORLD_TEST(a_throttled_message_is_sent_again),
    };
    const struct CMUnitTest on_server[] = {cmocka_unit_test(a_real_server_takes_it)};
    return has_notify_server() ? cmocka_run_group_tests(on_server, NULL, NULL)
                               : cmocka_run_group_tests(tests, NULL, NULL);
}
