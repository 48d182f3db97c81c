/* Evaluations: what a rule says of the resources of one scope (an account in a region) in a week,
 * worked out from draws alone. Results change from week to week as they do in life: some resources
 * go and others come, some findings are mended and new ones appear, a little better each week.
 *
 * A resource belongs to a pool: the resources of one type in one scope. Rules of that type all
 * evaluate the first resources of that pool, so that a resource is evaluated by several rules. */
#ifndef SIM_EVALUATIONS_H
#define SIM_EVALUATIONS_H

#include "world.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    RESOURCE_ID_SIZE = 512,
    ANNOTATION_SIZE = 520,      /* 256 characters, in UTF-8 */
    ANNOTATION_JSON_SIZE = 1600 /* the same, escaped */
};

typedef enum ScopeRuleState {
    SCOPE_RULE_READABLE,
    SCOPE_RULE_SILENT,   /* INSUFFICIENT_DATA: it evaluates nothing */
    SCOPE_RULE_VANISHED, /* listed, but gone when its details are asked for */
    SCOPE_RULE_DENIED,   /* belongs to another service */
} ScopeRuleState;

/* A rule in one scope. */
typedef struct ScopeRule {
    const World *world;
    const Knobs *knobs;
    int account;
    int region;
    int rule;
    char name[WORLD_RULE_NAME_SIZE];
    ScopeRuleState state;
    int64_t evaluations; /* what reading it gives: 0 unless it is readable */
    const char *type;    /* of the resources */
    size_t id_style;     /* how they are named */
    uint64_t draw;
    uint64_t pool_draw;
    /* Thresholds of draws (draw.h): to be compliant at first, to break, to be mended. */
    uint64_t compliant;
    uint64_t breaks;
    uint64_t mends;
    uint64_t replaced;
} ScopeRule;

void scope_rule_open(const World *world, const Knobs *knobs, int account, int region, int rule,
                     ScopeRule *ret_rule);

/* By its name there. False when there is no such rule. */
bool scope_rule_find(const World *world, const Knobs *knobs, int account, int region,
                     const char *name, ScopeRule *ret_rule);

/* "config-rule-x1y2z3", and the other way round. */
void scope_rule_id(const ScopeRule *rule, char ret_id[24]);
bool scope_rule_find_id(const World *world, const Knobs *knobs, int account, int region,
                        const char *id, ScopeRule *ret_rule);
void scope_rule_arn(const ScopeRule *rule, char ret_arn[WORLD_ARN_SIZE]);
size_t scope_rule_tags(const ScopeRule *rule, WorldTag ret_tags[WORLD_MAX_TAGS]);

typedef enum Compliance { COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE } Compliance;
extern const char *const compliance_names[]; /* by Compliance */

typedef struct Evaluation {
    int64_t slot;
    int64_t born;  /* the week in which the resource appeared */
    int64_t since; /* the week in which this state began */
    Compliance compliance;
    bool is_proactive;
    uint64_t draw;
} Evaluation;

/* `slot` is 0 to evaluations - 1. */
void evaluation_open(const ScopeRule *rule, int64_t slot, Evaluation *ret_evaluation);

/* How the ids of a type of resources look; for World.type_styles. */
size_t resource_id_style(const char *type);

/* Appends at `at` (RESOURCE_ID_SIZE bytes are there) and returns the end; no NUL. */
char *evaluation_put_resource_id(const ScopeRule *rule, const Evaluation *evaluation, char *at);
/* … and as the inside of a JSON string. */
char *evaluation_put_resource_json(const ScopeRule *rule, const Evaluation *evaluation, char *at);

/* "" when there is none. As plain text. */
void evaluation_annotation(const ScopeRule *rule, const Evaluation *evaluation,
                           char ret_text[ANNOTATION_SIZE]);

/* Milliseconds since 1970. */
int64_t evaluation_time_ms(const ScopeRule *rule, const Evaluation *evaluation);
int64_t world_week_start_ms(int64_t week);

/* What the rule says as a whole: NON_COMPLIANT if it says so of one. Reads all of them, and
 * counts those that count. Not for silent rules. */
Compliance scope_rule_summary(const ScopeRule *rule, int64_t *ret_contributors);

#endif
