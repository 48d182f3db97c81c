/* GetComplianceDetailsByConfigRule: nearly all that a scan asks for, so its pages are written with
 * plain copies into one piece of memory. */
#include "base/mem.h"
#include "base/str.h"
#include "config.h"
#include "tokens.h"

#include <stdio.h>
#include <string.h>

enum { DETAILS_PAGE = 10, FIXED_BYTES = 512, TOKEN_ROOM = 256, TEMPLATE_BYTES = 1024 };

static char *put(char *at, const char *text, size_t size) {
    memcpy(at, text, size);
    return at + size;
}
#define PUT(at, literal) put(at, literal, sizeof(literal) - 1)

/* Seconds with a fraction. With `exponent`, some as 1.736046000123E9. */
static char *put_time(char *at, int64_t time_ms, bool exponent) {
    char digits[13];
    uint64_t rest = (uint64_t)time_ms;
    for (size_t i = sizeof digits; i > 0; i--) {
        digits[i - 1] = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (exponent && time_ms % 2 == 0) {
        *at++ = digits[0];
        *at++ = '.';
        return PUT(put(at, digits + 1, 12), "E9");
    }
    at = put(at, digits, 10);
    *at++ = '.';
    return put(at, digits + 10, 3);
}

/* `, "Annotation": …` with its quotes and escapes; nothing when there is none. */
static char *put_annotation(char *at, const ScopeRule *rule, const Evaluation *evaluation) {
    char annotation[ANNOTATION_SIZE];
    evaluation_annotation(rule, evaluation, annotation);
    if (annotation[0] == '\0') {
        return at;
    }
    at = PUT(at, ",\"Annotation\":");
    if (!rule->world->hostile_text) {
        *at++ = '"';
        at = put(at, annotation, strlen(annotation));
        *at++ = '"';
        return at;
    }
    OWN(buf_done) Buf quoted = {0};
    json_append_quoted(&quoted, annotation, strlen(annotation));
    ASSERT(quoted.size <= ANNOTATION_JSON_SIZE);
    return put(at, quoted.data, quoted.size);
}

/* What all results of a rule begin with. */
static size_t make_template(const ScopeRule *rule, char *ret_text) {
    int size = snprintf(ret_text, TEMPLATE_BYTES,
                        "{\"EvaluationResultIdentifier\":{\"EvaluationResultQualifier\":{"
                        "\"ConfigRuleName\":\"%s\",\"ResourceType\":\"%s\",\"ResourceId\":\"",
                        rule->name, rule->type);
    ASSERT(size > 0 && size < TEMPLATE_BYTES);
    return (size_t)size;
}

static char *put_result(char *at, const ScopeRule *rule, const Evaluation *evaluation) {
    static const struct {
        const char *text;
        size_t size;
    } ends[] = {
#define END(name)                                                                                  \
    {"},\"ComplianceType\":\"" name "\",\"ResultRecordedTime\":",                                  \
     sizeof("},\"ComplianceType\":\"" name "\",\"ResultRecordedTime\":") - 1}
        [COMPLIANT] = END("COMPLIANT"),
        [NON_COMPLIANT] = END("NON_COMPLIANT"),
        [NOT_APPLICABLE] = END("NOT_APPLICABLE"),
#undef END
    };
    bool exponent = rule->knobs->exponent_floats;
    int64_t time_ms = evaluation_time_ms(rule, evaluation);
    at = evaluation_put_resource_json(rule, evaluation, at);
    at = evaluation->is_proactive ? PUT(at, "\",\"EvaluationMode\":\"PROACTIVE\"}")
                                  : PUT(at, "\",\"EvaluationMode\":\"DETECTIVE\"}");
    at = PUT(at, ",\"OrderingTimestamp\":");
    at = put_time(at, time_ms - 2417, exponent);
    at = put(at, ends[evaluation->compliance].text, ends[evaluation->compliance].size);
    at = put_time(at, time_ms, exponent);
    at = PUT(at, ",\"ConfigRuleInvokedTime\":");
    at = put_time(at, time_ms - 1214, exponent);
    at = put_annotation(at, rule, evaluation);
    *at++ = '}';
    return at;
}

/* Bits of the compliance types that are asked for; all when none is named. */
static unsigned wanted_types(const Json *input) {
    const Json *types = json_at(input, "ComplianceTypes");
    unsigned wanted = 0;
    bool any = false;
    for (const Json *item = json_first(types); item != NULL; item = json_next(item)) {
        any = true;
        for (unsigned i = COMPLIANT; i <= NOT_APPLICABLE; i++) {
            wanted |= str_equal(json_text_value(item), compliance_names[i]) ? 1U << i : 0;
        }
    }
    return any ? wanted : 7;
}

/* Appends up to the page's limit of results; returns the slot after the last one looked at. */
static int64_t write_results(Buf *out, const ScopeRule *rule, const Page *page, unsigned wanted) {
    char template[TEMPLATE_BYTES];
    size_t template_size = make_template(rule, template);
    size_t result_room =
        template_size + FIXED_BYTES +
        (rule->world->hostile_text ? RESOURCE_ID_SIZE + ANNOTATION_JSON_SIZE : RESOURCE_ID_SIZE);
    size_t room = page->limit * result_room + TOKEN_ROOM;
    char *memory = mem_grow(NULL, room, 1);
    char *at = PUT(memory, "{\"EvaluationResults\":[");
    size_t given = 0;
    int64_t slot = (int64_t)page->offset;
    for (; slot < rule->evaluations && given < page->limit; slot++) {
        Evaluation evaluation;
        evaluation_open(rule, slot, &evaluation);
        if ((wanted & 1U << evaluation.compliance) == 0) {
            continue;
        }
        if (given++ > 0) {
            *at++ = ',';
        }
        at = put(at, template, template_size);
        at = put_result(at, rule, &evaluation);
    }
    *at++ = ']';
    *at = '\0';
    ASSERT((size_t)(at - memory) < room);
    buf_done(out);
    *out = (Buf){.data = memory, .size = (size_t)(at - memory), .capacity = room};
    return slot;
}

static void refuse_linked(Exchange *exchange, const ScopeRule *rule) {
    reply_error(&exchange->reply, 400, "AccessDeniedException",
                "The rule %s is owned by another service (securityhub.amazonaws.com): its details "
                "can not be read.",
                rule->name);
}

void config_get_details(Exchange *exchange, const Json *input) {
    const char *name = service_text(input, "ConfigRuleName");
    const char *token = service_text(input, "NextToken");
    int64_t limit = service_int(input, "Limit", 0);
    unsigned wanted = wanted_types(input);
    int region = config_open_scope(exchange);
    ScopeRule rule;
    if (region == WORLD_NONE) {
        return;
    }
    if (!scope_rule_find(exchange->world, exchange->knobs, exchange->request.caller.account, region,
                         name, &rule) ||
        rule.state == SCOPE_RULE_VANISHED) {
        config_refuse_rule(exchange, name);
        return;
    }
    if (rule.state == SCOPE_RULE_DENIED) {
        refuse_linked(exchange, &rule);
        return;
    }
    char arguments[WORLD_RULE_NAME_SIZE + 8];
    snprintf(arguments, sizeof arguments, "%s %u", name, wanted);
    Page page;
    if (!page_open(exchange, token, arguments, limit == 0 ? DETAILS_PAGE : (size_t)limit, &page)) {
        config_refuse_token(exchange);
        return;
    }
    Buf *out = &exchange->reply.body;
    int64_t slot = write_results(out, &rule, &page, wanted);
    if (slot < rule.evaluations || page.limit == 0) {
        buf_puts(out, ",\"NextToken\":\"");
        page_append_token(exchange, &page, (uint64_t)slot, out);
        buf_puts(out, "\"");
    }
    buf_puts(out, "}");
}
