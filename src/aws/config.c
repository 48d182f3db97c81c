#include "aws/config.h"

#include "aws/json_call.h"
#include "base/str.h"

#include <math.h>

enum {
    PAGE_MAX_ITEMS = 1000, /* of lists whose pages AWS cuts as it likes */
    DETAILS_PER_PAGE = 100,
    TAGS_PER_PAGE = 50,
    WORD_MAX_BYTES = 256, /* of AWS's own words */
    ARN_MAX_BYTES = 2048,
    /* Characters, as AWS states them. */
    NAME_MAX_CHARS = 128,
    SOURCE_MAX_CHARS = 256,
    RESOURCE_TYPE_MAX_CHARS = 256,
    RESOURCE_ID_MAX_CHARS = 768,
    TEXT_MAX_CHARS = 256, /* annotations and descriptions */
    TAG_KEY_MAX_CHARS = 128,
    TAG_VALUE_MAX_CHARS = 256,
};

/* 9999-12-31T23:59:59Z */
#define LAST_SECOND 253402300799.0

const char *config_compliance_name(ConfigCompliance compliance) {
    static const char *const names[] = {
        [CONFIG_COMPLIANT] = "COMPLIANT",
        [CONFIG_NON_COMPLIANT] = "NON_COMPLIANT",
        [CONFIG_NOT_APPLICABLE] = "NOT_APPLICABLE",
        [CONFIG_INSUFFICIENT_DATA] = "INSUFFICIENT_DATA",
    };
    return names[compliance];
}

static void write_next_token(JsonWriter *json, const char *next_token) {
    if (next_token != NULL) {
        json_put_text(json, "NextToken", next_token);
    }
}

static Status read_compliance(const Json *node, const char *path, ConfigCompliance *ret_compliance,
                              Err *err) {
    const char *text = NULL;
    TRY(json_text_or(node, path, WORD_MAX_BYTES, "INSUFFICIENT_DATA", &text, err));
    for (int i = CONFIG_COMPLIANT; i <= CONFIG_INSUFFICIENT_DATA; i++) {
        if (str_equal(text, config_compliance_name((ConfigCompliance)i))) {
            *ret_compliance = (ConfigCompliance)i;
            return ST_OK;
        }
    }
    return err_set(err, ST_PROTOCOL, "%s is none of the compliance types that are known", path);
}

/* --- The recorder ---------------------------------------------------------------------------- */

/* DescribeConfigurationRecorderStatus lists the same recorders as DescribeConfigurationRecorders,
 * and says of each whether it records: one call tells both. */
static Status read_recorder(JsonCall *call, Err *err) {
    ConfigRecorderState *state = call->page;
    JsonItems items;
    TRY(json_call_items(call, "ConfigurationRecordersStatus", PAGE_MAX_ITEMS, 1, &items, err));
    *state = CONFIG_RECORDER_NONE;
    for (const Json *item = items.first; item != NULL; item = json_next(item)) {
        bool recording = false;
        TRY(json_bool_or(item, "recording", false, &recording, err));
        if (recording) {
            *state = CONFIG_RECORDER_ON;
        } else if (*state == CONFIG_RECORDER_NONE) {
            *state = CONFIG_RECORDER_STOPPED;
        }
    }
    return ST_OK;
}

static void give_recorder(const JsonCall *call, const Err *failure) {
    const ConfigRecorderState *state = call->page;
    ((ConfigRecorderDone *)call->done)(call->context, state == NULL ? CONFIG_RECORDER_NONE : *state,
                                       failure);
}

Status config_recorder_state(Aws *aws, const AwsTarget *target, ConfigRecorderDone *done,
                             void *context, Err *err) {
    static const JsonOperation operation = {AWS_CONFIG, "DescribeConfigurationRecorderStatus",
                                            sizeof(ConfigRecorderState), read_recorder,
                                            give_recorder};
    JsonCall *call = json_call_new(&operation, (JsonDone *)done, context);
    buf_puts(&call->body, "{}");
    return json_call_start(aws, target, call, err);
}

/* --- Rules ----------------------------------------------------------------------------------- */

static Status read_sound_rule(const Json *item, ConfigRule *rule, Err *err) {
    TRY(json_chars(item, "ConfigRuleName", 1, NAME_MAX_CHARS, &rule->name, err));
    TRY(json_text_or(item, "ConfigRuleArn", ARN_MAX_BYTES, "", &rule->arn, err));
    TRY(json_text_or(item, "ConfigRuleState", WORD_MAX_BYTES, "", &rule->state, err));
    TRY(json_text_or(item, "Source.Owner", WORD_MAX_BYTES, "", &rule->source_owner, err));
    TRY(json_chars_or(item, "Source.SourceIdentifier", SOURCE_MAX_CHARS, "",
                      &rule->source_identifier, err));
    TRY(json_text_or(item, "CreatedBy", WORD_MAX_BYTES, "", &rule->created_by, err));
    return json_label_or(item, "Description", TEXT_MAX_CHARS, "", &rule->description, err);
}

/* A rule that breaks AWS's own limits is named and costs no other rule; what has no name at all is
 * not an answer of AWS. */
static Status read_rule(JsonCall *call, const Json *item, ConfigRule *rule, Err *err) {
    Err why = {0};
    if (read_sound_rule(item, rule, &why) == ST_OK) {
        return ST_OK;
    }
    *rule = (ConfigRule){.arn = "",
                         .state = "",
                         .source_owner = "",
                         .source_identifier = "",
                         .created_by = "",
                         .description = "",
                         .oddity = arena_strdup(&call->arena, why.message)};
    TRY(json_label_or(item, "ConfigRuleName", NAME_MAX_CHARS, "", &rule->name, err));
    return rule->name[0] != '\0' ? ST_OK : err_set(err, ST_PROTOCOL, "%s", why.message);
}

static Status read_rules(JsonCall *call, Err *err) {
    ConfigRulePage *page = call->page;
    JsonItems items;
    TRY(json_call_items(call, "ConfigRules", PAGE_MAX_ITEMS, sizeof(ConfigRule), &items, err));
    ConfigRule *rules = items.records;
    page->rules = rules;
    for (const Json *item = items.first; item != NULL; item = json_next(item)) {
        TRY(read_rule(call, item, &rules[page->count++], err));
    }
    return json_call_next_token(call, "NextToken", &page->next_token, err);
}

static void give_rules(const JsonCall *call, const Err *failure) {
    ((ConfigRulePageDone *)call->done)(call->context, failure == NULL ? call->page : NULL, failure);
}

Status config_describe_rules(Aws *aws, const AwsTarget *target, const char *next_token,
                             ConfigRulePageDone *done, void *context, Err *err) {
    static const JsonOperation operation = {AWS_CONFIG, "DescribeConfigRules",
                                            sizeof(ConfigRulePage), read_rules, give_rules};
    JsonCall *call = json_call_new(&operation, (JsonDone *)done, context);
    JsonWriter json = {.out = &call->body};
    json_begin_object(&json, NULL);
    write_next_token(&json, next_token);
    json_end_object(&json);
    return json_call_start(aws, target, call, err);
}

/* --- What rules say as a whole --------------------------------------------------------------- */

static Status read_compliances(JsonCall *call, Err *err) {
    ConfigRuleCompliancePage *page = call->page;
    JsonItems items;
    TRY(json_call_items(call, "ComplianceByConfigRules", PAGE_MAX_ITEMS,
                        sizeof(ConfigRuleCompliance), &items, err));
    ConfigRuleCompliance *rules = items.records;
    page->rules = rules;
    for (const Json *item = items.first; item != NULL; item = json_next(item)) {
        ConfigRuleCompliance *rule = &rules[page->count++];
        TRY(json_label_or(item, "ConfigRuleName", NAME_MAX_CHARS, "", &rule->rule_name, err));
        TRY(read_compliance(item, "Compliance.ComplianceType", &rule->compliance, err));
        if (rule->rule_name[0] == '\0') {
            return err_set(err, ST_PROTOCOL, "a rule has no name");
        }
    }
    return json_call_next_token(call, "NextToken", &page->next_token, err);
}

static void give_compliances(const JsonCall *call, const Err *failure) {
    ((ConfigRuleCompliancePageDone *)call->done)(call->context, failure == NULL ? call->page : NULL,
                                                 failure);
}

Status config_describe_compliance_by_rule(Aws *aws, const AwsTarget *target, const char *next_token,
                                          ConfigRuleCompliancePageDone *done, void *context,
                                          Err *err) {
    static const JsonOperation operation = {AWS_CONFIG, "DescribeComplianceByConfigRule",
                                            sizeof(ConfigRuleCompliancePage), read_compliances,
                                            give_compliances};
    JsonCall *call = json_call_new(&operation, (JsonDone *)done, context);
    JsonWriter json = {.out = &call->body};
    json_begin_object(&json, NULL);
    write_next_token(&json, next_token);
    json_end_object(&json);
    return json_call_start(aws, target, call, err);
}

/* --- What a rule says of resources ----------------------------------------------------------- */

#define QUALIFIER "EvaluationResultIdentifier.EvaluationResultQualifier."

/* Epoch seconds with a fraction, as AWS writes times in JSON. */
static Status read_time(const Json *item, const char *path, int64_t *ret_time_ms, Err *err) {
    double seconds = 0;
    TRY(json_number_or(item, path, 0, LAST_SECOND, 0, &seconds, err));
    *ret_time_ms = (int64_t)llround(seconds * 1000);
    return ST_OK;
}

static Status read_evaluation(const Json *item, ConfigEvaluation *it, Err *err) {
    TRY(json_chars(item, QUALIFIER "ConfigRuleName", 1, NAME_MAX_CHARS, &it->rule_name, err));
    TRY(json_chars(item, QUALIFIER "ResourceType", 1, RESOURCE_TYPE_MAX_CHARS, &it->resource_type,
                   err));
    TRY(json_chars(item, QUALIFIER "ResourceId", 1, RESOURCE_ID_MAX_CHARS, &it->resource_id, err));
    TRY(json_text_or(item, QUALIFIER "EvaluationMode", WORD_MAX_BYTES, "DETECTIVE", &it->mode,
                     err));
    if (!str_equal(it->mode, "DETECTIVE") && !str_equal(it->mode, "PROACTIVE")) {
        return err_set(err, ST_PROTOCOL, "the mode %.64s is none that is known", it->mode);
    }
    TRY(read_compliance(item, "ComplianceType", &it->compliance, err));
    TRY(json_label_or(item, "Annotation", TEXT_MAX_CHARS, "", &it->annotation, err));
    return read_time(item, "ResultRecordedTime", &it->recorded_ms, err);
}

static Status read_evaluations(JsonCall *call, Err *err) {
    ConfigEvaluationPage *page = call->page;
    JsonItems items;
    TRY(json_call_items(call, "EvaluationResults", DETAILS_PER_PAGE, sizeof(ConfigEvaluation),
                        &items, err));
    ConfigEvaluation *evaluations = items.records;
    page->evaluations = evaluations;
    for (const Json *item = items.first; item != NULL; item = json_next(item)) {
        TRY(read_evaluation(item, &evaluations[page->count++], err));
    }
    return json_call_next_token(call, "NextToken", &page->next_token, err);
}

static void give_evaluations(const JsonCall *call, const Err *failure) {
    ((ConfigEvaluationPageDone *)call->done)(call->context, failure == NULL ? call->page : NULL,
                                             failure);
}

Status config_get_compliance_details(Aws *aws, const AwsTarget *target, const char *rule_name,
                                     const char *next_token, ConfigEvaluationPageDone *done,
                                     void *context, Err *err) {
    static const JsonOperation operation = {AWS_CONFIG, "GetComplianceDetailsByConfigRule",
                                            sizeof(ConfigEvaluationPage), read_evaluations,
                                            give_evaluations};
    JsonCall *call = json_call_new(&operation, (JsonDone *)done, context);
    JsonWriter json = {.out = &call->body};
    json_begin_object(&json, NULL);
    json_put_text(&json, "ConfigRuleName", rule_name);
    json_put_int(&json, "Limit", DETAILS_PER_PAGE); /* none, or 0, would mean 10 */
    write_next_token(&json, next_token);
    json_end_object(&json);
    return json_call_start(aws, target, call, err);
}

/* --- Tags of rules --------------------------------------------------------------------------- */

Status config_read_tag(const Json *item, const char *key, const char *value, ConfigTag *ret_tag,
                       Err *err) {
    TRY(json_label_or(item, key, TAG_KEY_MAX_CHARS, "", &ret_tag->key, err));
    TRY(json_label_or(item, value, TAG_VALUE_MAX_CHARS, "", &ret_tag->value, err));
    return ret_tag->key[0] != '\0' ? ST_OK : err_set(err, ST_PROTOCOL, "a tag has no %s", key);
}

static Status read_tags(JsonCall *call, Err *err) {
    ConfigTagPage *page = call->page;
    JsonItems items;
    TRY(json_call_items(call, "Tags", PAGE_MAX_ITEMS, sizeof(ConfigTag), &items, err));
    ConfigTag *tags = items.records;
    page->tags = tags;
    for (const Json *item = items.first; item != NULL; item = json_next(item)) {
        ConfigTag *tag = &tags[page->count++];
        TRY(config_read_tag(item, "Key", "Value", tag, err));
    }
    return json_call_next_token(call, "NextToken", &page->next_token, err);
}

static void give_tags(const JsonCall *call, const Err *failure) {
    ((ConfigTagPageDone *)call->done)(call->context, failure == NULL ? call->page : NULL, failure);
}

Status config_list_tags(Aws *aws, const AwsTarget *target, const char *resource_arn,
                        const char *next_token, ConfigTagPageDone *done, void *context, Err *err) {
    static const JsonOperation operation = {AWS_CONFIG, "ListTagsForResource",
                                            sizeof(ConfigTagPage), read_tags, give_tags};
    JsonCall *call = json_call_new(&operation, (JsonDone *)done, context);
    JsonWriter json = {.out = &call->body};
    json_begin_object(&json, NULL);
    json_put_text(&json, "ResourceArn", resource_arn);
    json_put_int(&json, "Limit", TAGS_PER_PAGE);
    write_next_token(&json, next_token);
    json_end_object(&json);
    return json_call_start(aws, target, call, err);
}
