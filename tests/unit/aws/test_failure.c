/* What error answers mean. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "aws/failure.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

static void codes_are_taken_from_what_is_around_them(void **state) {
    (void)state;
    const struct {
        const char *given;
        const char *code;
    } cases[] = {
        {"ThrottlingException", "ThrottlingException"},
        {"com.amazonaws.config#ThrottlingException", "ThrottlingException"},
        {"ThrottlingException:http://internal.amazon.com/coral/", "ThrottlingException"},
        {"a.b#Code:http://x/#fragment", "Code"},
        {"", ""},
        {"#", ""},
        {":", ""},
        {"Co\x1b[31mde", "Co [31mde"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char code[32];
        failure_copy_code(code, sizeof code, cases[i].given);
        assert_string_equal(code, cases[i].code);
    }
}

static void answers_are_classified(void **state) {
    (void)state;
    const struct {
        int http_status;
        const char *code;
        Status status;
    } cases[] = {
        {200, NULL, ST_OK},
        {204, "Whatever", ST_OK},
        {400, "ThrottlingException", ST_THROTTLED},
        {400, "x#TooManyRequestsException:y", ST_THROTTLED},
        {503, "SlowDown", ST_THROTTLED},
        {429, NULL, ST_THROTTLED},
        {400, "RequestTimeout", ST_SERVER},
        {400, "IDPCommunicationError", ST_SERVER},
        {500, NULL, ST_SERVER},
        {502, "", ST_SERVER},
        {503, "ServiceUnavailable", ST_SERVER},
        {504, NULL, ST_SERVER},
        {501, "NotImplemented", ST_REJECTED},
        {400, "ExpiredToken", ST_EXPIRED},
        {400, "ExpiredTokenException", ST_EXPIRED},
        {400, "RequestExpired", ST_EXPIRED},
        {403, "InvalidClientTokenId", ST_CREDENTIALS},
        {400, "UnrecognizedClientException", ST_CREDENTIALS},
        {403, "SignatureDoesNotMatch", ST_CREDENTIALS},
        {403, "InvalidAccessKeyId", ST_CREDENTIALS},
        {403, "MissingAuthenticationToken", ST_CREDENTIALS},
        {400, "MissingAuthenticationTokenException", ST_CREDENTIALS},
        {403, "RequestTimeTooSkewed", ST_CREDENTIALS},
        {401, NULL, ST_CREDENTIALS},
        {400, "AccessDeniedException", ST_DENIED},
        {403, "AccessDenied", ST_DENIED},
        {403, "RegionDisabledException", ST_DENIED},
        {403, "OptInRequired", ST_DENIED},
        {403, "UnauthorizedOperation", ST_DENIED},
        {403, NULL, ST_DENIED},
        {404, NULL, ST_NOT_FOUND},
        {404, "NoSuchKey", ST_NOT_FOUND},
        {400, "NoSuchConfigRuleException", ST_NOT_FOUND},
        {412, "PreconditionFailed", ST_CONFLICT},
        {412, NULL, ST_CONFLICT},
        {409, "ConditionalRequestConflict", ST_CONFLICT},
        {400, "ValidationException", ST_REJECTED},
        {301, "PermanentRedirect", ST_REJECTED},
        {400, NULL, ST_REJECTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Status status = aws_classify(cases[i].http_status, cases[i].code);
        if (status != cases[i].status) {
            fail_msg("%d %s: %s, not %s", cases[i].http_status,
                     cases[i].code == NULL ? "" : cases[i].code, status_word(status),
                     status_word(cases[i].status));
        }
    }
}

static void text_from_outside_is_cleaned_and_cut(void **state) {
    (void)state;
    char text[16];
    failure_copy_clean(text, sizeof text,
                       "a\nb\x7f\xc2\x85"
                       "c\xff"
                       "d\xc3\xa9");
    assert_string_equal(text, "a b  c?d\xc3\xa9");
    failure_copy_clean(text, sizeof text, "0123456789abcdefghijklmnop");
    assert_true(strlen(text) < sizeof text);
    for (size_t pad = 0; pad < 16; pad++) {
        char long_text[64] = {0};
        memset(long_text, 'x', pad);
        strcat(long_text, "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
        failure_copy_clean(text, sizeof text, long_text);
        assert_int_equal(str_valid_utf8(text, strlen(text)), strlen(text));
    }
}

/* --- Whole answers --------------------------------------------------------------------------- */

static Err failure_of(AwsService service, const char *operation, int status, const char *headers,
                      const char *body) {
    Err err = {0};
    OWN(buf_done) Buf lines = {0};
    buf_printf(&lines, "HTTP/1.1 %d X\r\n%s\r\n", status, headers);
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = service;
    request.operation = operation;
    request.target = (AwsTarget){.account_id = "", .region = "eu-west-1"};
    HttpAnswer answer = {
        .status = status, .body = body, .body_size = strlen(body), .header_lines = &lines};
    assert_int_not_equal(failure_from_answer(&request, &answer, &err), ST_OK);
    return err;
}

static void documents_of_the_query_services_are_read(void **state) {
    (void)state;
    Err err = failure_of(
        AWS_STS, "AssumeRole", 403, "x-amzn-RequestId: from-header\r\n",
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender"
        "</Type><Code>AccessDenied</Code><Message>User: a is not authorized</Message></Error>"
        "<RequestId>from-body</RequestId></ErrorResponse>");
    assert_int_equal(err.status, ST_DENIED);
    assert_string_equal(err.message, "sts:AssumeRole in eu-west-1: AccessDenied: User: a is not "
                                     "authorized");
    assert_string_equal(err.request_id, "from-header");
    assert_non_null(strstr(err.hint, "trust policy"));
}

static void documents_of_s3_are_read(void **state) {
    (void)state;
    Err err = failure_of(AWS_S3, "GetObject", 404, "",
                         "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>"
                         "<Message>The specified key does not exist.</Message><Key>a</Key>"
                         "<RequestId>4442587FB7D0A2F9</RequestId></Error>");
    assert_int_equal(err.status, ST_NOT_FOUND);
    assert_string_equal(err.code, "NoSuchKey");
    assert_string_equal(err.request_id, "4442587FB7D0A2F9");
}

static void a_bucket_elsewhere_is_said_to_be_there(void **state) {
    (void)state;
    Err by_body = failure_of(AWS_S3, "PutObject", 400, "",
                             "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong"
                             "</Message><Region>us-west-2</Region></Error>");
    assert_non_null(strstr(by_body.hint, "us-west-2"));
    Err by_header =
        failure_of(AWS_S3, "HeadObject", 301, "x-amz-bucket-region: ap-south-1\r\n", "");
    assert_non_null(strstr(by_header.hint, "ap-south-1"));
    assert_non_null(strstr(by_header.message, "HTTP status 301"));
}

static void the_code_in_the_header_wins(void **state) {
    (void)state;
    Err err = failure_of(AWS_CONFIG, "DescribeConfigRules", 400,
                         "x-amzn-ErrorType: ThrottlingException:http://x/\r\n",
                         "{\"__type\":\"Other\",\"message\":\"slow down\"}");
    assert_int_equal(err.status, ST_THROTTLED);
    assert_string_equal(err.code, "ThrottlingException");
}

static void hints_say_what_to_do(void **state) {
    (void)state;
    Err err = failure_of(AWS_ORGANIZATIONS, "ListAccounts", 400, "",
                         "{\"__type\":\"AccessDeniedException\",\"Message\":\"no\"}");
    assert_non_null(strstr(err.hint, "delegated administrator"));
    err = failure_of(AWS_STS, "GetCallerIdentity", 403, "",
                     "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error>"
                     "</ErrorResponse>");
    assert_non_null(strstr(err.hint, "AWS_SECRET_ACCESS_KEY"));
    err = failure_of(AWS_STS, "GetCallerIdentity", 403, "",
                     "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature "
                     "not yet current: 2026 is still later than 2025</Message></Error>"
                     "</ErrorResponse>");
    assert_non_null(strstr(err.hint, "clock"));
    err = failure_of(AWS_STS, "AssumeRole", 403, "",
                     "<ErrorResponse><Error><Code>RegionDisabledException</Code></Error>"
                     "</ErrorResponse>");
    assert_non_null(strstr(err.hint, "not turned this region"));
}

static void any_body_gives_a_failure(void **state) {
    (void)state;
    const char *bodies[] = {"",
                            "{",
                            "[]",
                            "{}",
                            "null",
                            "{\"__type\":5,\"message\":[]}",
                            "<",
                            "<a/>",
                            "<Error/>",
                            "<Error><Code/></Error>",
                            "<html><body>Bad gateway</body></html>",
                            "\xff\xfe",
                            "<!DOCTYPE a [<!ENTITY b \"c\">]><Error><Code>&b;</Code></Error>"};
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        Err err = failure_of(AWS_CONFIG, "X", 400, "", bodies[i]);
        bool has_body = bodies[i][0] != '\0';
        assert_int_equal(err.status, has_body ? ST_FOREIGN : ST_REJECTED);
        assert_non_null(strstr(err.message, "config:X in eu-west-1: "));
        assert_non_null(strstr(err.message, "HTTP status 400"));
    }
}

static void long_messages_are_cut(void **state) {
    (void)state;
    OWN(buf_done) Buf body = {0};
    buf_puts(&body, "{\"__type\":\"A\",\"message\":\"");
    for (int i = 0; i < 100000; i++) {
        buf_puts(&body, "x");
    }
    buf_puts(&body, "\"}");
    Err err = failure_of(AWS_CONFIG, "X", 400, "", buf_text(&body));
    assert_in_range(strlen(err.message), 100, sizeof err.message - 1);
}

static Status answered(int http_status, const char *headers, const char *body, Err *err) {
    OWN(buf_done) Buf lines = {0};
    buf_puts(&lines, headers);
    const AwsRequest request = {.service = AWS_STS,
                                .operation = "AssumeRole",
                                .target = {.account_id = "123456789012", .region = "eu-west-1"}};
    const HttpAnswer answer = {
        .status = http_status, .body = body, .body_size = strlen(body), .header_lines = &lines};
    return failure_from_answer(&request, &answer, err);
}

static void what_is_not_in_the_form_of_aws_is_no_denial(void **state) {
    (void)state;
    static const struct {
        int http_status;
        const char *body;
    } foreign[] = {
        {403, "<html><h1>Blocked by policy</h1></html>"}, {403, "Forbidden"},
        {404, "{\"error\": \"no such page\"}"},           {302, ""},
        {307, "<!DOCTYPE html><title>Log in</title>"},    {401, "<Html>Proxy login</Html>"},
    };
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        Err err = {0};
        assert_int_equal(answered(foreign[i].http_status, "", foreign[i].body, &err), ST_FOREIGN);
        assert_non_null(strstr(err.message, "not AWS that answers"));
        assert_string_equal(err.code, "NotAws");
        assert_string_equal(err.account, "123456789012");
        assert_int_equal(err.http_status, foreign[i].http_status);
    }
}

static void what_aws_may_leave_out_is_still_its_answer(void **state) {
    (void)state;
    Err err = {0};
    const char *denied = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>";
    assert_int_equal(answered(403, "", denied, &err), ST_DENIED);
    assert_int_equal(answered(403, "x-amz-request-id: 1\r\n", "", &err), ST_DENIED);
    assert_int_equal(answered(404, "", "", &err), ST_NOT_FOUND); /* to HEAD */
    assert_int_equal(answered(502, "", "<html>Bad gateway</html>", &err), ST_SERVER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_in_the_form_of_aws_is_no_denial),
        cmocka_unit_test(what_aws_may_leave_out_is_still_its_answer),
        cmocka_unit_test(codes_are_taken_from_what_is_around_them),
        cmocka_unit_test(answers_are_classified),
        cmocka_unit_test(text_from_outside_is_cleaned_and_cut),
        cmocka_unit_test(documents_of_the_query_services_are_read),
        cmocka_unit_test(documents_of_s3_are_read),
        cmocka_unit_test(a_bucket_elsewhere_is_said_to_be_there),
        cmocka_unit_test(the_code_in_the_header_wins),
        cmocka_unit_test(hints_say_what_to_do),
        cmocka_unit_test(any_body_gives_a_failure),
        cmocka_unit_test(long_messages_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
