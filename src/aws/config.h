/* AWS Config: https://docs.aws.amazon.com/config/latest/APIReference/
 *
 * One function per operation, each for one page: the caller passes the token of the page before
 * (NULL for the first) and gets the next one with the answer (NULL after the last). Everything a
 * callback is given is borrowed and lives during the callback. When `failure` is not NULL, the page
 * is NULL. */
#ifndef AWS_CONFIG_H
#define AWS_CONFIG_H

#include "aws/aws.h"
#include "format/json.h"

#include <stdint.h>

typedef enum ConfigCompliance {
    CONFIG_COMPLIANT,
    CONFIG_NON_COMPLIANT,
    CONFIG_NOT_APPLICABLE,
    CONFIG_INSUFFICIENT_DATA,
} ConfigCompliance;

/* "COMPLIANT", … */
const char *config_compliance_name(ConfigCompliance compliance);

/* How a region's recorder stands, from DescribeConfigurationRecorderStatus. An empty list means
 * that Config was never turned on there. When `failure` is not NULL, `state` says nothing. */
typedef enum ConfigRecorderState {
    CONFIG_RECORDER_NONE,
    CONFIG_RECORDER_STOPPED,
    CONFIG_RECORDER_ON,
} ConfigRecorderState;
typedef void ConfigRecorderDone(void *context, ConfigRecorderState state, const Err *failure);
Status config_recorder_state(Aws *aws, const AwsTarget *target, ConfigRecorderDone *done,
                             void *context, Err *err) WARN_UNUSED;

typedef struct ConfigRule {
    const char *name;              /* 1 to 128 */
    const char *arn;               /* "" when absent */
    const char *state;             /* ACTIVE, DELETING, DELETING_RESULTS, EVALUATING */
    const char *source_owner;      /* AWS, CUSTOM_LAMBDA, CUSTOM_POLICY */
    const char *source_identifier; /* of an AWS rule: S3_BUCKET_VERSIONING_ENABLED */
    const char *created_by;        /* the service whose rule it is; "" = none */
    const char *description;       /* "" when absent */
    const char *oddity; /* NULL, or what of the rule breaks AWS's limits: then only the name is set,
                           cut, and with U+FFFD where a character cannot be kept */
} ConfigRule;
typedef struct ConfigRulePage {
    size_t count;
    const ConfigRule *rules;
    const char *next_token;
} ConfigRulePage;
typedef void ConfigRulePageDone(void *context, const ConfigRulePage *page, const Err *failure);
Status config_describe_rules(Aws *aws, const AwsTarget *target, const char *next_token,
                             ConfigRulePageDone *done, void *context, Err *err) WARN_UNUSED;

/* What a rule says as a whole. */
typedef struct ConfigRuleCompliance {
    const char *rule_name;
    ConfigCompliance compliance;
} ConfigRuleCompliance;
typedef struct ConfigRuleCompliancePage {
    size_t count;
    const ConfigRuleCompliance *rules;
    const char *next_token;
} ConfigRuleCompliancePage;
typedef void ConfigRuleCompliancePageDone(void *context, const ConfigRuleCompliancePage *page,
                                          const Err *failure);
Status config_describe_compliance_by_rule(Aws *aws, const AwsTarget *target, const char *next_token,
                                          ConfigRuleCompliancePageDone *done, void *context,
                                          Err *err) WARN_UNUSED;

/* What a rule says of one resource. */
typedef struct ConfigEvaluation {
    const char *rule_name;
    const char *resource_type; /* AWS::S3::Bucket */
    const char *resource_id;   /* 1 to 768 */
    const char *mode;          /* DETECTIVE or PROACTIVE */
    ConfigCompliance compliance;
    const char *annotation; /* "" when absent */
    int64_t recorded_ms;    /* ResultRecordedTime; 0 when absent */
} ConfigEvaluation;
typedef struct ConfigEvaluationPage {
    size_t count; /* 0 to 100; an empty page may have a next one */
    const ConfigEvaluation *evaluations;
    const char *next_token;
} ConfigEvaluationPage;
typedef void ConfigEvaluationPageDone(void *context, const ConfigEvaluationPage *page,
                                      const Err *failure);
Status config_get_compliance_details(Aws *aws, const AwsTarget *target, const char *rule_name,
                                     const char *next_token, ConfigEvaluationPageDone *done,
                                     void *context, Err *err) WARN_UNUSED;

typedef struct ConfigTag {
    const char *key;
    const char *value;
} ConfigTag;
/* One tag of an answer, whose members are called so. Texts that break AWS's limits are shown as
 * json_label_or does. */
Status config_read_tag(const Json *item, const char *key, const char *value, ConfigTag *ret_tag,
                       Err *err) WARN_UNUSED;
typedef struct ConfigTagPage {
    size_t count;
    const ConfigTag *tags;
    const char *next_token;
} ConfigTagPage;
typedef void ConfigTagPageDone(void *context, const ConfigTagPage *page, const Err *failure);
Status config_list_tags(Aws *aws, const AwsTarget *target, const char *resource_arn,
                        const char *next_token, ConfigTagPageDone *done, void *context,
                        Err *err) WARN_UNUSED;

/* Tags of resources, as AWS Config has recorded them: one item for each tag, so that a resource
 * without tags is not there. `where` is what stands after WHERE in an advanced query. */
typedef struct ConfigResourceTag {
    const char *resource_type;
    const char *resource_id;
    ConfigTag tag;
} ConfigResourceTag;
typedef struct ConfigResourceTagPage {
    size_t count;
    const ConfigResourceTag *tags;
    const char *next_token;
} ConfigResourceTagPage;
typedef void ConfigResourceTagPageDone(void *context, const ConfigResourceTagPage *page,
                                       const Err *failure);
Status config_select_tags(Aws *aws, const AwsTarget *target, const char *where,
                          const char *next_token, ConfigResourceTagPageDone *done, void *context,
                          Err *err) WARN_UNUSED;
enum { CONFIG_WHERE_MAX_BYTES = 4000 }; /* of the 4096 that an expression may have */

#endif
