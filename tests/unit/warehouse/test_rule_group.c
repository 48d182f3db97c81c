#include "warehouse/rule_group.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static const struct {
    const char *rule_name;
    const char *group;
} cases[] = {
    /* rules of an organization */
    {"OrgConfigRule-s3-bucket-versioning-enabled-dbgzf8ba", "s3-bucket-versioning-enabled"},
    {"OrgConfigRule-restricted-ssh-abcdefgh", "restricted-ssh"},
    {"OrgConfigRule-alb-waf-enabled-9z0y8x7w6", "alb-waf-enabled"},
    {"OrgConfigRule-eip-attached-01234567", "eip-attached"},
    {"OrgConfigRule-My_Rule-a1b2c3d4", "My_Rule"},
    {"OrgConfigRule-encrypted-volumes-1a2b3c4d", "encrypted-volumes"},
    /* of a conformance pack */
    {"CustomRuleForAccount-conformance-pack-szsm1uv0w", "CustomRuleForAccount"},
    {"iam-password-policy-conformance-pack-abcdefghi", "iam-password-policy"},
    {"access-keys-rotated-conformance-pack-x1y2z3a4", "access-keys-rotated"},
    {"IAMPasswordPolicy-conformance-pack-0a1b2c3d4", "IAMPasswordPolicy"},
    /* of Security Hub */
    {"securityhub-autoscaling-group-elb-healthcheck-required-f986ecc9",
     "autoscaling-group-elb-healthcheck-required"},
    {"securityhub-s3-bucket-ssl-requests-only-1a2b3c4d", "s3-bucket-ssl-requests-only"},
    {"securityhub-root-account-mfa-enabled-deadbeef", "root-account-mfa-enabled"},
    /* nobody's suffix: names as they are, though some end in 8 or 9 letters */
    {"s3-bucket-versioning-enabled", "s3-bucket-versioning-enabled"},
    {"ec2-instance-profile-attached", "ec2-instance-profile-attached"},
    {"autoscaling-group-elb-healthcheck-required", "autoscaling-group-elb-healthcheck-required"},
    {"securityhub-enabled", "securityhub-enabled"},
    {"securityhub-enabled-in-every-account", "securityhub-enabled-in-every-account"},
    {"securityhub-s3-bucket-ssl-requests-only-1a2b3c4",
     "securityhub-s3-bucket-ssl-requests-only-1a2b3c4"},
    {"securityhub-s3-bucket-ssl-requests-only-1A2B3C4D",
     "securityhub-s3-bucket-ssl-requests-only-1A2B3C4D"},
    {"securityhub-s3-bucket-ssl-requests-only-1a2b3c4z",
     "securityhub-s3-bucket-ssl-requests-only-1a2b3c4z"},
    {"OrgConfigRule-s3-bucket-logging-on", "OrgConfigRule-s3-bucket-logging-on"},
    {"OrgConfigRule-x-ABCDEFGH", "OrgConfigRule-x-ABCDEFGH"},
    {"orgconfigrule-x-abcdefgh", "orgconfigrule-x-abcdefgh"},
    {"my-OrgConfigRule-x-abcdefgh", "my-OrgConfigRule-x-abcdefgh"},
    {"x-conformance-pack-check", "x-conformance-pack-check"},
    {"x-conformance-pack-abc_efgh", "x-conformance-pack-abc_efgh"},
    {"x-conformance-packs-abcdefgh", "x-conformance-packs-abcdefgh"},
    {"appmesh-virtual-node-backend-defaults-tls-on-1984",
     "appmesh-virtual-node-backend-defaults-tls-on-1984"},
    /* nothing would be left of them */
    {"-conformance-pack-abcdefghi", "-conformance-pack-abcdefghi"},
    {"OrgConfigRule-abcdefgh", "OrgConfigRule-abcdefgh"},
    {"OrgConfigRule--abcdefgh", "OrgConfigRule--abcdefgh"},
    {"securityhub-1a2b3c4d", "securityhub-1a2b3c4d"},
    {"", ""},
};

static void removes_only_the_suffixes_of_aws(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char group[RULE_GROUP_SIZE];
        rule_group_of(cases[i].rule_name, group);
        if (strcmp(group, cases[i].group) != 0) {
            fail_msg("%s gives %s", cases[i].rule_name, group);
        }
    }
}

static void names_that_are_too_long_are_cut(void **state) {
    (void)state;
    char name[400];
    char group[RULE_GROUP_SIZE];
    memset(name, 'r', sizeof name);
    name[sizeof name - 1] = '\0';
    rule_group_of(name, group);
    assert_int_equal(strlen(group), RULE_GROUP_SIZE - 1);
    memcpy(name + sizeof name - 28, "-conformance-pack-abcdefghi", 28);
    rule_group_of(name, group);
    assert_int_equal(strlen(group), RULE_GROUP_SIZE - 1);
}

static void the_name_may_be_its_own_result(void **state) {
    (void)state;
    char name[RULE_GROUP_SIZE] = "OrgConfigRule-eip-attached-01234567";
    rule_group_of(name, name);
    assert_string_equal(name, "eip-attached");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removes_only_the_suffixes_of_aws),
        cmocka_unit_test(names_that_are_too_long_are_cut),
        cmocka_unit_test(the_name_may_be_its_own_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
