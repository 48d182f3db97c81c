/* The accounts and organizational units of the world, named as real ones are. */
#include "base/mem.h"
#include "base/str.h"
#include "draw.h"
#include "world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum Unit {
    UNIT_ROOT,
    UNIT_WORKLOADS,
    UNIT_PROD,
    UNIT_NONPROD,
    UNIT_SANDBOX,
    UNIT_SECURITY,
    UNIT_SUSPENDED,
    UNIT_COUNT
};

static const struct {
    const char *name;
    int parent;
} unit_names[UNIT_COUNT] = {
    [UNIT_ROOT] = {"Root", WORLD_NONE},          [UNIT_WORKLOADS] = {"Workloads", UNIT_ROOT},
    [UNIT_PROD] = {"Prod", UNIT_WORKLOADS},      [UNIT_NONPROD] = {"NonProd", UNIT_WORKLOADS},
    [UNIT_SANDBOX] = {"Sandbox", UNIT_ROOT},     [UNIT_SECURITY] = {"Security", UNIT_ROOT},
    [UNIT_SUSPENDED] = {"Suspended", UNIT_ROOT},
};

/* The first ones. Every kind of name that a classification has to cope with is among them. */
static const struct {
    const char *name;
    enum Unit unit;
    WorldEnvironment environment;
} first_accounts[] = {
    {"organization-management", UNIT_ROOT, WORLD_OTHER},
    {"payments-prod", UNIT_PROD, WORLD_PROD},
    {"payments-nonprod", UNIT_NONPROD, WORLD_NONPROD},
    {"data-platform-prod", UNIT_PROD, WORLD_PROD},
    {"data-platform-dev", UNIT_NONPROD, WORLD_NONPROD},
    {"prod-edge-01", UNIT_PROD, WORLD_PROD},
    {"legacy-billing", UNIT_WORKLOADS, WORLD_OTHER},
    {"Sandbox Anna", UNIT_SANDBOX, WORLD_NONPROD},
    {"log-archive", UNIT_SECURITY, WORLD_OTHER},
    {"security-audit", UNIT_SECURITY, WORLD_OTHER},
    {"web-shop-prod", UNIT_PROD, WORLD_PROD},
    {"web-shop-staging", UNIT_NONPROD, WORLD_NONPROD},
    {"web-shop-test", UNIT_NONPROD, WORLD_NONPROD},
    {"identity-prod", UNIT_PROD, WORLD_PROD},
    {"identity-preprod", UNIT_NONPROD, WORLD_NONPROD},
    {"prod-edge-02", UNIT_PROD, WORLD_PROD},
    {"mobile.api.uat", UNIT_NONPROD, WORLD_NONPROD},
    {"acquired-nordlicht-prod", UNIT_SUSPENDED, WORLD_PROD},
    {"ML_Research_DEV", UNIT_NONPROD, WORLD_NONPROD},
    {"ml-serving-prd", UNIT_PROD, WORLD_PROD},
    {"network-hub-production", UNIT_PROD, WORLD_PROD},
    {"R&D Lab <7>, Building \"B\"", UNIT_WORKLOADS, WORLD_OTHER},
    {"M\xc3\xbcller Logistik prod", UNIT_PROD, WORLD_PROD},
    {"shared-services", UNIT_WORKLOADS, WORLD_OTHER},
};
enum {
    FIRST_COUNT = sizeof first_accounts / sizeof first_accounts[0],
    SUSPENDED_EVERY = 25,
    SUSPENDED_AT = 17
};

static const char *const teams[] = {
    "payments",      "checkout",  "catalog",   "search",    "orders",    "shipping",
    "warehouse",     "identity",  "billing",   "ledger",    "fraud",     "risk",
    "mobile",        "web-shop",  "crm",       "marketing", "analytics", "data-platform",
    "ml-platform",   "streaming", "iot",       "edge",      "network",   "dns",
    "observability", "ci",        "artifacts", "hr",        "finance",   "legal",
    "partner-api",   "support",
};
enum { TEAM_COUNT = sizeof teams / sizeof teams[0] };

static const struct {
    const char *name;
    enum Unit unit;
    WorldEnvironment environment;
} stages[] = {
    {"prod", UNIT_PROD, WORLD_PROD},       {"nonprod", UNIT_NONPROD, WORLD_NONPROD},
    {"dev", UNIT_NONPROD, WORLD_NONPROD},  {"prod", UNIT_PROD, WORLD_PROD},
    {"test", UNIT_NONPROD, WORLD_NONPROD}, {"staging", UNIT_NONPROD, WORLD_NONPROD},
    {"prod-eu", UNIT_PROD, WORLD_PROD},    {"sandbox", UNIT_SANDBOX, WORLD_NONPROD},
};
enum { STAGE_COUNT = sizeof stages / sizeof stages[0] };

static const char *const people[] = {"Anna",   "Jonas", "Priya", "Chen",
                                     "Fatima", "Luca",  "Sofia", "Kwame"};

static void name_later_account(WorldAccount *account, size_t place) {
    size_t after = place - FIRST_COUNT;
    size_t round = after / ((size_t)TEAM_COUNT * STAGE_COUNT);
    size_t team = after % TEAM_COUNT;
    size_t stage = (after / TEAM_COUNT + after) % STAGE_COUNT;
    account->unit = (int)stages[stage].unit;
    account->environment = stages[stage].environment;
    if (stages[stage].unit == UNIT_SANDBOX) {
        snprintf(account->name, sizeof account->name, "Sandbox %s %zu", people[after / 8 % 8],
                 place);
    } else if (after % 13 == 7) {
        snprintf(account->name, sizeof account->name, "%s-%zu", teams[team], place);
        account->environment = WORLD_OTHER;
        account->unit = UNIT_WORKLOADS;
    } else {
        snprintf(account->name, sizeof account->name, "%s-%s-%02zu", teams[team],
                 stages[stage].name, round * STAGE_COUNT + after / TEAM_COUNT % STAGE_COUNT + 1);
    }
}

static void name_account(const World *world, WorldAccount *account, size_t place) {
    if (place < FIRST_COUNT) {
        str_copy(account->name, sizeof account->name, first_accounts[place].name);
        account->unit = (int)first_accounts[place].unit;
        account->environment = first_accounts[place].environment;
    } else {
        name_later_account(account, place);
    }
    if (world->hostile_text && place % 8 == 6) {
        snprintf(account->name, sizeof account->name, "=HYPERLINK(\"http://x.example\",\"%zu\")",
                 place);
    }
    account->suspended = place % SUSPENDED_EVERY == SUSPENDED_AT;
    if (account->suspended) {
        account->unit = UNIT_SUSPENDED;
    }
    size_t used = 0;
    for (const char *c = account->name; *c != '\0' && used + 1 < sizeof account->slug; c++) {
        if (isalnum((unsigned char)*c)) {
            account->slug[used++] = (char)tolower((unsigned char)*c);
        } else if (used > 0 && account->slug[used - 1] != '-') {
            account->slug[used++] = '-';
        }
    }
    while (used > 0 && account->slug[used - 1] == '-') {
        used--;
    }
    account->slug[used] = '\0';
}

/* Some ids begin with zeros, as real ones do: they are text, not numbers. */
static void number_account(WorldAccount *account, size_t place, size_t attempt) {
    uint64_t number = draw_next(account->draw, attempt) % 1000000000000U;
    if (place % 9 == 4) {
        number %= 10000000000U;
    }
    snprintf(account->id, sizeof account->id, "%012llu", (unsigned long long)number);
}

static int compare_ids(const void *a, const void *b, void *accounts) {
    const WorldAccount *table = accounts;
    return strcmp(table[*(const int *)a].id, table[*(const int *)b].id);
}

/* Draws the ids of accounts that share one again, until all differ. */
static void sort_accounts(World *world) {
    size_t count = world->account_count;
    for (size_t attempt = 1; attempt < 100; attempt++) {
        qsort_r(world->accounts_by_id, count, sizeof(int), compare_ids, world->accounts);
        bool all_differ = true;
        for (size_t i = 1; i < count; i++) {
            int place = world->accounts_by_id[i];
            if (strcmp(world->accounts[place].id,
                       world->accounts[world->accounts_by_id[i - 1]].id) == 0) {
                number_account(&world->accounts[place], (size_t)place, attempt);
                all_differ = false;
            }
        }
        if (all_differ) {
            return;
        }
    }
    bool ids_differ = false;
    ASSERT(ids_differ);
}

static void letters(uint64_t draw, char *ret_text, size_t count) {
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < count; i++) {
        draw = draw_next(draw, i);
        ret_text[i] = digits[draw_below(draw, 36)];
    }
    ret_text[count] = '\0';
}

static void make_units(World *world) {
    char root[8];
    char own[12];
    uint64_t draw = draw_text(world->seed, "units");
    letters(draw, root, 4);
    letters(draw_text(draw, "organization"), own, 10);
    snprintf(world->organization_id, sizeof world->organization_id, "o-%s", own);
    world->units = mem_array(UNIT_COUNT, sizeof *world->units);
    world->unit_count = UNIT_COUNT;
    for (size_t i = 0; i < UNIT_COUNT; i++) {
        WorldUnit *unit = &world->units[i];
        unit->name = unit_names[i].name;
        unit->parent = unit_names[i].parent;
        letters(draw_next(draw, i), own, 8);
        if (i == UNIT_ROOT) {
            snprintf(unit->id, sizeof unit->id, "r-%s", root);
        } else {
            snprintf(unit->id, sizeof unit->id, "ou-%s-%s", root, own);
        }
    }
}

void world_make_accounts(World *world, const Knobs *knobs) {
    make_units(world);
    world->account_count = (size_t)knobs->accounts;
    world->accounts = mem_array(world->account_count, sizeof *world->accounts);
    world->accounts_by_id = mem_array(world->account_count, sizeof(int));
    uint64_t draw = draw_text(world->seed, "accounts");
    for (size_t i = 0; i < world->account_count; i++) {
        WorldAccount *account = &world->accounts[i];
        account->draw = draw_next(draw, i);
        name_account(world, account, i);
        number_account(account, i, 0);
        world->accounts_by_id[i] = (int)i;
    }
    sort_accounts(world);
}

size_t world_account_tags(const World *world, int account, WorldTag ret_tags[WORLD_MAX_TAGS]) {
    const WorldAccount *of = &world->accounts[account];
    size_t count = 0;
    if (of->unit == UNIT_PROD || of->unit == UNIT_NONPROD) {
        ret_tags[count++] = (WorldTag){"environment", of->unit == UNIT_PROD ? "prod" : "nonprod"};
    }
    ret_tags[count++] = (WorldTag){"cost-center", account % 2 == 0 ? "CC-4100" : "CC-7300"};
    ret_tags[count++] = (WorldTag){"mox.owner", teams[draw_below(of->draw, TEAM_COUNT)]};
    return count;
}
