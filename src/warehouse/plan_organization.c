#include "warehouse/plan_organization.h"

#include "aws/organizations.h"
#include "aws/sts.h"
#include "aws/tagging.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/partition.h"
#include "base/str.h"
#include "warehouse/plan_select.h"

#include <string.h>

enum { MAX_UNITS = 10000, MAX_TAGS = 64 };

Status plan_organization_read_id(Aws *aws, Plan *plan, Err *err) {
    Organization organization;
    Err cause;
    Status status = organizations_describe(aws, &organization, &cause);
    if (status == ST_DENIED) {
        log_message(LOG_DEBUG, "which organization it is stays unknown: %s", cause.message);
        return ST_OK;
    }
    if (status != ST_OK) {
        *err = cause;
        return status;
    }
    plan->organization_id = arena_strdup(&plan->arena, organization.id);
    plan->management_account_id = arena_strdup(&plan->arena, organization.management_account_id);
    return ST_OK;
}

/* ---- paths ---- */

/* The tree, breadth first: units are added while those before them are looked into. */
typedef struct Walk {
    Arena *arena;
    PlanEntries *entries;
    const PlanUnit *at; /* the unit whose children are listed; NULL for the roots */
    size_t count;
    PlanUnit units[MAX_UNITS];
} Walk;

static Status add_unit(void *context, const OrganizationsUnit *found, Err *err) {
    Walk *walk = context;
    const PlanUnit *parent = walk->at;
    if (walk->count == MAX_UNITS) {
        return err_set(err, ST_LIMIT, "the organization has more than %d units", MAX_UNITS);
    }
    PlanUnit *unit = &walk->units[walk->count++];
    unit->id = arena_strdup(walk->arena, found->id);
    unit->path = parent == NULL ? arena_strdup(walk->arena, found->name)
                                : arena_printf(walk->arena, "%s/%s", parent->path, found->name);
    unit->ids = arena_printf(walk->arena, "%s%s/", parent == NULL ? "/" : parent->ids, found->id);
    return strlen(unit->path) <= PLAN_PATH_BYTES
               ? ST_OK
               : err_set(err, ST_LIMIT, "the path of the unit %s is too long", unit->id);
}

/* An account that is new since the list was read is for the next run. */
static Status place_account(void *context, const OrganizationsAccount *account, Err *err) {
    (void)err;
    Walk *walk = context;
    PlanEntry *entry = plan_entry_find(walk->entries, account->id);
    if (entry != NULL) {
        entry->account.path = walk->at->path;
        entry->units = walk->at->ids;
    }
    return ST_OK;
}

static Status walk_tree(Aws *aws, Walk *walk, Err *err) {
    TRY(organizations_list_roots(aws, add_unit, walk, err));
    for (size_t i = 0; i < walk->count; i++) {
        walk->at = &walk->units[i];
        log_progress("planning: unit %zu of %zu", i + 1, walk->count);
        TRY(organizations_list_accounts_for_parent(aws, walk->at->id, place_account, walk, err));
        TRY(organizations_list_units_for_parent(aws, walk->at->id, add_unit, walk, err));
    }
    PlanUnit *units = arena_alloc(walk->arena, walk->count * sizeof *units);
    memcpy(units, walk->units, walk->count * sizeof *units);
    walk->entries->units = units;
    walk->entries->unit_count = walk->count;
    return ST_OK;
}

Status plan_organization_read_paths(Aws *aws, const PlanOptions *options, PlanEntries *entries,
                                    Err *err) {
    OWN(mem_free_at) Walk *walk = mem_alloc(sizeof *walk);
    bool are_needed =
        !str_is_empty(options->include_units) || !str_is_empty(options->exclude_units);
    walk->arena = entries->arena;
    walk->entries = entries;
    Err cause;
    Status status = walk_tree(aws, walk, &cause);
    log_progress(NULL);
    if (status == ST_DENIED && !are_needed) {
        log_message(LOG_WARN, "paths of accounts stay unknown: %s", cause.message);
    } else if (status != ST_OK) {
        *err = cause;
        return status;
    }
    return ST_OK;
}

/* ---- tags ---- */

typedef struct TagReader {
    const PlanOptions *options;
    PlanEntries *entries;
    PlanEntry *at;
    size_t accounts; /* those that tags were found for */
} TagReader;

static bool is_in_list(const char *list, const char *key, bool as_prefix) {
    OWN(mem_free_at) char *copy = mem_strdup(list == NULL ? "" : list);
    char *rest = copy;
    for (char *item = str_split(&rest, ","); item != NULL; item = str_split(&rest, ",")) {
        if (as_prefix ? str_starts(key, item) : str_equal_nocase(key, item)) {
            return true;
        }
    }
    return false;
}

/* "team=data*" and the key "team". */
static bool is_selected(const char *items, const char *key) {
    OWN(mem_free_at) char *copy = mem_strdup(items == NULL ? "" : items);
    char *rest = copy;
    for (char *item = str_split(&rest, ","); item != NULL; item = str_split(&rest, ",")) {
        char *equals = strchr(item, '=');
        if (equals != NULL) {
            *equals = '\0';
            if (str_equal(item, key)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_wanted(const PlanOptions *options, const char *key) {
    return is_in_list(options->environment_tags, key, false) ||
           is_in_list(options->tag_prefixes, key, true) ||
           is_selected(options->include_accounts, key) ||
           is_selected(options->exclude_accounts, key);
}

static void add_tag(TagReader *reader, PlanEntry *entry, const char *key, const char *value) {
    PlanAccount *account = &entry->account;
    Arena *arena = reader->entries->arena;
    if (!is_wanted(reader->options, key) || account->tag_count == MAX_TAGS) {
        return;
    }
    if (entry->tags == NULL) {
        entry->tags = arena_alloc(arena, MAX_TAGS * sizeof *entry->tags);
        account->tags = entry->tags;
    }
    entry->tags[account->tag_count++] =
        (PlanTag){arena_strdup(arena, key), arena_strdup(arena, value)};
}

/* Resource Groups Tagging tells of a hundred accounts at once … */
typedef struct TagPage {
    TagReader *reader;
    bool finished;
    char *next_token;
    Err failure;
} TagPage;

static void on_page(void *context, const TaggingPage *page, const Err *failure) {
    TagPage *it = context;
    it->finished = true;
    mem_free_at(&it->next_token);
    if (failure != NULL) {
        it->failure = *failure;
        return;
    }
    for (size_t i = 0; i < page->count; i++) {
        const TaggingResource *resource = &page->resources[i];
        const char *slash = strrchr(resource->arn, '/');
        PlanEntry *entry = slash == NULL ? NULL : plan_entry_find(it->reader->entries, slash + 1);
        it->reader->accounts += entry != NULL;
        for (size_t k = 0; entry != NULL && k < resource->tag_count; k++) {
            add_tag(it->reader, entry, resource->tags[k].key, resource->tags[k].value);
        }
    }
    it->next_token = mem_strdup(page->next_token);
}

/* Tags of accounts are read where Organizations is. */
static const char *tag_region(const char *region) {
    const Partition *partition = partition_of_region(region);
    return partition == NULL || partition->organizations_region == NULL
               ? region
               : partition->organizations_region;
}

static Status read_all_tags(Aws *aws, TagReader *reader, Err *err) {
    const AwsTarget target = {.account_id = "", .region = tag_region(aws_region(aws))};
    TagPage page = {.reader = reader};
    Status status = ST_OK;
    do {
        page.finished = false;
        status = tagging_get_resources(aws, &target, "organizations:account", page.next_token,
                                       on_page, &page, err);
        status = status == ST_OK ? aws_wait(aws, &page.finished, err) : status;
        if (status == ST_OK && page.failure.status != ST_OK) {
            *err = page.failure;
            status = err->status;
        }
    } while (status == ST_OK && page.next_token != NULL);
    mem_free(page.next_token);
    return status;
}

/* … and Organizations of one. */
static Status take_tag(void *context, const OrganizationsTag *tag, Err *err) {
    (void)err;
    TagReader *reader = context;
    add_tag(reader, reader->at, tag->key, tag->value);
    return ST_OK;
}

static Status read_each(Aws *aws, TagReader *reader, Err *err) {
    PlanEntries *entries = reader->entries;
    for (size_t i = 0; i < entries->count; i++) {
        reader->at = &entries->items[i];
        if (reader->at->account.skip_reason != NULL) {
            continue;
        }
        reader->at->account.tag_count = 0;
        log_progress("planning: tags of account %zu of %zu", i + 1, entries->count);
        TRY(organizations_list_tags(aws, reader->at->account.id, take_tag, reader, err));
    }
    return ST_OK;
}

Status plan_organization_read_tags(Aws *aws, const PlanOptions *options, PlanEntries *entries,
                                   Err *err) {
    bool are_needed = plan_select_needs_tags(options);
    TagReader reader = {.options = options, .entries = entries};
    if (!are_needed && str_is_empty(options->environment_tags)) {
        return ST_OK;
    }
    Err cause;
    Status status = read_all_tags(aws, &reader, &cause);
    if (status == ST_CANCELLED || status == ST_DEADLINE) {
        *err = cause;
        return status;
    }
    if (status == ST_OK && reader.accounts > 0) {
        return ST_OK; /* who has tags is among them */
    }
    status = read_each(aws, &reader, &cause);
    log_progress(NULL);
    if (status == ST_DENIED && !are_needed) {
        log_message(LOG_WARN, "tags of accounts stay unknown: %s", cause.message);
    } else if (status != ST_OK) {
        *err = cause;
        return status;
    }
    return ST_OK;
}
