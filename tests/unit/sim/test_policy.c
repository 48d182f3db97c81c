/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "policy.h"

#include <stdio.h>
#include <string.h>

#define DOCUMENT(statements) "{\"Version\":\"2012-10-17\",\"Statement\":" statements "}"
#define ALLOW(rest)          "{\"Effect\":\"Allow\"," rest "}"
#define DENY(rest)           "{\"Effect\":\"Deny\"," rest "}"

#define BUCKET "arn:aws:s3:::reports"
#define HUB    "arn:aws:iam::111122223333:root"
#define ROLE   "arn:aws:iam::111122223333:role/scanner"

static const PolicyRequest get_object = {
    .action = "s3:GetObject",
    .resource = BUCKET "/history/latest.json",
    .role_arn = ROLE,
    .account_arn = HUB,
    .keys = {{"aws:PrincipalArn", ROLE},
             {"aws:PrincipalOrgID", "o-abcdef1234"},
             {"aws:SecureTransport", "true"},
             {"sts:ExternalId", NULL}},
};

static Json *parse(const char *text) {
    Json *document = NULL;
    Err err = {0};
    assert_int_equal(json_parse(text, strlen(text), &document, &err), ST_OK);
    return document;
}

static PolicyAnswer judge(const char *text, bool has_principals, const PolicyRequest *request) {
    OWN(json_free_at) Json *document = parse(text);
    Err err = {0};
    if (policy_check(document, has_principals, &err) != ST_OK) {
        fail_msg("%s", err.message);
    }
    return policy_judge(document, request);
}

#define ASKS(expected, text) assert_int_equal(judge(DOCUMENT(text), false, &get_object), expected)
#define TRUSTS(expected, text)                                                                     \
    assert_int_equal(                                                                              \
        judge(DOCUMENT("[" ALLOW("\"Action\":\"s3:GetObject\"," text) "]"), true, &get_object),    \
        expected)

static void what_no_statement_names_is_not_allowed(void **state) {
    (void)state;
    ASKS(POLICY_SILENT, ALLOW("\"Action\":\"s3:PutObject\",\"Resource\":\"*\""));
    ASKS(POLICY_SILENT, ALLOW("\"Action\":\"s3:Get\",\"Resource\":\"*\""));
    ASKS(POLICY_SILENT, ALLOW("\"Action\":\"s3:GetObject\",\"Resource\":\"" BUCKET "\""));
    ASKS(POLICY_SILENT, ALLOW("\"Action\":\"s3:GetObject\",\"Resource\":\"" BUCKET "/raw/*\""));
    ASKS(POLICY_SILENT, ALLOW("\"Action\":\"s3:GetObject\",\"Resource\":\"ARN:aws:s3:::*\""));
}

static void actions_and_resources_may_be_patterns_and_lists(void **state) {
    (void)state;
    ASKS(POLICY_ALLOWS, ALLOW("\"Action\":\"s3:GetObject\",\"Resource\":\"*\""));
    ASKS(POLICY_ALLOWS, "[" ALLOW("\"Action\":[\"x:y\",\"S3:get*\"],\"Resource\":[\"a\",\"" BUCKET
                                  "/history/*\"]") "]");
    ASKS(POLICY_ALLOWS, ALLOW("\"Action\":\"*\",\"Resource\":\"" BUCKET "/histor?/*\""));
}

static void one_deny_is_enough_wherever_it_stands(void **state) {
    (void)state;
    ASKS(POLICY_DENIES, "[" DENY("\"Action\":\"s3:*\",\"Resource\":\"*\"") "," ALLOW(
                            "\"Action\":\"*\",\"Resource\":\"*\"") "]");
    ASKS(POLICY_ALLOWS, "[" DENY("\"Action\":\"s3:*\",\"Resource\":\"" BUCKET
                                 "/raw/*\"") "," ALLOW("\"Action\":\"*\",\"Resource\":\"*\"") "]");
    ASKS(POLICY_ALLOWS,
         "[" ALLOW("\"Action\":\"*\",\"Resource\":\"*\"") "," DENY(
             "\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"Bool\":{\"aws:SecureTransport\":"
             "\"false\"}}") "]");
}

#define WHEN(expected, conditions)                                                                 \
    ASKS(expected, ALLOW("\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{" conditions "}"))

static void all_conditions_must_hold(void **state) {
    (void)state;
    WHEN(POLICY_ALLOWS, "\"StringEquals\":{\"AWS:principalorgid\":\"o-abcdef1234\"}");
    WHEN(POLICY_ALLOWS, "\"StringEquals\":{\"aws:PrincipalOrgID\":[\"o-x\",\"o-abcdef1234\"]}");
    WHEN(POLICY_SILENT, "\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-*\"}");
    WHEN(POLICY_ALLOWS, "\"StringLike\":{\"aws:PrincipalOrgID\":\"o-*\"}");
    WHEN(POLICY_SILENT, "\"StringNotEquals\":{\"aws:PrincipalOrgID\":[\"o-x\",\"o-abcdef1234\"]}");
    WHEN(POLICY_ALLOWS, "\"Bool\":{\"aws:SecureTransport\":\"true\"}");
    WHEN(POLICY_SILENT, "\"Bool\":{\"aws:SecureTransport\":\"true\"},"
                        "\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-x\"}");
    WHEN(POLICY_SILENT, "\"StringEquals\":{\"aws:PrincipalOrgID\":\"o-abcdef1234\","
                        "\"aws:PrincipalArn\":\"x\"}");
}

static void a_key_that_the_request_has_not_fulfils_only_what_is_negated(void **state) {
    (void)state;
    WHEN(POLICY_SILENT, "\"StringEquals\":{\"sts:ExternalId\":\"\x20\"}");
    WHEN(POLICY_SILENT, "\"StringLike\":{\"sts:ExternalId\":\"*\"}");
    WHEN(POLICY_SILENT, "\"StringEquals\":{\"aws:SourceVpc\":\"vpc-1\"}");
    WHEN(POLICY_ALLOWS, "\"StringNotEquals\":{\"aws:SourceVpc\":\"vpc-1\"}");
}

static void arns_are_compared_part_by_part(void **state) {
    (void)state;
    WHEN(POLICY_ALLOWS, "\"ArnEquals\":{\"aws:PrincipalArn\":\"" ROLE "\"}");
    WHEN(POLICY_ALLOWS, "\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/scan*\"}");
    WHEN(POLICY_SILENT, "\"ArnLike\":{\"aws:PrincipalArn\":\"arn:*:role/scanner\"}");
    WHEN(POLICY_SILENT, "\"ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/merger\"}");
    WHEN(POLICY_SILENT, "\"ArnNotEquals\":{\"aws:PrincipalArn\":\"" ROLE "\"}");
}

static void a_trust_lets_in_those_whom_it_names(void **state) {
    (void)state;
    TRUSTS(POLICY_ALLOWS, "\"Principal\":{\"AWS\":\"" HUB "\"}");
    TRUSTS(POLICY_ALLOWS, "\"Principal\":{\"AWS\":[\"123456789012\",\"111122223333\"]}");
    TRUSTS(POLICY_ALLOWS, "\"Principal\":{\"AWS\":\"" ROLE "\"}");
    TRUSTS(POLICY_ALLOWS, "\"Principal\":\"*\"");
    TRUSTS(POLICY_SILENT, "\"Principal\":{\"AWS\":\"arn:aws:iam::999988887777:root\"}");
    TRUSTS(POLICY_SILENT, "\"Principal\":{\"Service\":\"lambda.amazonaws.com\"}");
    TRUSTS(POLICY_SILENT, "\"Principal\":{\"AWS\":\"" HUB "\"},"
                          "\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":\"secret\"}}");
}

static void what_is_not_simulated_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "{\"Statement\":[" ALLOW("\"Action\":\"*\",\"Resource\":\"*\"") "]}",
        DOCUMENT("[]"),
        DOCUMENT("[1]"),
        DOCUMENT("{\"Effect\":\"Maybe\",\"Action\":\"*\",\"Resource\":\"*\"}"),
        DOCUMENT(ALLOW("\"Resource\":\"*\"")),
        DOCUMENT(ALLOW("\"Action\":\"*\"")),
        DOCUMENT(ALLOW("\"Action\":[],\"Resource\":\"*\"")),
        DOCUMENT(ALLOW("\"Action\":[1],\"Resource\":\"*\"")),
        DOCUMENT(ALLOW("\"NotAction\":\"s3:*\",\"Resource\":\"*\"")),
        DOCUMENT(ALLOW("\"Action\":\"*\",\"Resource\":\"*\",\"Principal\":\"*\"")),
        DOCUMENT(ALLOW("\"Action\":\"*\",\"Resource\":\"arn:aws:s3:::${aws:username}\"")),
        DOCUMENT(ALLOW("\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{\"DateLessThan\":"
                       "{\"aws:CurrentTime\":\"2026-01-01T00:00:00Z\"}}")),
        DOCUMENT(ALLOW("\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":[]")),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        OWN(json_free_at) Json *document = parse(bad[i]);
        Err err = {0};
        assert_int_equal(policy_check(document, false, &err), ST_USAGE);
        assert_true(strlen(err.message) > 0);
    }
    OWN(json_free_at) Json *trust = parse(DOCUMENT(ALLOW("\"Action\":\"sts:AssumeRole\"")));
    Err err = {0};
    assert_int_equal(policy_check(trust, true, &err), ST_USAGE); /* whom? */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_statement_names_is_not_allowed),
        cmocka_unit_test(actions_and_resources_may_be_patterns_and_lists),
        cmocka_unit_test(one_deny_is_enough_wherever_it_stands),
        cmocka_unit_test(all_conditions_must_hold),
        cmocka_unit_test(a_key_that_the_request_has_not_fulfils_only_what_is_negated),
        cmocka_unit_test(arns_are_compared_part_by_part),
        cmocka_unit_test(a_trust_lets_in_those_whom_it_names),
        cmocka_unit_test(what_is_not_simulated_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
