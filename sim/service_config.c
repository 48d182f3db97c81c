/* AWS Config: rules, their compliance as a whole, recorders and tags. */
#include "base/str.h"
#include "config.h"
#include "sim.h"
#include "tokens.h"

#include <stdio.h>
#include <string.h>

enum { CONFIG_RULES_PAGE = 25, CONFIG_MAX_CAPPED = 25, CONFIG_TAGS_PAGE = 50 };

int config_open_scope(Exchange *exchange) {
    const Caller *caller = &exchange->request.caller;
    int region = service_open_region(exchange);
    if (region == WORLD_NONE) {
        return WORLD_NONE;
    }
    if (world_outcome(exchange->world, exchange->knobs, caller->account, region) ==
        WORLD_REGION_DENIED) {
        const char *operation = strchr(exchange->operation, ':') + 1;
        reply_error(&exchange->reply, 400, "AccessDeniedException",
                    "User: arn:aws:sts::%s:assumed-role/%s/%s is not authorized to perform: "
                    "config:%s with an explicit deny in a service control policy",
                    exchange->world->accounts[caller->account].id, caller->role,
                    caller->session_name, operation);
        return WORLD_NONE;
    }
    return region;
}

void config_refuse_token(Exchange *exchange) {
    reply_error(&exchange->reply, 400, "InvalidNextTokenException",
                "The specified next token is not valid.");
}

void config_refuse_rule(Exchange *exchange, const char *name) {
    reply_error(&exchange->reply, 400, "NoSuchConfigRuleException",
                "The ConfigRule '%.128s' provided in the request is invalid. Please check the "
                "configRule name",
                name);
}

static void put_token(const Exchange *exchange, JsonWriter *json, const Page *page,
                      uint64_t offset) {
    OWN(buf_done) Buf token = {0};
    page_append_token(exchange, page, offset, &token);
    json_put_text(json, "NextToken", buf_text(&token));
}

/* --- Listings of rules ----------------------------------------------------------------------- */

/* Rules page by page, or those that are named. `put` may pass one over (false). */
typedef struct RuleListing {
    const char *member;
    const char *arguments; /* for the token */
    size_t page;
    bool (*put)(const ScopeRule *rule, const Json *input, JsonWriter *json);
} RuleListing;

static void answer_named_rules(Exchange *exchange, const Json *input, int region,
                               const RuleListing *listing) {
    JsonWriter json = {.out = &exchange->reply.body};
    json_begin_object(&json, NULL);
    json_begin_array(&json, listing->member);
    const Json *names = json_at(input, "ConfigRuleNames");
    for (const Json *item = json_first(names); item != NULL; item = json_next(item)) {
        ScopeRule rule;
        const char *name = json_text_value(item);
        if (!scope_rule_find(exchange->world, exchange->knobs, exchange->request.caller.account,
                             region, name, &rule)) {
            config_refuse_rule(exchange, name);
            return;
        }
        listing->put(&rule, input, &json);
    }
    json_end_array(&json);
    json_end_object(&json);
}

static void answer_rules(Exchange *exchange, const Json *input, const RuleListing *listing) {
    int region = config_open_scope(exchange);
    if (region == WORLD_NONE) {
        return;
    }
    if (json_first(json_at(input, "ConfigRuleNames")) != NULL) {
        answer_named_rules(exchange, input, region, listing);
        return;
    }
    Page page;
    if (!page_open(exchange, service_text(input, "NextToken"), listing->arguments, listing->page,
                   &page)) {
        config_refuse_token(exchange);
        return;
    }
    JsonWriter json = {.out = &exchange->reply.body};
    json_begin_object(&json, NULL);
    json_begin_array(&json, listing->member);
    size_t at = page.offset;
    for (size_t given = 0; at < exchange->world->rule_count && given < page.limit; at++) {
        ScopeRule rule;
        scope_rule_open(exchange->world, exchange->knobs, exchange->request.caller.account, region,
                        (int)at, &rule);
        given += listing->put(&rule, input, &json);
    }
    json_end_array(&json);
    if (at < exchange->world->rule_count || page.limit == 0) {
        put_token(exchange, &json, &page, at);
    }
    json_end_object(&json);
}

static bool put_rule(const ScopeRule *rule, const Json *input, JsonWriter *json) {
    const WorldRule *of = &rule->world->rules[rule->rule];
    const char *mode = service_text(input, "Filters.EvaluationMode");
    char arn[WORLD_ARN_SIZE];
    char id[24];
    if (str_equal(mode, "PROACTIVE")) {
        return false;
    }
    scope_rule_arn(rule, arn);
    scope_rule_id(rule, id);
    json_begin_object(json, NULL);
    json_put_text(json, "ConfigRuleName", rule->name);
    json_put_text(json, "ConfigRuleArn", arn);
    json_put_text(json, "ConfigRuleId", id);
    if (of->draw % 4 != 0) {
        json_put_text(json, "Description",
                      of->identifier != NULL ? "Checks resources against an AWS managed rule."
                                             : "Checks what our own guidelines ask for.");
    }
    json_begin_object(json, "Scope");
    json_begin_array(json, "ComplianceResourceTypes");
    json_put_text(json, NULL, rule->type);
    json_end_array(json);
    json_end_object(json);
    json_begin_object(json, "Source");
    json_put_text(json, "Owner", of->identifier != NULL ? "AWS" : "CUSTOM_LAMBDA");
    char function[WORLD_ARN_SIZE];
    snprintf(function, sizeof function, "arn:%s:lambda:%s:%s:function:%s",
             world_partition(rule->world->regions[rule->region]),
             rule->world->regions[rule->region], rule->world->accounts[rule->account].id, of->name);
    json_put_text(json, "SourceIdentifier", of->identifier != NULL ? of->identifier : function);
    json_end_object(json);
    json_put_text(json, "ConfigRuleState", "ACTIVE");
    if (of->kind == WORLD_RULE_LINKED) {
        json_put_text(json, "CreatedBy", "securityhub.amazonaws.com");
    } else if (of->kind == WORLD_RULE_PACK) {
        json_put_text(json, "CreatedBy", "config-conforms.amazonaws.com");
    }
    json_begin_array(json, "EvaluationModes");
    json_begin_object(json, NULL);
    json_put_text(json, "Mode", "DETECTIVE");
    json_end_object(json);
    json_end_array(json);
    json_end_object(json);
    return true;
}

static bool has_text(const Json *list, const char *text) {
    for (const Json *item = json_first(list); item != NULL; item = json_next(item)) {
        if (str_equal(json_text_value(item), text)) {
            return true;
        }
    }
    return false;
}

/* A rule whose details are denied, or that is about to vanish, still says how it stands. */
static bool put_compliance(const ScopeRule *rule, const Json *input, JsonWriter *json) {
    const Json *types = json_at(input, "ComplianceTypes");
    int64_t contributors = 0;
    const char *compliance = "INSUFFICIENT_DATA";
    if (rule->state == SCOPE_RULE_READABLE) {
        compliance = compliance_names[scope_rule_summary(rule, &contributors)];
    } else if (rule->state != SCOPE_RULE_SILENT) {
        compliance = "COMPLIANT";
        contributors = 1;
    }
    if (json_first(types) != NULL && !has_text(types, compliance)) {
        return false;
    }
    json_begin_object(json, NULL);
    json_put_text(json, "ConfigRuleName", rule->name);
    json_begin_object(json, "Compliance");
    json_put_text(json, "ComplianceType", compliance);
    if (contributors > 0) {
        bool capped = contributors > CONFIG_MAX_CAPPED;
        json_begin_object(json, "ComplianceContributorCount");
        json_put_int(json, "CappedCount", capped ? CONFIG_MAX_CAPPED : contributors);
        json_put_bool(json, "CapExceeded", capped);
        json_end_object(json);
    }
    json_end_object(json);
    json_end_object(json);
    return true;
}

static bool put_evaluation_status(const ScopeRule *rule, const Json *input, JsonWriter *json) {
    (void)input;
    char arn[WORLD_ARN_SIZE];
    char id[24];
    scope_rule_arn(rule, arn);
    scope_rule_id(rule, id);
    int64_t last_ms = world_week_start_ms(rule->knobs->week);
    json_begin_object(json, NULL);
    json_put_text(json, "ConfigRuleName", rule->name);
    json_put_text(json, "ConfigRuleArn", arn);
    json_put_text(json, "ConfigRuleId", id);
    service_put_time(json, "FirstActivatedTime", world_week_start_ms(0) - 86400000);
    json_put_bool(json, "FirstEvaluationStarted", rule->state != SCOPE_RULE_SILENT);
    if (rule->state != SCOPE_RULE_SILENT) {
        service_put_time(json, "LastSuccessfulInvocationTime", last_ms);
        service_put_time(json, "LastSuccessfulEvaluationTime", last_ms);
    }
    json_end_object(json);
    return true;
}

static void describe_rules(Exchange *exchange, const Json *input) {
    answer_rules(exchange, input,
                 &(RuleListing){"ConfigRules", service_text(input, "Filters.EvaluationMode"),
                                CONFIG_RULES_PAGE, put_rule});
}

static void describe_compliance(Exchange *exchange, const Json *input) {
    OWN(buf_done) Buf arguments = {0};
    const Json *types = json_at(input, "ComplianceTypes");
    for (const Json *item = json_first(types); item != NULL; item = json_next(item)) {
        buf_printf(&arguments, "%s ", json_text_value(item));
    }
    answer_rules(exchange, input,
                 &(RuleListing){"ComplianceByConfigRules", buf_text(&arguments), CONFIG_RULES_PAGE,
                                put_compliance});
}

static void describe_evaluation_status(Exchange *exchange, const Json *input) {
    int64_t limit = service_int(input, "Limit", 0);
    answer_rules(exchange, input,
                 &(RuleListing){"ConfigRulesEvaluationStatus", "",
                                limit == 0 ? CONFIG_RULES_PAGE : (size_t)limit,
                                put_evaluation_status});
}

/* --- Recorders and tags ---------------------------------------------------------------------- */

static void refuse_recorder(Exchange *exchange, const char *name) {
    reply_error(&exchange->reply, 400, "NoSuchConfigurationRecorderException",
                "Cannot find configuration recorder with the specified name '%.128s'.", name);
}

/* The state of the recorder, or NULL with the error: a name that is asked for must be there. */
static const char *open_recorder(Exchange *exchange, const Json *input) {
    int region = config_open_scope(exchange);
    if (region == WORLD_NONE) {
        return NULL;
    }
    const char *state =
        world_recorder(exchange->world, exchange->knobs, exchange->request.caller.account, region);
    const Json *names = json_at(input, "ConfigurationRecorderNames");
    for (const Json *item = json_first(names); item != NULL; item = json_next(item)) {
        if (!str_equal(json_text_value(item), "default") || str_equal(state, "none")) {
            refuse_recorder(exchange, json_text_value(item));
            return NULL;
        }
    }
    return state;
}

static void describe_recorders(Exchange *exchange, const Json *input) {
    const char *state = open_recorder(exchange, input);
    if (state == NULL) {
        return;
    }
    JsonWriter json = {.out = &exchange->reply.body};
    json_begin_object(&json, NULL);
    json_begin_array(&json, "ConfigurationRecorders");
    if (!str_equal(state, "none")) {
        char role[WORLD_ARN_SIZE];
        snprintf(role, sizeof role,
                 "arn:%s:iam::%s:role/aws-service-role/config.amazonaws.com/"
                 "AWSServiceRoleForConfig",
                 world_partition(exchange->request.caller.region),
                 exchange->world->accounts[exchange->request.caller.account].id);
        json_begin_object(&json, NULL);
        json_put_text(&json, "name", "default");
        json_put_text(&json, "roleARN", role);
        json_begin_object(&json, "recordingGroup");
        json_put_bool(&json, "allSupported", true);
        json_put_bool(&json, "includeGlobalResourceTypes", true);
        json_begin_array(&json, "resourceTypes");
        json_end_array(&json);
        json_end_object(&json);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
}

static void describe_recorder_status(Exchange *exchange, const Json *input) {
    const char *state = open_recorder(exchange, input);
    if (state == NULL) {
        return;
    }
    bool on = str_equal(state, "on");
    JsonWriter json = {.out = &exchange->reply.body};
    json_begin_object(&json, NULL);
    json_begin_array(&json, "ConfigurationRecordersStatus");
    if (!str_equal(state, "none")) {
        int64_t week_ms = world_week_start_ms(exchange->knobs->week);
        json_begin_object(&json, NULL);
        json_put_text(&json, "name", "default");
        service_put_time(&json, "lastStartTime", world_week_start_ms(0) - 86400000);
        if (!on) {
            service_put_time(&json, "lastStopTime", week_ms - 3600000);
        }
        json_put_bool(&json, "recording", on);
        json_put_text(&json, "lastStatus", on ? "SUCCESS" : "FAILURE");
        service_put_time(&json, "lastStatusChangeTime", week_ms - 3600000);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
}

static void list_tags(Exchange *exchange, const Json *input) {
    int region = config_open_scope(exchange);
    if (region == WORLD_NONE) {
        return;
    }
    const char *arn = service_text(input, "ResourceArn");
    const char *id = strrchr(arn, '/') != NULL ? strrchr(arn, '/') + 1 : "";
    char actual[WORLD_ARN_SIZE] = "";
    ScopeRule rule;
    if (scope_rule_find_id(exchange->world, exchange->knobs, exchange->request.caller.account,
                           region, id, &rule)) {
        scope_rule_arn(&rule, actual);
    }
    if (!str_equal(actual, arn)) {
        reply_error(&exchange->reply, 400, "ResourceNotFoundException",
                    "The specified resource does not exist: %.300s", arn);
        return;
    }
    Page page;
    int64_t limit = service_int(input, "Limit", 0);
    if (!page_open(exchange, service_text(input, "NextToken"), arn,
                   limit == 0 ? CONFIG_TAGS_PAGE : (size_t)limit, &page)) {
        config_refuse_token(exchange);
        return;
    }
    WorldTag tags[WORLD_MAX_TAGS];
    size_t count = scope_rule_tags(&rule, tags);
    JsonWriter json = {.out = &exchange->reply.body};
    json_begin_object(&json, NULL);
    json_begin_array(&json, "Tags");
    size_t at = page.offset;
    for (; at < count && at < page.offset + page.limit; at++) {
        json_begin_object(&json, NULL);
        json_put_text(&json, "Key", tags[at].key);
        json_put_text(&json, "Value", tags[at].value);
        json_end_object(&json);
    }
    json_end_array(&json);
    if (at < count || page.limit == 0) {
        put_token(exchange, &json, &page, at);
    }
    json_end_object(&json);
}

#define COMPLIANCE_TYPES "COMPLIANT NON_COMPLIANT NOT_APPLICABLE INSUFFICIENT_DATA"

static const Member filter_members[] = {
    {.name = "EvaluationMode", .max = 16, .values = "DETECTIVE PROACTIVE"},
    {0},
};
static const Member rules_members[] = {
    {.name = "ConfigRuleNames", .type = MEMBER_TEXTS, .max = 25},
    {.name = "NextToken", .max = 1024},
    {.name = "Filters", .type = MEMBER_OBJECT, .members = filter_members},
    {0},
};
static const Member compliance_members[] = {
    {.name = "ConfigRuleNames", .type = MEMBER_TEXTS, .max = 25},
    {.name = "ComplianceTypes", .type = MEMBER_TEXTS, .max = 3, .values = COMPLIANCE_TYPES},
    {.name = "NextToken", .max = 1024},
    {0},
};
static const Member status_members[] = {
    {.name = "ConfigRuleNames", .type = MEMBER_TEXTS, .max = 25},
    {.name = "NextToken", .max = 1024},
    {.name = "Limit", .type = MEMBER_INT, .min = 0, .max = 50},
    {0},
};
static const Member recorder_members[] = {
    {.name = "ConfigurationRecorderNames", .type = MEMBER_TEXTS, .max = 100},
    {0},
};
static const Member details_members[] = {
    {.name = "ConfigRuleName", .min = 1, .max = 128, .required = true},
    {.name = "ComplianceTypes", .type = MEMBER_TEXTS, .max = 3, .values = COMPLIANCE_TYPES},
    {.name = "Limit", .type = MEMBER_INT, .min = 0, .max = 100},
    {.name = "NextToken", .max = 1024},
    {0},
};
static const Member tags_members[] = {
    {.name = "ResourceArn", .min = 1, .max = 1000, .required = true},
    {.name = "Limit", .type = MEMBER_INT, .min = 0, .max = 100},
    {.name = "NextToken", .max = 1024},
    {0},
};
static const Member select_members[] = {
    {.name = "Expression", .min = 1, .max = 4096, .required = true},
    {.name = "Limit", .type = MEMBER_INT, .min = 0, .max = 100},
    {.name = "NextToken", .max = 1024},
    {0},
};

const Operation config_operations[] = {
    {"DescribeConfigRules", rules_members, describe_rules},
    {"DescribeComplianceByConfigRule", compliance_members, describe_compliance},
    {"DescribeConfigRuleEvaluationStatus", status_members, describe_evaluation_status},
    {"GetComplianceDetailsByConfigRule", details_members, config_get_details},
    {"DescribeConfigurationRecorders", recorder_members, describe_recorders},
    {"DescribeConfigurationRecorderStatus", recorder_members, describe_recorder_status},
    {"ListTagsForResource", tags_members, list_tags},
    {"SelectResourceConfig", select_members, config_select_resources},
    {0},
};
