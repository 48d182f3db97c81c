/* SES: mails. */
#include "aws/aws_world.h"
#include "aws/call.h"
#include "aws/notify_world.h"
#include "aws/ses.h"
#include "base/mem.h"

static const char *const team[] = {"team@example.com", "Lead <lead@example.com>"};

static SesEmail good_email(void) {
    return (SesEmail){.from = "Config <config@example.com>",
                      .to_count = 2,
                      .to = team,
                      .subject = "Bericht: 3 neue \xe2\x80\x93 \"ä\"",
                      .text = "Zeile 1\nZeile 2"};
}

static void a_mail_is_sent(void **state) {
    World *world = *state;
    Err err = {0};
    char id[SES_MESSAGE_ID_SIZE];
    SesEmail email = good_email();
    world_answer(world, 200, "{\"MessageId\":\"id-1\"}");
    assert_int_equal(ses_send_email(world->aws, &email, id, &err), ST_OK);
    assert_string_equal(id, "id-1");
    assert_true(world_was_asked(world, 0, "POST /v2/email/outbound-emails HTTP/1.1\r\n"));
    assert_true(world_was_asked(world, 0, "/eu-west-1/ses/aws4_request"));
    assert_true(world_was_asked(world, 0, "\r\nContent-Type: application/json\r\n"));
    assert_true(world_was_asked(
        world, 0,
        "\r\n\r\n{\"FromEmailAddress\":\"Config <config@example.com>\",\"Destination\":"
        "{\"ToAddresses\":[\"team@example.com\",\"Lead <lead@example.com>\"]},"
        "\"Content\":{\"Simple\":{\"Subject\":{\"Data\":\"Bericht: 3 neue \xe2\x80\x93 \\\"ä\\\"\","
        "\"Charset\":\"UTF-8\"},\"Body\":{\"Text\":{\"Data\":\"Zeile 1\\nZeile 2\","
        "\"Charset\":\"UTF-8\"}}}}}"));
}

static void a_mail_may_have_more(void **state) {
    World *world = *state;
    Err err = {0};
    SesEmail email = good_email();
    const SesAttachment attachments[] = {
        {.file_name = "a \"b\".bin", .data = "\0\xff\x01", .size = 3, .content_type = "x/y"},
        {.file_name = "empty.txt", .data = "", .size = 0}};
    email.region = "us-west-2";
    email.html = "<b>x</b>";
    email.reply_to_count = 1;
    email.reply_to = team;
    email.configuration_set = "events";
    email.attachment_count = 2;
    email.attachments = attachments;
    world_answer(world, 200, "{\"MessageId\":\"id-1\"}");
    assert_int_equal(ses_send_email(world->aws, &email, NULL, &err), ST_OK);
    const char *parts[] = {
        "/us-west-2/ses/aws4_request",
        "\"ReplyToAddresses\":[\"team@example.com\"]",
        "\"ConfigurationSetName\":\"events\"",
        "\"Html\":{\"Data\":\"<b>x</b>\"",
        "\"Attachments\":[{\"FileName\":\"a \\\"b\\\".bin\",\"ContentDisposition\":\"ATTACHMENT\","
        "\"ContentTransferEncoding\":\"BASE64\",\"ContentType\":\"x/y\",\"RawContent\":\"AP8B\"}",
        "{\"FileName\":\"empty.txt\",\"ContentDisposition\":\"ATTACHMENT\","
        "\"ContentTransferEncoding\":\"BASE64\",\"RawContent\":\"\"}"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_true(world_was_asked(world, 0, parts[i]));
    }
}

static void expect_refused(World *world, const SesEmail *email, Status status) {
    Err err = {0};
    assert_int_equal(ses_send_email(world->aws, email, NULL, &err), status);
    assert_true(err.message[0] != '\0');
    assert_int_equal(scripted_server_requests(world->server), 0);
}

static void what_is_no_address_is_not_even_asked(void **state) {
    World *world = *state;
    const char *bad[] = {NULL,    "",       "nobody",          "@example.com",
                         "a@",    "A <a@>", "a@b\r\nBcc: c@d", "j\xc3\xb6rg@example.com",
                         "\xff@b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *list[] = {"good@example.com", bad[i]};
        SesEmail email = good_email();
        email.from = bad[i];
        expect_refused(world, &email, ST_USAGE);
        email = good_email();
        email.to = list;
        expect_refused(world, &email, ST_USAGE);
        email = good_email();
        email.reply_to = list;
        email.reply_to_count = 2;
        expect_refused(world, &email, ST_USAGE);
    }
    const char *many[SES_MAX_ADDRESSES + 1];
    for (size_t i = 0; i < SES_MAX_ADDRESSES + 1; i++) {
        many[i] = "a@example.com";
    }
    SesEmail email = good_email();
    email.to = many;
    email.to_count = SES_MAX_ADDRESSES + 1;
    expect_refused(world, &email, ST_USAGE);
    email.to_count = 0;
    expect_refused(world, &email, ST_USAGE);
}

static void what_makes_no_mail_is_not_even_asked(void **state) {
    World *world = *state;
    const char *subjects[] = {NULL, "", "two\r\nlines", "\xff"};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        SesEmail email = good_email();
        email.subject = subjects[i];
        expect_refused(world, &email, ST_USAGE);
    }
    SesEmail email = good_email();
    email.text = NULL;
    expect_refused(world, &email, ST_USAGE);
    email.html = "\xff";
    expect_refused(world, &email, ST_USAGE);
    email = good_email();
    email.configuration_set = "";
    expect_refused(world, &email, ST_USAGE);
    SesAttachment attachment = {.file_name = "", .data = "x", .size = 1};
    email = good_email();
    email.attachment_count = 1;
    email.attachments = &attachment;
    expect_refused(world, &email, ST_USAGE);
    attachment.file_name = "a\nb";
    expect_refused(world, &email, ST_USAGE);
    attachment.file_name = "a";
    attachment.content_type = "";
    expect_refused(world, &email, ST_USAGE);
}

/* Nothing of it is read before it is refused: there is nothing to read. */
static void too_large_a_mail_is_not_even_put_together(void **state) {
    World *world = *state;
    SesAttachment attachments[] = {{.file_name = "a", .size = SES_MAX_BYTES / 8 * 3},
                                   {.file_name = "b", .size = SES_MAX_BYTES / 8 * 3}};
    SesEmail email = good_email();
    email.attachment_count = 2;
    email.attachments = attachments;
    expect_refused(world, &email, ST_LIMIT);
    attachments[1].size = SIZE_MAX - 10;
    expect_refused(world, &email, ST_LIMIT);
}

static void failures_say_what_they_are(void **state) {
    World *world = *state;
    Err err = {0};
    SesEmail email = good_email();
    scripted_server_add(world->server,
                        (ScriptedAnswer){.status = 400,
                                         .headers = "x-amzn-ErrorType: MessageRejected\r\n",
                                         .body = "{\"message\":\"not verified\"}"});
    assert_int_equal(ses_send_email(world->aws, &email, NULL, &err), ST_REJECTED);
    assert_non_null(strstr(err.message, "email:SendEmail in eu-west-1: MessageRejected"));
    assert_non_null(strstr(err.hint, "sandbox"));
    world_answer(world, 429, "{\"__type\":\"TooManyRequestsException\"}");
    world_answer(world, 200, "{\"MessageId\":\"id\"}");
    assert_int_equal(ses_send_email(world->aws, &email, NULL, &err), ST_OK);
    world->aws->quota.tokens = 0;
    world_answer(world, 200, "{}");
    assert_int_equal(ses_send_email(world->aws, &email, NULL, &err), ST_PROTOCOL);
}

/* tests/e2e/test_notify.py looks at what came. */
static void a_real_server_takes_it(void **state) {
    (void)state;
    Err err = {0};
    Http *http = NULL;
    char id[SES_MESSAGE_ID_SIZE] = "";
    Aws *aws = NULL;
    open_notify_client(&http, &aws);
    OWN(mem_free_at) char *large = mem_alloc(3 << 20);
    const SesAttachment attachments[] = {
        {.file_name = "report.xlsx", .data = large, .size = 3 << 20, .content_type = "x/y"}};
    SesEmail email = good_email();
    email.region = "eu-west-1";
    email.html = "<b>x</b>";
    email.attachment_count = 1;
    email.attachments = attachments;
    assert_int_equal(ses_send_email(aws, &email, id, &err), ST_OK);
    assert_true(id[0] != '\0');
    aws_close(aws);
    http_close(http);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_mail_is_sent),
        WORLD_TEST(a_mail_may_have_more),
        WORLD_TEST(what_is_no_address_is_not_even_asked),
        WORLD_TEST(what_makes_no_mail_is_not_even_asked),
        WORLD_TEST(too_large_a_mail_is_not_even_put_together),
        WORLD_TEST(failures_say_what_they_are),
    };
    const struct CMUnitTest on_server[] = {cmocka_unit_test(a_real_server_takes_it)};
    return has_notify_server() ? cmocka_run_group_tests(on_server, NULL, NULL)
                               : cmocka_run_group_tests(tests, NULL, NULL);
}
