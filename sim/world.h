/* World: the simulated organization. Its accounts, organizational units and rules are a few small
 * tables, made once from the seed; what a rule says of a resource in a week is worked out when it
 * is asked for (evaluations.h), so that size costs no memory.
 *
 * Immutable once made: what changes while the simulator runs is in Knobs, passed beside it. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "base/err.h"
#include "knobs.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WORLD_RULE_NAME_SIZE = 129,
    WORLD_ARN_SIZE = 256,
    WORLD_MAX_TAGS = 8,
    WORLD_NONE = -1,
};

typedef enum WorldEnvironment { WORLD_PROD, WORLD_NONPROD, WORLD_OTHER } WorldEnvironment;

typedef struct WorldUnit {
    const char *name;
    int parent; /* WORLD_NONE for the root */
    char id[40];
} WorldUnit;

typedef struct WorldAccount {
    char id[13];
    char name[64];
    char slug[24]; /* for names of buckets and the like */
    int unit;
    bool suspended;
    WorldEnvironment environment;
    uint64_t draw;
} WorldAccount;

typedef enum WorldRuleKind {
    WORLD_RULE_PLAIN,
    WORLD_RULE_ORGANIZATION, /* OrgConfigRule-<name>-<8 letters> */
    WORLD_RULE_PACK,         /* <name>-conformance-pack-<9 letters and digits> */
    WORLD_RULE_CUSTOM,       /* a Lambda function of the organization's own */
    WORLD_RULE_LINKED,       /* securityhub-<name>-<8 hex>: its details are denied */
} WorldRuleKind;

typedef struct WorldRule {
    char name[80];          /* without what the scope adds */
    const char *identifier; /* NULL for a custom rule */
    WorldRuleKind kind;
    int type; /* of the resources it evaluates */
    bool periodic;
    const char *owner;
    const char *severity;
    char control[16];
    uint64_t draw;
} WorldRule;

typedef struct WorldTag {
    const char *key;
    const char *value;
} WorldTag;

typedef struct World {
    uint64_t seed;
    bool hostile_text;
    size_t unit_count;
    WorldUnit *units; /* the root first */
    size_t account_count;
    WorldAccount *accounts; /* the management account first */
    int *accounts_by_id;    /* places in `accounts`, sorted by id */
    size_t region_count;
    char regions[KNOBS_MAX_REGIONS][32];
    size_t rule_count;
    WorldRule *rules;
    int *rules_by_name; /* places in `rules`, sorted by name */
    size_t type_count;
    const char **types;  /* AWS::S3::Bucket */
    size_t *type_styles; /* resource_id_style of each */
    char organization_id[24];
    char *data; /* the texts that the tables point into */
} World;

/* `regions` is a list with commas. */
Status world_open(const Knobs *knobs, const char *regions, World **ret_world, Err *err) WARN_UNUSED;
void world_close(World *world);

/* WORLD_NONE when there is none. */
int world_find_account(const World *world, const char *id);
int world_find_region(const World *world, const char *region);
int world_find_unit(const World *world, const char *id); /* r-… or ou-… */

const char *world_partition(const char *region);

/* Is this scope chosen? `region` WORLD_NONE asks for the account as a whole: items that name a
 * region do not choose it. `salt` keeps the fractions of several selectors apart. */
bool world_selects(const World *world, const Selector *selector, int account, int region,
                   const char *salt);

/* Why a scope cannot be read, or that it can. */
typedef enum WorldOutcome {
    WORLD_SCANNED,
    WORLD_SKIPPED,       /* suspended */
    WORLD_REGION_OFF,    /* the account has not turned it on */
    WORLD_ROLE_DENIED,   /* by AssumeRole */
    WORLD_REGION_DENIED, /* by AWS Config */
} WorldOutcome;
WorldOutcome world_outcome(const World *world, const Knobs *knobs, int account, int region);

/* "on", "stopped" or "none" */
const char *world_recorder(const World *world, const Knobs *knobs, int account, int region);

/* Returns how many of `ret_tags` are set. */
size_t world_account_tags(const World *world, int account, WorldTag ret_tags[WORLD_MAX_TAGS]);

/* The rules of the table, from sim/data/managed-rules.csv: parts of world_open. */
Status world_make_rules(World *world, const Knobs *knobs, Err *err) WARN_UNUSED;
/* … and its accounts and units. */
void world_make_accounts(World *world, const Knobs *knobs);

#endif
