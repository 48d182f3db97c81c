#include "warehouse/rule_group.h"

#include "base/str.h"

#include <stdbool.h>
#include <string.h>

/* The forms are those that AWS documents with CreateControl of Audit Manager
 * ("OrgConfigRule-s3-bucket-versioning-enabled-dbgzf8ba",
 * "CustomRuleForAccount-conformance-pack-szsm1uv0w") and those in findings of Security Hub
 * ("securityhub-autoscaling-group-elb-healthcheck-required-f986ecc9"). */
static const char organization_prefix[] = "OrgConfigRule-";
static const char security_hub_prefix[] = "securityhub-";
static const char conformance_pack_mark[] = "-conformance-pack-";

static const char lower_and_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char hex_digits[] = "abcdef0123456789";

/* Both what is before the suffix and the suffix itself must be right, else the name is somebody's
 * own. `size` is what is left of `core` without "-<suffix>". */
static bool cut_suffix(const char *core, const char *alphabet, size_t min, size_t max,
                       size_t *ret_size) {
    const char *dash = strrchr(core, '-');
    if (dash == NULL || dash == core) {
        return false;
    }
    size_t length = strlen(dash + 1);
    if (length < min || length > max || strspn(dash + 1, alphabet) != length) {
        return false;
    }
    *ret_size = (size_t)(dash - core);
    return true;
}

/* The last "-conformance-pack-<suffix>" that ends the name. */
static bool cut_conformance_pack(const char *name, size_t *ret_size) {
    size_t size = 0;
    size_t mark = strlen(conformance_pack_mark) - 1; /* its last dash went with the suffix */
    if (!cut_suffix(name, lower_and_digits, 8, 9, &size) || size <= mark ||
        memcmp(name + size - mark, conformance_pack_mark, mark) != 0) {
        return false;
    }
    *ret_size = size - mark;
    return true;
}

void rule_group_of(const char *rule_name, char ret_group[RULE_GROUP_SIZE]) {
    const char *core = rule_name;
    size_t size = strlen(rule_name);
    if (str_starts(rule_name, organization_prefix)) {
        const char *after = rule_name + strlen(organization_prefix);
        core = cut_suffix(after, lower_and_digits, 8, 9, &size) ? after : rule_name;
    } else if (str_starts(rule_name, security_hub_prefix)) {
        const char *after = rule_name + strlen(security_hub_prefix);
        core = cut_suffix(after, hex_digits, 8, 8, &size) ? after : rule_name;
    } else {
        (void)cut_conformance_pack(rule_name, &size);
    }
    char group[RULE_GROUP_SIZE];
    str_copy(group, sizeof group, core);
    if (size < strlen(group)) {
        group[size] = '\0';
    }
    str_copy(ret_group, RULE_GROUP_SIZE, group);
}
