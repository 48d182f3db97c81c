/* Where the accounts of a plan come from: the organization, or a file that the user gives. Inside
 * of plan.c only. */
#ifndef WAREHOUSE_PLAN_ACCOUNTS_H
#define WAREHOUSE_PLAN_ACCOUNTS_H

#include "warehouse/plan.h"

/* Of an account's name, and of the reason why it is not scanned, at most. */
enum {
    PLAN_NAME_CHARACTERS = 128,
    PLAN_NAME_BYTES = 512,
    PLAN_SKIP_BYTES = 64,
    PLAN_PATH_BYTES = 4096
};

typedef struct PlanEntry {
    PlanAccount account;
    int position;      /* line of a CSV file, element (from 1) of a JSON file, place in an answer */
    const char *units; /* ids of the units in its path: "/r-abcd/ou-abcd-…/"; NULL = not known */
    PlanTag *tags;     /* those of the account, while they are read */
} PlanEntry;

typedef struct PlanUnit {
    const char *id;
    const char *path; /* "Root/Workloads" */
    const char *ids;  /* "/r-abcd/ou-abcd-…/" */
} PlanUnit;

/* Entries, units and texts are in the arena, which is borrowed. */
typedef struct PlanEntries {
    Arena *arena;
    size_t unit_count; /* of the whole tree, where it was read; those without accounts among them */
    const PlanUnit *units;
    PlanEntry *items;
    size_t count;
    size_t capacity;
} PlanEntries;

/* NULL when there is none. */
PlanEntry *plan_entry_find(const PlanEntries *entries, const char *id);

/* Both give them in the order of their ids, each id once, at least one. */
Status plan_accounts_from_file(const char *path, PlanEntries *entries, Err *err) WARN_UNUSED;
Status plan_accounts_from_organization(Aws *aws, PlanEntries *entries, Err *err) WARN_UNUSED;

#endif
