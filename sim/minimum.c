/* The fewest calls with which all can be read that expected.h tells of: accounts with their units
 * and tags, and of each scope the recorder, the rules with their tags, what they say, and the tags
 * of resources that are not compliant. */
#include "base/mem.h"
#include "evaluations.h"
#include "expected.h"

#include <string.h>

enum { EXPRESSION_BYTES = 4096 - 60, IDS_A_PAGE = 100 };

typedef struct Minimum {
    const World *world;
    const Knobs *knobs;
    int64_t sessions;
    int64_t scopes;
    int64_t details;
    int64_t rule_tags;
    int64_t resource_tags;
    size_t slots; /* of the largest pool */
    bool *is_bad; /* by type, then slot: this resource is not compliant */
} Minimum;

static int64_t pages(int64_t count, int64_t page) {
    return count == 0 ? 1 : (count + page - 1) / page;
}

/* What the queries for the tags have to name. */
typedef struct Named {
    int64_t ids;
    int64_t bytes;
} Named;

static void look_at_rule(Minimum *minimum, const ScopeRule *rule, int type, Named *named) {
    char id[RESOURCE_ID_SIZE];
    for (int64_t slot = 0; slot < rule->evaluations; slot++) {
        Evaluation evaluation;
        bool *is_bad = &minimum->is_bad[(size_t)type * minimum->slots + (size_t)slot];
        evaluation_open(rule, slot, &evaluation);
        if (evaluation.compliance != NON_COMPLIANT || *is_bad ||
            strcmp(rule->type, "AWS::::Account") == 0) {
            continue;
        }
        *is_bad = true;
        named->ids++;
        named->bytes += evaluation_put_resource_id(rule, &evaluation, id) - id + 3;
    }
}

static void look_at_scope(Minimum *minimum, int account, int region) {
    const World *world = minimum->world;
    Named named = {0};
    int64_t tagged_rules = 0;
    memset(minimum->is_bad, 0, world->type_count * minimum->slots * sizeof *minimum->is_bad);
    for (size_t i = 0; i < world->rule_count; i++) {
        ScopeRule rule;
        WorldTag tags[WORLD_MAX_TAGS];
        scope_rule_open(world, minimum->knobs, account, region, (int)i, &rule);
        minimum->details += rule.state == SCOPE_RULE_SILENT ? 0 : pages(rule.evaluations, 100);
        tagged_rules += scope_rule_tags(&rule, tags) > 0;
        look_at_rule(minimum, &rule, world->rules[i].type, &named);
    }
    int64_t by_ids = pages(named.ids, IDS_A_PAGE);
    int64_t by_bytes = pages(named.bytes, EXPRESSION_BYTES);
    minimum->scopes++;
    minimum->rule_tags += world->rule_count > 0 ? pages(tagged_rules, 100) : 0;
    minimum->resource_tags += named.ids == 0 ? 0 : by_ids > by_bytes ? by_ids : by_bytes;
}

static int64_t count_in(const World *world, int unit, bool units) {
    int64_t count = 0;
    size_t end = units ? world->unit_count : world->account_count;
    for (size_t i = 0; i < end; i++) {
        count += (units ? world->units[i].parent : world->accounts[i].unit) == unit;
    }
    return count;
}

static int64_t put(JsonWriter *json, const char *operation, int64_t calls) {
    json_put_int(json, operation, calls);
    return calls;
}

static int64_t write_organization(const World *world, JsonWriter *json) {
    int64_t units = 0;
    int64_t accounts = 0;
    for (int unit = 0; (size_t)unit < world->unit_count; unit++) {
        units += pages(count_in(world, unit, true), 20);
        accounts += pages(count_in(world, unit, false), 20);
    }
    return put(json, "organizations:ListAccounts", pages((int64_t)world->account_count, 20)) +
           put(json, "organizations:DescribeOrganization", 1) +
           put(json, "organizations:ListRoots", 1) +
           put(json, "organizations:ListOrganizationalUnitsForParent", units) +
           put(json, "organizations:ListAccountsForParent", accounts);
}

void expected_write_minimum(const World *world, const Knobs *knobs, JsonWriter *json) {
    Minimum minimum = {.world = world, .knobs = knobs, .slots = (size_t)knobs->evaluations_max + 1};
    minimum.is_bad = mem_array(world->type_count * minimum.slots, sizeof *minimum.is_bad);
    for (int account = 0; (size_t)account < world->account_count; account++) {
        minimum.sessions += world_outcome(world, knobs, account, WORLD_NONE) == WORLD_SCANNED;
        for (int region = 0; (size_t)region < world->region_count; region++) {
            if (world_outcome(world, knobs, account, region) == WORLD_SCANNED) {
                look_at_scope(&minimum, account, region);
            }
        }
    }
    mem_free(minimum.is_bad);
    int64_t listings = minimum.scopes * pages((int64_t)world->rule_count, 25);
    int64_t account_tags = pages((int64_t)world->account_count, 100);
    int64_t calls = write_organization(world, json);
    calls += put(json, "sts:GetCallerIdentity", 1);
    calls += put(json, "sts:AssumeRole", minimum.sessions);
    calls += put(json, "config:DescribeConfigurationRecorderStatus", minimum.scopes);
    calls += put(json, "config:DescribeConfigRules", listings);
    calls += put(json, "config:DescribeComplianceByConfigRule", listings);
    calls += put(json, "config:GetComplianceDetailsByConfigRule", minimum.details);
    calls += put(json, "config:SelectResourceConfig", minimum.resource_tags);
    calls += put(json, "tagging:GetResources", account_tags + minimum.rule_tags);
    put(json, "calls", calls);
}
