#include "warehouse/plan_select.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

/* ---- units ---- */

static bool is_id(const char *unit) {
    return str_starts(unit, "ou-") || str_starts(unit, "r-");
}

/* "ou-abcd-12345678" by id; else a glob on the path of a unit: the account's own, or one above. */
static bool is_in_unit(const PlanEntry *entry, const char *unit) {
    const char *path = entry->account.path;
    if (is_id(unit)) {
        OWN(mem_free_at) char *part = mem_printf("/%s/", unit);
        return strstr(entry->units, part) != NULL;
    }
    OWN(mem_free_at) char *copy = mem_strdup(path);
    for (;;) {
        if (str_glob(unit, copy)) {
            return true;
        }
        char *slash = strrchr(copy, '/');
        if (slash == NULL) {
            return false;
        }
        *slash = '\0';
    }
}

static bool is_in_units(const PlanEntry *entry, const char *units) {
    OWN(mem_free_at) char *copy = mem_strdup(units == NULL ? "" : units);
    char *rest = copy;
    for (char *unit = str_split(&rest, ","); unit != NULL; unit = str_split(&rest, ",")) {
        if (is_in_unit(entry, unit)) {
            return true;
        }
    }
    return false;
}

static bool is_in_tree(const PlanEntries *entries, const char *unit) {
    for (size_t i = 0; i < entries->unit_count; i++) {
        const PlanUnit *it = &entries->units[i];
        if (is_id(unit) ? str_equal(unit, it->id) : str_glob(unit, it->path)) {
            return true;
        }
    }
    return false;
}

/* A unit that is not there is a slip of the pen: nothing must be left out, or in, for that. Nobody
 * need be in one that is. */
static Status check_units(const PlanEntries *entries, const char *units, const char *setting,
                          Err *err) {
    OWN(mem_free_at) char *copy = mem_strdup(units == NULL ? "" : units);
    char *rest = copy;
    for (char *unit = str_split(&rest, ","); unit != NULL; unit = str_split(&rest, ",")) {
        if (!is_in_tree(entries, unit)) {
            err_set(err, ST_USAGE, "%s: the organization has no unit '%.200s'", setting, unit);
            return err_hint(err, "name it by its id (ou-…) or its path: Root/Workloads/Prod");
        }
    }
    return ST_OK;
}

static void leave_out(PlanEntry *entry, const char *reason) {
    if (entry->account.skip_reason == NULL) { /* what AWS says of it counts more */
        entry->account.skip_reason = reason;
    }
}

Status plan_select_units(const PlanOptions *options, PlanEntries *entries, Err *err) {
    bool any = !str_is_empty(options->include_units) || !str_is_empty(options->exclude_units);
    if (any && options->accounts_file != NULL) {
        err_set(err, ST_USAGE, "an accounts file does not tell in which unit an account is");
        return err_hint(err, "leave out --include-ou and --exclude-ou, or --accounts");
    }
    TRY(check_units(entries, options->include_units, "include-ou", err));
    TRY(check_units(entries, options->exclude_units, "exclude-ou", err));
    for (size_t i = 0; any && i < entries->count; i++) {
        PlanEntry *entry = &entries->items[i];
        if (entry->units == NULL) {
            leave_out(entry, "in no unit that is known");
        } else if (is_in_units(entry, options->exclude_units)) {
            leave_out(entry, "excluded");
        }
    }
    return ST_OK;
}

/* ---- accounts ---- */

static bool is_digits(const char *text) {
    return text[strspn(text, "0123456789")] == '\0';
}

static bool has_tag(const PlanAccount *account, const char *item) {
    size_t key_size = strcspn(item, "=");
    for (size_t i = 0; i < account->tag_count; i++) {
        const PlanTag *tag = &account->tags[i];
        if (strlen(tag->key) == key_size && strncmp(tag->key, item, key_size) == 0 &&
            str_glob(item + key_size + 1, tag->value)) {
            return true;
        }
    }
    return false;
}

/* An id, a tag, or a glob on names. */
static bool matches(const PlanAccount *account, const char *item) {
    if (str_is_account(item)) {
        return str_equal(account->id, item);
    }
    return strchr(item, '=') != NULL ? has_tag(account, item) : str_glob(item, account->name);
}

static bool matches_any(const PlanAccount *account, const char *items) {
    OWN(mem_free_at) char *copy = mem_strdup(items == NULL ? "" : items);
    char *rest = copy;
    for (char *item = str_split(&rest, ","); item != NULL; item = str_split(&rest, ",")) {
        if (matches(account, item)) {
            return true;
        }
    }
    return false;
}

static Status check_items(const char *items, const char *verb, Err *err) {
    OWN(mem_free_at) char *copy = mem_strdup(items == NULL ? "" : items);
    char *rest = copy;
    for (char *item = str_split(&rest, ","); item != NULL; item = str_split(&rest, ",")) {
        if (is_digits(item) && !str_is_account(item)) {
            err_set(err, ST_USAGE, "'%.40s' cannot be %s: it is no account id", item, verb);
            return err_hint(err, "an account id has 12 digits; anything else is a glob on names");
        }
    }
    return ST_OK;
}

/* No error: nobody need have that tag or name today. But it may be a slip of the pen. */
static void warn_of_idle_items(const PlanEntries *entries, const char *items, const char *setting) {
    OWN(mem_free_at) char *copy = mem_strdup(items == NULL ? "" : items);
    char *rest = copy;
    for (char *item = str_split(&rest, ","); item != NULL; item = str_split(&rest, ",")) {
        bool found = false;
        for (size_t i = 0; i < entries->count && !found; i++) {
            found = matches(&entries->items[i].account, item);
        }
        if (!found) {
            log_message(LOG_WARN, "%s: '%.200s' is no account's id, name or tag", setting, item);
        }
    }
}

bool plan_select_needs_tags(const PlanOptions *options) {
    const char *include = options->include_accounts;
    const char *exclude = options->exclude_accounts;
    return (include != NULL && strchr(include, '=') != NULL) ||
           (exclude != NULL && strchr(exclude, '=') != NULL);
}

Status plan_select_accounts(const PlanOptions *options, PlanEntries *entries, Err *err) {
    TRY(check_items(options->include_accounts, "included", err));
    TRY(check_items(options->exclude_accounts, "excluded", err));
    if (plan_select_needs_tags(options) && options->accounts_file != NULL) {
        err_set(err, ST_USAGE, "an accounts file does not tell which tags an account has");
        return err_hint(err, "name accounts by id or name, or leave out --accounts");
    }
    warn_of_idle_items(entries, options->include_accounts, "include-account");
    warn_of_idle_items(entries, options->exclude_accounts, "exclude-account");
    bool includes =
        !str_is_empty(options->include_accounts) || !str_is_empty(options->include_units);
    for (size_t i = 0; i < entries->count; i++) {
        PlanEntry *entry = &entries->items[i];
        bool in_unit = entry->units != NULL && is_in_units(entry, options->include_units);
        if (matches_any(&entry->account, options->exclude_accounts)) {
            leave_out(entry, "excluded");
        } else if (includes && !in_unit &&
                   !matches_any(&entry->account, options->include_accounts)) {
            leave_out(entry, "not included");
        }
    }
    return ST_OK;
}
