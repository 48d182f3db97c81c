#include "evaluations.h"

#include "base/str.h"
#include "draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const compliance_names[] = {"COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"};

static const char lower_digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";

static void random_suffix(uint64_t draw, size_t letters, size_t count, char *ret_text) {
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        draw = draw_next(draw, i);
        ret_text[i] =
            letters == 16 ? hex[draw_below(draw, 16)] : lower_digits[draw_below(draw, letters)];
    }
    ret_text[count] = '\0';
}

static void name_scope_rule(ScopeRule *of, const WorldRule *rule) {
    char suffix[16];
    uint64_t draw = draw_next(of->draw, 7);
    switch (rule->kind) {
    case WORLD_RULE_ORGANIZATION:
        random_suffix(draw, 26, 8, suffix);
        snprintf(of->name, sizeof of->name, "OrgConfigRule-%s-%s", rule->name, suffix);
        return;
    case WORLD_RULE_PACK:
        random_suffix(draw, 36, 9, suffix);
        snprintf(of->name, sizeof of->name, "%s-conformance-pack-%s", rule->name, suffix);
        return;
    case WORLD_RULE_LINKED:
        random_suffix(draw, 16, 8, suffix);
        snprintf(of->name, sizeof of->name, "securityhub-%s-%s", rule->name, suffix);
        return;
    case WORLD_RULE_PLAIN:
    case WORLD_RULE_CUSTOM:
        str_copy(of->name, sizeof of->name, rule->name);
        return;
    }
}

/* A chain of two states whose share of compliant ones is `ratio` and of which `churn` change in a
 * week has these two rates; mending is then helped a little, so that things get better. */
static void set_rates(ScopeRule *of, const WorldRule *rule) {
    static const double ratios[] = {
        [WORLD_PROD] = 0.92, [WORLD_NONPROD] = 0.78, [WORLD_OTHER] = 0.85};
    double ratio = ratios[of->world->accounts[of->account].environment];
    ratio += (double)draw_below(draw_next(rule->draw, 3), 17) / 100 - 0.10;
    ratio = ratio > 0.985 ? 0.985 : ratio;
    double churn = of->knobs->churn;
    of->compliant = draw_threshold(ratio);
    of->breaks = draw_threshold(churn / (2 * ratio) * 0.85);
    of->mends = draw_threshold(churn / (2 * (1 - ratio)) * 1.15);
    of->replaced = draw_threshold(churn * 0.15);
}

/* Where rules may have none, some more have none than chance would give: those that are there but
 * find nothing to look at. */
static int64_t count_evaluations(const ScopeRule *of, const WorldRule *rule) {
    const Knobs *knobs = of->knobs;
    int64_t span = knobs->evaluations_max - knobs->evaluations_min + 1;
    uint64_t draw = draw_next(of->draw, 1);
    int64_t count = knobs->evaluations_min + (int64_t)draw_below(draw, (size_t)span);
    if (knobs->evaluations_min == 0 && draw_below(draw_next(draw, 1), 16) == 0) {
        return 0;
    }
    bool is_account = strcmp(of->world->types[rule->type], "AWS::::Account") == 0;
    return is_account && count > 1 ? 1 : count;
}

void scope_rule_open(const World *world, const Knobs *knobs, int account, int region, int rule,
                     ScopeRule *ret_rule) {
    const WorldRule *of = &world->rules[rule];
    uint64_t scope = draw_next(world->accounts[account].draw, (uint64_t)region);
    ret_rule->world = world;
    ret_rule->knobs = knobs;
    ret_rule->account = account;
    ret_rule->region = region;
    ret_rule->rule = rule;
    ret_rule->type = world->types[of->type];
    ret_rule->id_style = world->type_styles[of->type];
    ret_rule->draw = draw_next(scope, of->draw);
    ret_rule->pool_draw = draw_text(scope, ret_rule->type);
    ret_rule->evaluations = 0;
    name_scope_rule(ret_rule, of);
    set_rates(ret_rule, of);
    int64_t count = count_evaluations(ret_rule, of);
    if (of->kind == WORLD_RULE_LINKED) {
        ret_rule->state = SCOPE_RULE_DENIED;
    } else if (draw_is_below(draw_next(ret_rule->draw, 2), draw_threshold(knobs->vanish_rules))) {
        ret_rule->state = SCOPE_RULE_VANISHED;
    } else if (count == 0) {
        ret_rule->state = SCOPE_RULE_SILENT;
    } else {
        ret_rule->state = SCOPE_RULE_READABLE;
        ret_rule->evaluations = count;
    }
}

/* The name in the table that a name in a scope comes from. */
static void base_name(const char *name, char ret_base[WORLD_RULE_NAME_SIZE]) {
    str_copy(ret_base, WORLD_RULE_NAME_SIZE, name);
    size_t cut_before = 0;
    size_t cut_behind = 0;
    char *pack = strstr(ret_base, "-conformance-pack-");
    if (pack != NULL) {
        *pack = '\0';
    } else if (str_starts(name, "OrgConfigRule-")) {
        cut_before = strlen("OrgConfigRule-");
        cut_behind = 9;
    } else if (str_starts(name, "securityhub-")) {
        cut_before = strlen("securityhub-");
        cut_behind = 9;
    }
    size_t size = strlen(ret_base);
    if (size > cut_before + cut_behind) {
        memmove(ret_base, ret_base + cut_before, size - cut_before + 1);
        ret_base[size - cut_before - cut_behind] = '\0';
    }
}

static int find_by_base(const World *world, const char *base) {
    size_t low = 0;
    size_t high = world->rule_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int place = world->rules_by_name[middle];
        int order = strcmp(base, world->rules[place].name);
        if (order == 0) {
            return place;
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return WORLD_NONE;
}

bool scope_rule_find(const World *world, const Knobs *knobs, int account, int region,
                     const char *name, ScopeRule *ret_rule) {
    char base[WORLD_RULE_NAME_SIZE];
    /* As it is first: there is a rule named securityhub-enabled. */
    int place = find_by_base(world, name);
    if (place == WORLD_NONE) {
        base_name(name, base);
        place = find_by_base(world, base);
    }
    if (place == WORLD_NONE) {
        return false;
    }
    scope_rule_open(world, knobs, account, region, place, ret_rule);
    return strcmp(ret_rule->name, name) == 0;
}

/* Three letters by chance, and three that hold the place of the rule. */
void scope_rule_id(const ScopeRule *rule, char ret_id[24]) {
    char chance[4];
    random_suffix(draw_next(rule->draw, 11), 36, 3, chance);
    size_t place = ((size_t)rule->rule + rule->world->accounts[rule->account].draw % 40000) % 46656;
    snprintf(ret_id, 24, "config-rule-%s%c%c%c", chance, lower_digits[place / 1296],
             lower_digits[place / 36 % 36], lower_digits[place % 36]);
}

bool scope_rule_find_id(const World *world, const Knobs *knobs, int account, int region,
                        const char *id, ScopeRule *ret_rule) {
    if (!str_starts(id, "config-rule-") || strlen(id) != strlen("config-rule-xxxyyy")) {
        return false;
    }
    size_t place = 0;
    for (const char *c = id + strlen("config-rule-xxx"); *c != '\0'; c++) {
        const char *digit = strchr(lower_digits, *c);
        if (digit == NULL) {
            return false;
        }
        place = place * 36 + (size_t)(digit - lower_digits);
    }
    size_t shift = world->accounts[account].draw % 40000;
    size_t rule = (place + 46656 - shift) % 46656;
    if (rule >= world->rule_count) {
        return false;
    }
    char actual[24];
    scope_rule_open(world, knobs, account, region, (int)rule, ret_rule);
    scope_rule_id(ret_rule, actual);
    return strcmp(actual, id) == 0;
}

void scope_rule_arn(const ScopeRule *rule, char ret_arn[WORLD_ARN_SIZE]) {
    char id[24];
    const char *region = rule->world->regions[rule->region];
    scope_rule_id(rule, id);
    snprintf(ret_arn, WORLD_ARN_SIZE, "arn:%s:config:%s:%s:config-rule/%s", world_partition(region),
             region, rule->world->accounts[rule->account].id, id);
}

/* One rule in ten was made by hand and has no tags. */
size_t scope_rule_tags(const ScopeRule *rule, WorldTag ret_tags[WORLD_MAX_TAGS]) {
    const WorldRule *of = &rule->world->rules[rule->rule];
    if (of->kind == WORLD_RULE_LINKED || draw_below(draw_next(rule->draw, 13), 10) == 0) {
        return 0;
    }
    size_t count = 0;
    ret_tags[count++] = (WorldTag){"mox.owner", of->owner};
    ret_tags[count++] = (WorldTag){"mox.severity", of->severity};
    ret_tags[count++] = (WorldTag){"mox.control", of->control};
    if (of->draw % 3 == 0) {
        ret_tags[count++] = (WorldTag){"team", "cloud-guild"};
    }
    if (of->draw % 5 == 0) {
        ret_tags[count++] = (WorldTag){"managed-by", "terraform"};
    }
    return count;
}

void evaluation_open(const ScopeRule *rule, int64_t slot, Evaluation *ret_evaluation) {
    int64_t week = rule->knobs->churn > 0 ? rule->knobs->week : 0;
    uint64_t resource = draw_next(rule->pool_draw, (uint64_t)slot);
    int64_t born = 0;
    for (int64_t w = week; w > 0 && born == 0; w--) {
        born = draw_is_below(draw_next(resource, (uint64_t)w), rule->replaced) ? w : 0;
    }
    uint64_t draw = draw_next(draw_next(rule->draw, 17 + (uint64_t)slot), (uint64_t)born);
    bool good = draw_is_below(draw_next(draw, 5003), rule->compliant);
    int64_t since = born;
    for (int64_t w = born + 1; w <= week; w++) {
        if (draw_is_below(draw_next(draw, (uint64_t)w), good ? rule->breaks : rule->mends)) {
            good = !good;
            since = w;
        }
    }
    ret_evaluation->slot = slot;
    ret_evaluation->born = born;
    ret_evaluation->since = since;
    ret_evaluation->draw = draw;
    ret_evaluation->compliance = good ? COMPLIANT : NON_COMPLIANT;
    if (draw_below(draw_next(draw, 5001), 33) == 0) {
        ret_evaluation->compliance = NOT_APPLICABLE;
        ret_evaluation->since = born;
    }
    ret_evaluation->is_proactive =
        draw_is_below(draw_next(draw, 5002), draw_threshold(rule->knobs->proactive));
}

int64_t world_week_start_ms(int64_t week) {
    /* 2025-01-05, a Sunday, 03:00 UTC. */
    return 1736046000000 + week * 7 * 86400 * 1000;
}

/* Periodic rules look again each day, the others when something changes. */
int64_t evaluation_time_ms(const ScopeRule *rule, const Evaluation *evaluation) {
    bool periodic = rule->world->rules[rule->rule].periodic;
    int64_t week = periodic ? rule->knobs->week : evaluation->since;
    uint64_t draw = draw_next(evaluation->draw, 6000 + (uint64_t)week);
    return world_week_start_ms(week) - (int64_t)draw_below(draw, (size_t)6 * 3600 * 1000);
}

Compliance scope_rule_summary(const ScopeRule *rule, int64_t *ret_contributors) {
    int64_t good = 0;
    int64_t bad = 0;
    for (int64_t slot = 0; slot < rule->evaluations; slot++) {
        Evaluation evaluation;
        evaluation_open(rule, slot, &evaluation);
        good += evaluation.compliance == COMPLIANT;
        bad += evaluation.compliance == NON_COMPLIANT;
    }
    *ret_contributors = bad > 0 ? bad : good;
    return bad > 0 ? NON_COMPLIANT : good > 0 ? COMPLIANT : NOT_APPLICABLE;
}
