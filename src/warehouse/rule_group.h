/* Rule group: the name that a rule has in all scopes, its random suffix removed.
 *
 *     OrgConfigRule-s3-bucket-versioning-enabled-abcdefgh   -> s3-bucket-versioning-enabled
 *     iam-password-policy-conformance-pack-abcdefghi        -> iam-password-policy
 *     securityhub-s3-bucket-ssl-requests-only-1a2b3c4d      -> s3-bucket-ssl-requests-only
 */
#ifndef WAREHOUSE_RULE_GROUP_H
#define WAREHOUSE_RULE_GROUP_H

#include <stddef.h>

enum { RULE_GROUP_SIZE = 129 };

void rule_group_of(const char *rule_name, char ret_group[RULE_GROUP_SIZE]);

#endif
