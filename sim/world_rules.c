/* The rules of the world: managed ones from sim/data/managed-rules.csv, which is sorted so that the
 * best known come first, and a few of the organization's own. */
#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "draw.h"
#include "embedded_rules.h"
#include "evaluations.h"
#include "format/csv.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *type;
} custom_rules[] = {
    {"mox-required-tags", "AWS::EC2::Instance"},
    {"mox-approved-regions", "AWS::S3::Bucket"},
    {"mox-naming-convention", "AWS::Lambda::Function"},
    {"mox-bucket-lifecycle", "AWS::S3::Bucket"},
    {"mox-image-signed", "AWS::ECR::Repository"},
    {"mox-cost-center-known", "AWS::RDS::DBInstance"},
    {"mox-no-public-egress", "AWS::EC2::SecurityGroup"},
    {"mox-secret-has-owner", "AWS::SecretsManager::Secret"},
};
enum { CUSTOM_COUNT = sizeof custom_rules / sizeof custom_rules[0] };

static const char *const owners[] = {"cloud-security", "platform", "data-protection",
                                     "identity",       "network",  "finops"};
static const char *const severities[] = {"high", "medium", "critical", "low", "medium"};
static const char *const frameworks[] = {"CIS", "NIST", "ISO", "PCI"};

static int find_or_add_type(World *world, const char *type) {
    for (size_t i = 0; i < world->type_count; i++) {
        if (strcmp(world->types[i], type) == 0) {
            return (int)i;
        }
    }
    world->types = mem_grow(world->types, world->type_count + 1, sizeof *world->types);
    world->types[world->type_count] = type;
    world->type_styles =
        mem_grow(world->type_styles, world->type_count + 1, sizeof *world->type_styles);
    world->type_styles[world->type_count] = resource_id_style(type);
    return (int)world->type_count++;
}

static WorldRuleKind rule_kind(size_t place, const Knobs *knobs) {
    if (place + (size_t)knobs->service_linked >= (size_t)knobs->rules) {
        return WORLD_RULE_LINKED;
    }
    switch (place % 8) {
    case 3:
        return WORLD_RULE_ORGANIZATION;
    case 5:
        return WORLD_RULE_PACK;
    case 6:
        return place % 16 == 6 ? WORLD_RULE_CUSTOM : WORLD_RULE_PLAIN;
    default:
        return WORLD_RULE_PLAIN;
    }
}

static void describe_rule(World *world, WorldRule *rule, const char *name, const char *type,
                          size_t variant) {
    if (variant == 0) {
        str_copy(rule->name, sizeof rule->name, name);
    } else {
        snprintf(rule->name, sizeof rule->name, "%.60s-v%zu", name, variant + 1);
    }
    rule->type = find_or_add_type(world, type);
    rule->draw = draw_text(draw_text(world->seed, "rule"), rule->name);
    uint64_t draw = draw_text(rule->draw, "tags");
    rule->owner = owners[draw_below(draw, sizeof owners / sizeof owners[0])];
    rule->severity = severities[draw_below(draw_next(draw, 1), 5)];
    rule->periodic = draw_below(draw_next(draw, 2), 3) == 0;
    snprintf(rule->control, sizeof rule->control, "%s-%zu.%zu",
             frameworks[draw_below(draw_next(draw, 3), 4)], draw_below(draw_next(draw, 4), 9) + 1,
             draw_below(draw_next(draw, 5), 20) + 1);
}

typedef struct ManagedRules {
    size_t count;
    struct {
        const char *identifier;
        const char *name;
        const char *type;
    } rows[1024];
} ManagedRules;

/* Rules that are about the account have one evaluation: where each is to have more, they are left
 * out. Texts end up in world->data. */
static Status read_managed_rules(World *world, const Knobs *knobs, ManagedRules *managed,
                                 Err *err) {
    OWN(arena_done) Arena arena = {0};
    size_t size = embedded_rules_size;
    world->data = mem_alloc(size + 1);
    char *free_at = world->data;
    CsvReader reader;
    csv_open(&reader, (const char *)embedded_rules, size);
    bool more = true;
    for (bool is_head = true; more; is_head = false) {
        CsvRow row = {0};
        TRY(csv_next(&reader, &arena, &row, &more, err));
        if (!more || is_head) {
            continue;
        }
        ASSERT(row.count == 3 && managed->count < sizeof managed->rows / sizeof managed->rows[0]);
        if (knobs->evaluations_min > 1 && strcmp(row.fields[2], "AWS::::Account") == 0) {
            continue;
        }
        const char *texts[3];
        for (size_t i = 0; i < 3; i++) {
            size_t length = strcspn(row.fields[i], i == 2 ? " " : "");
            texts[i] = free_at;
            memcpy(free_at, row.fields[i], length);
            free_at[length] = '\0';
            free_at += length + 1;
        }
        size_t at = managed->count++;
        managed->rows[at].identifier = texts[0];
        managed->rows[at].name = texts[1];
        managed->rows[at].type = texts[2];
    }
    return ST_OK;
}

static int compare_names(const void *a, const void *b, void *rules) {
    const WorldRule *table = rules;
    return strcmp(table[*(const int *)a].name, table[*(const int *)b].name);
}

Status world_make_rules(World *world, const Knobs *knobs, Err *err) {
    OWN(mem_free_at) ManagedRules *managed = mem_alloc(sizeof *managed);
    TRY(read_managed_rules(world, knobs, managed, err));
    world->rule_count = (size_t)knobs->rules;
    world->rules = mem_array(world->rule_count, sizeof *world->rules);
    world->rules_by_name = mem_array(world->rule_count, sizeof(int));
    size_t customs = 0;
    size_t manageds = 0;
    for (size_t i = 0; i < world->rule_count; i++) {
        WorldRule *rule = &world->rules[i];
        rule->kind = rule_kind(i, knobs);
        if (rule->kind == WORLD_RULE_CUSTOM) {
            size_t at = customs % CUSTOM_COUNT;
            describe_rule(world, rule, custom_rules[at].name, custom_rules[at].type,
                          customs++ / CUSTOM_COUNT);
        } else {
            size_t at = manageds % managed->count;
            rule->identifier = managed->rows[at].identifier;
            describe_rule(world, rule, managed->rows[at].name, managed->rows[at].type,
                          manageds++ / managed->count);
        }
        world->rules_by_name[i] = (int)i;
    }
    qsort_r(world->rules_by_name, world->rule_count, sizeof(int), compare_names, world->rules);
    return ST_OK;
}
