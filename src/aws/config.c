#include "aws/config.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/json.h"

#include <math.h>

enum {
    PAGE_MAX_ITEMS = 1000, /* of lists whose pages AWS cuts as it likes */
    DETAILS_PER_PAGE = 100,
    TAGS_PER_PAGE = 50,
    NAME_MAX_BYTES = 128,
    WORD_MAX_BYTES = 256,
    ARN_MAX_BYTES = 2048,
    RESOURCE_ID_MAX_BYTES = 768 * 4, /* 768 characters */
    TEXT_MAX_BYTES = 4096,
    TOKEN_MAX_BYTES = 16 << 10,
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

/* --- One call of any operation --------------------------------------------------------------- */

typedef union ConfigPage {
    ConfigRecorderState recorder;
    ConfigRulePage rules;
    ConfigRuleCompliancePage compliances;
    ConfigEvaluationPage evaluations;
    ConfigTagPage tags;
} ConfigPage;

typedef union ConfigDone {
    ConfigRecorderDone *recorder;
    ConfigRulePageDone *rules;
    ConfigRuleCompliancePageDone *compliances;
    ConfigEvaluationPageDone *evaluations;
    ConfigTagPageDone *tags;
} ConfigDone;

typedef struct ConfigCall ConfigCall;

/* An operation: how its answer is read into a page, and how that is handed over. */
typedef struct Operation {
    const char *name;
    Status (*read)(ConfigCall *call, Err *err);
    void (*give)(const ConfigCall *call, const Err *failure);
} Operation;

struct ConfigCall {
    const Operation *operation;
    Buf body;
    Json *answer; /* the page's texts live in it */
    Arena arena;  /* the page's records live in it */
    ConfigPage page;
    ConfigDone done;
    void *context;
};

static void free_call(void *context) {
    ConfigCall *call = context;
    buf_done(&call->body);
    json_free(call->answer);
    arena_done(&call->arena);
    mem_free(call);
}

static Status on_parse(void *context, const HttpAnswer *answer, Err *err) {
    ConfigCall *call = context;
    json_free(call->answer); /* of an attempt whose answer made no sense */
    call->answer = NULL;
    arena_reset(&call->arena);
    call->page = (ConfigPage){0};
    TRY(json_parse(answer->body, answer->body_size, &call->answer, err));
    if (!json_is_object(call->answer)) {
        return err_set(err, ST_PROTOCOL, "the answer is no JSON object");
    }
    return call->operation->read(call, err);
}

static void on_done(void *context, const HttpAnswer *answer, const Err *failure) {
    (void)answer;
    ConfigCall *call = context;
    call->operation->give(call, failure);
    free_call(call);
}

static ConfigCall *new_call(const Operation *operation, ConfigDone done, void *context) {
    ConfigCall *call = mem_alloc(sizeof *call);
    call->operation = operation;
    call->done = done;
    call->context = context;
    return call;
}

/* Takes the call over, whatever comes of it. */
static Status start_call(Aws *aws, const AwsTarget *target, ConfigCall *call, Err *err) {
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_CONFIG;
    request.target = *target;
    request.operation = call->operation->name;
    request.body = buf_text(&call->body);
    request.body_size = call->body.size;
    request.parse = on_parse;
    request.drop = free_call;
    Status status = aws_start(aws, &request, on_done, call, err);
    if (status != ST_OK) {
        free_call(call);
    }
    return status;
}

/* The token of the next page; NULL after the last. */
static Status read_next_token(const ConfigCall *call, const char **ret_token, Err *err) {
    TRY(json_text_or(call->answer, "NextToken", TOKEN_MAX_BYTES, NULL, ret_token, err));
    if (str_is_empty(*ret_token)) {
        *ret_token = NULL;
    }
    return ST_OK;
}

static void write_next_token(JsonWriter *json, const char *next_token) {
    if (next_token != NULL) {
        json_put_text(json, "NextToken", next_token);
    }
}

/* An answer without its list must not pass for one with an empty list. */
static Status read_list(const ConfigCall *call, const char *name, size_t max_count,
                        const Json **ret_array, Err *err) {
    if (!json_is_array(json_at(call->answer, name))) {
        return err_set(err, ST_PROTOCOL, "the answer holds no list of %s", name);
    }
    return json_array(call->answer, name, max_count, ret_array, err);
}

/* The first item of the list `name`, and room for a record of each. */
static Status read_items(ConfigCall *call, const char *name, size_t max_count, size_t record_size,
                         const Json **ret_first, void **ret_records, Err *err) {
    const Json *array = NULL;
    size_t count = 0;
    TRY(read_list(call, name, max_count, &array, err));
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        count++;
    }
    *ret_first = json_first(array);
    *ret_records = arena_alloc(&call->arena, (count == 0 ? 1 : count) * record_size);
    return ST_OK;
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
static Status read_recorder(ConfigCall *call, Err *err) {
    const Json *array = NULL;
    TRY(read_list(call, "ConfigurationRecordersStatus", PAGE_MAX_ITEMS, &array, err));
    call->page.recorder = CONFIG_RECORDER_NONE;
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        bool recording = false;
        TRY(json_bool_or(item, "recording", false, &recording, err));
        if (recording) {
            call->page.recorder = CONFIG_RECORDER_ON;
        } else if (call->page.recorder == CONFIG_RECORDER_NONE) {
            call->page.recorder = CONFIG_RECORDER_STOPPED;
        }
    }
    return ST_OK;
}

static void give_recorder(const ConfigCall *call, const Err *failure) {
    call->done.recorder(call->context, call->page.recorder, failure);
}

Status config_recorder_state(Aws *aws, const AwsTarget *target, ConfigRecorderDone *done,
                             void *context, Err *err) {
    static const Operation operation = {"DescribeConfigurationRecorderStatus", read_recorder,
                                        give_recorder};
    ConfigCall *call = new_call(&operation, (ConfigDone){.recorder = done}, context);
    buf_puts(&call->body, "{}");
    return start_call(aws, target, call, err);
}

/* --- Rules ----------------------------------------------------------------------------------- */

static Status read_rule(const Json *item, ConfigRule *rule, Err *err) {
    TRY(json_text(item, "ConfigRuleName", 1, NAME_MAX_BYTES, &rule->name, err));
    TRY(json_text_or(item, "ConfigRuleArn", ARN_MAX_BYTES, "", &rule->arn, err));
    TRY(json_text_or(item, "ConfigRuleState", WORD_MAX_BYTES, "", &rule->state, err));
    TRY(json_text_or(item, "Source.Owner", WORD_MAX_BYTES, "", &rule->source_owner, err));
    TRY(json_text_or(item, "Source.SourceIdentifier", TEXT_MAX_BYTES, "", &rule->source_identifier,
                     err));
    TRY(json_text_or(item, "CreatedBy", WORD_MAX_BYTES, "", &rule->created_by, err));
    return json_text_or(item, "Description", TEXT_MAX_BYTES, "", &rule->description, err);
}

static Status read_rules(ConfigCall *call, Err *err) {
    const Json *item = NULL;
    void *records = NULL;
    TRY(read_items(call, "ConfigRules", PAGE_MAX_ITEMS, sizeof(ConfigRule), &item, &records, err));
    ConfigRule *rules = records;
    ConfigRulePage *page = &call->page.rules;
    page->rules = rules;
    for (; item != NULL; item = json_next(item)) {
        TRY(read_rule(item, &rules[page->count++], err));
    }
    return read_next_token(call, &page->next_token, err);
}

static void give_rules(const ConfigCall *call, const Err *failure) {
    call->done.rules(call->context, failure == NULL ? &call->page.rules : NULL, failure);
}

Status config_describe_rules(Aws *aws, const AwsTarget *target, const char *next_token,
                             ConfigRulePageDone *done, void *context, Err *err) {
    static const Operation operation = {"DescribeConfigRules", read_rules, give_rules};
    ConfigCall *call = new_call(&operation, (ConfigDone){.rules = done}, context);
    JsonWriter json = {.out = &call->body};
    json_begin_object(&json, NULL);
    write_next_token(&json, next_token);
    json_end_object(&json);
    return start_call(aws, target, call, err);
}

/* --- What rules say as a whole --------------------------------------------------------------- */

static Status read_compliances(ConfigCall *call, Err *err) {
    const Json *item = NULL;
    void *records = NULL;
    TRY(read_items(call, "ComplianceByConfigRules", PAGE_MAX_ITEMS, sizeof(ConfigRuleCompliance),
                   &item, &records, err));
    ConfigRuleCompliance *rules = records;
    ConfigRuleCompliancePage *page = &call->page.compliances;
    page->rules = rules;
    for (; item != NULL; item = json_next(item)) {
        ConfigRuleCompliance *rule = &rules[page->count++];
        TRY(json_text(item, "ConfigRuleName", 1, NAME_MAX_BYTES, &rule->rule_name, err));
        TRY(read_compliance(item, "Compliance.ComplianceType", &rule->compliance, err));
    }
    return read_next_token(call, &page->next_token, err);
}

static void give_compliances(const ConfigCall *call, const Err *failure) {
    call->done.compliances(call->context, failure == NULL ? &call->page.compliances : NULL,
                           failure);
}

Status config_describe_compliance_by_rule(Aws *aws, const AwsTarget *target, const char *next_token,
                                          ConfigRuleCompliancePageDone *done, void *context,
                                          Err *err) {
    static const Operation operation = {"DescribeComplianceByConfigRule", read_compliances,
                                        give_compliances};
    ConfigCall *call = new_call(&operation, (ConfigDone){.compliances = done}, context);
    JsonWriter json = {.out = &call->body};
    json_begin_object(&json, NULL);
    write_next_token(&json, next_token);
    json_end_object(&json);
    return start_call(aws, target, call, err);
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
    TRY(json_text(item, QUALIFIER "ConfigRuleName", 1, NAME_MAX_BYTES, &it->rule_name, err));
    TRY(json_text(item, QUALIFIER "ResourceType", 1, WORD_MAX_BYTES, &it->resource_type, err));
    TRY(json_text(item, QUALIFIER "ResourceId", 1, RESOURCE_ID_MAX_BYTES, &it->resource_id, err));
    TRY(json_text_or(item, QUALIFIER "EvaluationMode", WORD_MAX_BYTES, "DETECTIVE", &it->mode,
                     err));
    TRY(read_compliance(item, "ComplianceType", &it->compliance, err));
    TRY(json_text_or(item, "Annotation", TEXT_MAX_BYTES, "", &it->annotation, err));
    return read_time(item, "ResultRecordedTime", &it->recorded_ms, err);
}

static Status read_evaluations(ConfigCall *call, Err *err) {
    const Json *item = NULL;
    void *records = NULL;
    TRY(read_items(call, "EvaluationResults", DETAILS_PER_PAGE, sizeof(ConfigEvaluation), &item,
                   &records, err));
    ConfigEvaluation *evaluations = records;
    ConfigEvaluationPage *page = &call->page.evaluations;
    page->evaluations = evaluations;
    for (; item != NULL; item = json_next(item)) {
        TRY(read_evaluation(item, &evaluations[page->count++], err));
    }
    return read_next_token(call, &page->next_token, err);
}

static void give_evaluations(const ConfigCall *call, const Err *failure) {
    call->done.evaluations(call->context, failure == NULL ? &call->page.evaluations : NULL,
                           failure);
}

Status config_get_compliance_details(Aws *aws, const AwsTarget *target, const char *rule_name,
                                     const char *next_token, ConfigEvaluationPageDone *done,
                                     void *context, Err *err) {
    static const Operation operation = {"GetComplianceDetailsByConfigRule", read_evaluations,
                                        give_evaluations};
    ConfigCall *call = new_call(&operation, (ConfigDone){.evaluations = done}, context);
    JsonWriter json = {.out = &call->body};
    json_begin_object(&json, NULL);
    json_put_text(&json, "ConfigRuleName", rule_name);
    json_put_int(&json, "Limit", DETAILS_PER_PAGE); /* none, or 0, would mean 10 */
    write_next_token(&json, next_token);
    json_end_object(&json);
    return start_call(aws, target, call, err);
}

/* --- Tags of rules --------------------------------------------------------------------------- */

static Status read_tags(ConfigCall *call, Err *err) {
    const Json *item = NULL;
    void *records = NULL;
    TRY(read_items(call, "Tags", PAGE_MAX_ITEMS, sizeof(ConfigTag), &item, &records, err));
    ConfigTag *tags = records;
    ConfigTagPage *page = &call->page.tags;
    page->tags = tags;
    for (; item != NULL; item = json_next(item)) {
        ConfigTag *tag = &tags[page->count++];
        TRY(json_text(item, "Key", 1, TEXT_MAX_BYTES, &tag->key, err));
        TRY(json_text_or(item, "Value", TEXT_MAX_BYTES, "", &tag->value, err));
    }
    return read_next_token(call, &page->next_token, err);
}

static void give_tags(const ConfigCall *call, const Err *failure) {
    call->done.tags(call->context, failure == NULL ? &call->page.tags : NULL, failure);
}

Status config_list_tags(Aws *aws, const AwsTarget *target, const char *resource_arn,
                        const char *next_token, ConfigTagPageDone *done, void *context, Err *err) {
    static const Operation operation = {"ListTagsForResource", read_tags, give_tags};
    ConfigCall *call = new_call(&operation, (ConfigDone){.tags = done}, context);
    JsonWriter json = {.out = &call->body};
    json_begin_object(&json, NULL);
    json_put_text(&json, "ResourceArn", resource_arn);
    json_put_int(&json, "Limit", TAGS_PER_PAGE);
    write_next_token(&json, next_token);
    json_end_object(&json);
    return start_call(aws, target, call, err);
}
