#include "base/err.h"
#include "report/console.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static const char *link_of(const char *region, const char *type, const char *id) {
    static char url[CONSOLE_LINK_SIZE];
    const ConsoleFinding finding = {region, type, id, "the-rule"};
    return console_link_finding(&finding, url) ? url : "none";
}

static void a_finding_opens_the_timeline_of_its_resource(void **state) {
    (void)state;
    assert_string_equal(
        link_of("eu-west-1", "AWS::S3::Bucket", "logs"),
        "https://eu-west-1.console.aws.amazon.com/config/home?region=eu-west-1"
        "#/resources/timeline?resourceId=logs&resourceType=AWS%3A%3AS3%3A%3ABucket");
}

static void each_partition_has_its_console(void **state) {
    (void)state;
    assert_non_null(
        strstr(link_of("cn-north-1", "T", "i"),
               "https://cn-north-1.console.amazonaws.cn/config/home?region=cn-north-1#"));
    assert_non_null(strstr(link_of("us-gov-west-1", "T", "i"),
                           "https://us-gov-west-1.console.amazonaws-us-gov.com/config/home?"));
    assert_string_equal(link_of("us-iso-east-1", "T", "i"), "none");
    assert_string_equal(link_of("us-isob-east-1", "T", "i"), "none");
}

static void texts_from_outside_cannot_leave_their_place(void **state) {
    (void)state;
    const char *url = link_of("eu-west-1", "\"),1+1,(\"", "a b\"#&?/%<>'\n\xC3\xA9");
    assert_non_null(strstr(url, "resourceId=a%20b%22%23%26%3F%2F%25%3C%3E%27%0A%C3%A9&resourceType="
                                "%22%29%2C1%2B1%2C%28%22"));
    assert_non_null(strstr(link_of("eu-west-1", "T", "_x0041__x_a"), "Id=%5Fx0041_%5Fx_a&"));
    assert_string_equal(link_of("evil.example.com/?", "T", "i"), "none");
    assert_string_equal(link_of("eu-west-1@evil.example.com", "T", "i"), "none");
    assert_string_equal(link_of("", "T", "i"), "none");
}

static void what_is_too_long_for_excel_opens_the_rule(void **state) {
    (void)state;
    char id[769];
    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    assert_string_equal(link_of("eu-west-1", "T", id),
                        "https://eu-west-1.console.aws.amazon.com/config/home?region=eu-west-1"
                        "#/rules/details?configRuleName=the-rule");
    const ConsoleFinding finding = {"eu-west-1", "T", id, id};
    char url[CONSOLE_LINK_SIZE];
    assert_false(console_link_finding(&finding, url));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_opens_the_timeline_of_its_resource),
        cmocka_unit_test(each_partition_has_its_console),
        cmocka_unit_test(texts_from_outside_cannot_leave_their_place),
        cmocka_unit_test(what_is_too_long_for_excel_opens_the_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
