#include "expected.h"

#include "base/mem.h"
#include "base/str.h"
#include "evaluations.h"
#include "pools.h"

#include <string.h>

enum { PIECE_BYTES = 32 * 1024, MAX_FIELDS = 16 };

typedef struct Expected {
    ExpectedOptions options;
    bool begun;
    int account;
    int region;
    int rule;     /* for resources: the place in the pool */
    int64_t slot; /* of the evaluation */
    Pools pools;  /* of the scope, when its resources are told */
} Expected;

bool expected_kind_parse(const char *name, ExpectedKind *ret_kind) {
    static const char *const names[] = {"", "scopes", "rules", "resources"};
    for (size_t i = 0; i < 4; i++) {
        if (str_equal(names[i], name)) {
            *ret_kind = (ExpectedKind)i;
            return true;
        }
    }
    return false;
}

/* --- One line -------------------------------------------------------------------------------- */

typedef struct Field {
    const char *name;
    const char *text; /* NULL: a number */
    int64_t number;
} Field;

/* RFC 4180, as it is: this is for machines to compare with. */
static void append_csv(Buf *out, const char *text) {
    if (strpbrk(text, ",\"\r\n") == NULL) {
        buf_puts(out, text);
        return;
    }
    buf_putc(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') {
            buf_putc(out, '"');
        }
        buf_putc(out, *c);
    }
    buf_putc(out, '"');
}

static void write_csv_head(Buf *out, const Field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%s%s", i > 0 ? "," : "", fields[i].name);
    }
    buf_puts(out, "\r\n");
}

static void write_line(Expected *expected, Buf *out, const Field *fields, size_t count) {
    if (!expected->options.as_csv) {
        JsonWriter json = {.out = out};
        json_begin_object(&json, NULL);
        for (size_t i = 0; i < count; i++) {
            if (fields[i].text != NULL) {
                json_put_text(&json, fields[i].name, fields[i].text);
            } else {
                json_put_int(&json, fields[i].name, fields[i].number);
            }
        }
        json_end_object(&json);
        buf_putc(out, '\n');
        return;
    }
    if (!expected->begun) {
        write_csv_head(out, fields, count);
        expected->begun = true;
    }
    for (size_t i = 0; i < count; i++) {
        buf_puts(out, i > 0 ? "," : "");
        if (fields[i].text != NULL) {
            append_csv(out, fields[i].text);
        } else {
            buf_printf(out, "%lld", (long long)fields[i].number);
        }
    }
    buf_puts(out, "\r\n");
}

/* --- The four kinds -------------------------------------------------------------------------- */

static WorldOutcome outcome_here(const Expected *expected) {
    return world_outcome(expected->options.world, &expected->options.knobs, expected->account,
                         expected->region);
}

static void open_rule_here(const Expected *expected, ScopeRule *ret_rule) {
    scope_rule_open(expected->options.world, &expected->options.knobs, expected->account,
                    expected->region, expected->rule, ret_rule);
}

static void write_evaluation(Expected *expected, const ScopeRule *rule, Buf *out) {
    Evaluation evaluation;
    char resource_id[RESOURCE_ID_SIZE];
    char annotation[ANNOTATION_SIZE];
    evaluation_open(rule, expected->slot, &evaluation);
    *evaluation_put_resource_id(rule, &evaluation, resource_id) = '\0';
    evaluation_annotation(rule, &evaluation, annotation);
    const Field fields[] = {
        {.name = "account_id", .text = rule->world->accounts[rule->account].id},
        {.name = "region", .text = rule->world->regions[rule->region]},
        {.name = "rule_name", .text = rule->name},
        {.name = "resource_type", .text = rule->type},
        {.name = "resource_id", .text = resource_id},
        {.name = "compliance", .text = compliance_names[evaluation.compliance]},
        {.name = "annotation", .text = annotation},
        {.name = "mode", .text = evaluation.is_proactive ? "PROACTIVE" : "DETECTIVE"},
    };
    write_line(expected, out, fields, sizeof fields / sizeof fields[0]);
}

/* Some of the rule's evaluations; true when there are no more. */
static bool write_evaluations(Expected *expected, Buf *out) {
    ScopeRule rule;
    open_rule_here(expected, &rule);
    while (expected->slot < rule.evaluations && out->size < PIECE_BYTES) {
        write_evaluation(expected, &rule, out);
        expected->slot++;
    }
    bool done = expected->slot >= rule.evaluations;
    expected->slot = done ? 0 : expected->slot;
    return done;
}

static void write_rule(Expected *expected, Buf *out) {
    static const char *const states[] = {"ok", "insufficient_data", "vanished", "denied"};
    ScopeRule rule;
    WorldTag tags[WORLD_MAX_TAGS];
    open_rule_here(expected, &rule);
    const char *values[3] = {"", "", ""};
    size_t count = scope_rule_tags(&rule, tags);
    for (size_t i = 0; i < count && i < 3; i++) {
        values[i] = tags[i].value; /* mox.owner, mox.severity, mox.control: in this order */
    }
    int64_t contributors = 0;
    const char *compliance = rule.state == SCOPE_RULE_READABLE
                                 ? compliance_names[scope_rule_summary(&rule, &contributors)]
                             : rule.state == SCOPE_RULE_SILENT ? "INSUFFICIENT_DATA"
                                                               : "";
    const Field fields[] = {
        {.name = "account_id", .text = rule.world->accounts[rule.account].id},
        {.name = "region", .text = rule.world->regions[rule.region]},
        {.name = "rule_name", .text = rule.name},
        {.name = "rule_group", .text = rule.world->rules[rule.rule].name},
        {.name = "state", .text = states[rule.state]},
        {.name = "compliance", .text = compliance},
        {.name = "evaluations", .number = rule.evaluations},
        {.name = "mox.owner", .text = values[0]},
        {.name = "mox.severity", .text = values[1]},
        {.name = "mox.control", .text = values[2]},
    };
    write_line(expected, out, fields, sizeof fields / sizeof fields[0]);
}

/* What is read there, and how many of its rules can not be. */
static void count_scope(const Expected *expected, int64_t *ret_evaluations, int64_t *ret_failed) {
    *ret_evaluations = 0;
    *ret_failed = 0;
    for (size_t i = 0; i < expected->options.world->rule_count; i++) {
        ScopeRule rule;
        scope_rule_open(expected->options.world, &expected->options.knobs, expected->account,
                        expected->region, (int)i, &rule);
        *ret_evaluations += rule.evaluations;
        *ret_failed += rule.state == SCOPE_RULE_VANISHED || rule.state == SCOPE_RULE_DENIED;
    }
}

static void write_scope(Expected *expected, Buf *out) {
    static const char *const outcomes[] = {[WORLD_SCANNED] = "scanned",
                                           [WORLD_SKIPPED] = "skipped",
                                           [WORLD_REGION_OFF] = "skipped",
                                           [WORLD_ROLE_DENIED] = "denied",
                                           [WORLD_REGION_DENIED] = "denied"};
    static const char *const codes[] = {[WORLD_SCANNED] = "",
                                        [WORLD_SKIPPED] = "",
                                        [WORLD_REGION_OFF] = "",
                                        [WORLD_ROLE_DENIED] = "AccessDenied",
                                        [WORLD_REGION_DENIED] = "AccessDeniedException"};
    const World *world = expected->options.world;
    const WorldAccount *account = &world->accounts[expected->account];
    WorldOutcome outcome = outcome_here(expected);
    int64_t evaluations = 0;
    int64_t failed = 0;
    bool scanned = outcome == WORLD_SCANNED;
    if (scanned) {
        count_scope(expected, &evaluations, &failed);
    }
    const Field fields[] = {
        {.name = "account_id", .text = account->id},
        {.name = "account_name", .text = account->name},
        {.name = "region", .text = world->regions[expected->region]},
        {.name = "outcome", .text = outcomes[outcome]},
        {.name = "recorder",
         .text = scanned ? world_recorder(world, &expected->options.knobs, expected->account,
                                          expected->region)
                         : ""},
        {.name = "error_code", .text = codes[outcome]},
        {.name = "rules", .number = scanned ? (int64_t)world->rule_count : 0},
        {.name = "rules_failed", .number = failed},
        {.name = "evaluations", .number = evaluations},
    };
    write_line(expected, out, fields, sizeof fields / sizeof fields[0]);
}

/* The resource at the place, or false when the pools hold no more. */
static bool write_resource(Expected *expected, Buf *out) {
    Pool pool;
    Evaluation resource;
    char resource_id[RESOURCE_ID_SIZE];
    if (expected->pools.rules == NULL) {
        pools_open(expected->options.world, &expected->options.knobs, expected->account,
                   expected->region, &expected->pools);
    }
    if (!pools_find(&expected->pools, (uint64_t)expected->rule, &pool)) {
        return false;
    }
    pool_resource(&pool, &resource);
    *evaluation_put_resource_id(&pool.rule, &resource, resource_id) = '\0';
    WorldTag tags[WORLD_MAX_TAGS];
    size_t count = pool_tags(&pool, &resource, tags);
    const Field fields[] = {
        {.name = "account_id", .text = pool.rule.world->accounts[expected->account].id},
        {.name = "region", .text = pool.rule.world->regions[expected->region]},
        {.name = "resource_type", .text = pool.rule.type},
        {.name = "resource_id", .text = resource_id},
        {.name = "mox.owner", .text = count > 0 ? tags[0].value : ""},
    };
    write_line(expected, out, fields, sizeof fields / sizeof fields[0]);
    return true;
}

/* --- The walk -------------------------------------------------------------------------------- */

static void next_scope(Expected *expected) {
    pools_done(&expected->pools);
    expected->rule = 0;
    expected->slot = 0;
    expected->region++;
    if ((size_t)expected->region == expected->options.world->region_count) {
        expected->region = 0;
        expected->account++;
    }
}

/* Writes what is next and moves on. */
static void step(Expected *expected, Buf *out) {
    size_t rules = expected->options.world->rule_count;
    if (expected->options.kind == EXPECTED_SCOPES) {
        write_scope(expected, out);
        next_scope(expected);
        return;
    }
    if (outcome_here(expected) != WORLD_SCANNED) {
        next_scope(expected);
        return;
    }
    if (expected->options.kind == EXPECTED_RESOURCES) {
        if (write_resource(expected, out)) {
            expected->rule++;
        } else {
            next_scope(expected);
        }
        return;
    }
    if ((size_t)expected->rule < rules) {
        if (expected->options.kind == EXPECTED_RULES) {
            write_rule(expected, out);
            expected->rule++;
        } else if (write_evaluations(expected, out)) {
            expected->rule++;
        }
    }
    if ((size_t)expected->rule >= rules) {
        next_scope(expected);
    }
}

static void read_expected(void *context, Buf *out) {
    Expected *expected = context;
    while (out->size < PIECE_BYTES &&
           (size_t)expected->account < expected->options.world->account_count) {
        step(expected, out);
    }
}

static void free_expected(void *context) {
    Expected *expected = context;
    pools_done(&expected->pools);
    mem_free(expected);
}

ReplyStream expected_open(const ExpectedOptions *options) {
    Expected *expected = mem_alloc(sizeof *expected);
    expected->options = *options;
    return (ReplyStream){.read = read_expected, .free = free_expected, .context = expected};
}
