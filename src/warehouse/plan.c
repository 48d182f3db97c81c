#include "warehouse/plan.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "warehouse/plan_accounts.h"
#include "warehouse/plan_organization.h"
#include "warehouse/plan_select.h"
#include "warehouse/plan_shards.h"

#include <stdio.h>
#include <string.h>

void plan_done(Plan *plan) {
    arena_done(&plan->arena);
    *plan = (Plan){0};
}

void plan_shard_id(int shard, char ret_id[PLAN_SHARD_ID_SIZE]) {
    ASSERT(shard >= 0 && shard < PLAN_MAX_SHARDS);
    snprintf(ret_id, PLAN_SHARD_ID_SIZE, "%02d", shard + 1);
}

/* Digits and two dashes after four of them, and nothing else. */
static bool looks_like_a_date(const char *text) {
    return strspn(text, "0123456789") == 4 && text[4] == '-' &&
           strspn(text, "0123456789-") == strlen(text) && strchr(text + 5, '-') != NULL;
}

Status plan_resolve_date(const char *date, const char *group_id, char ret_date[11], Err *err) {
    int64_t time_ms = 0;
    if (date == NULL && group_id != NULL && looks_like_a_date(group_id) &&
        !clock_parse_date(group_id, &time_ms)) {
        err_set(err, ST_USAGE, "the group_id '%.40s' looks like a date and is none", group_id);
        return err_hint(err, "write it as YYYY-MM-DD, or give the run's --date beside it");
    }
    if (date != NULL && !clock_parse_date(date, &time_ms)) {
        err_set(err, ST_USAGE, "'%.40s' is no date", date);
        return err_hint(err, "write it as YYYY-MM-DD");
    }
    if (date == NULL && (group_id == NULL || !clock_parse_date(group_id, &time_ms))) {
        time_ms = clock_now_ms();
    }
    clock_format_date(time_ms, ret_date);
    return ST_OK;
}

static Status take_accounts(const PlanOptions *options, Aws *aws, Plan *plan, Err *err) {
    PlanEntries entries = {.arena = &plan->arena};
    if (options->accounts_file != NULL) {
        TRY(plan_accounts_from_file(options->accounts_file, &entries, err));
    } else {
        ASSERT(aws != NULL);
        TRY(plan_accounts_from_organization(aws, &entries, err));
        TRY(plan_organization_read_id(aws, plan, err));
        TRY(plan_organization_read_paths(aws, options, &entries, err));
    }
    TRY(plan_select_units(options, &entries, err));
    if (options->accounts_file == NULL) {
        TRY(plan_organization_read_tags(aws, options, &entries, err));
    }
    TRY(plan_select_accounts(options, &entries, err));
    plan->account_count = entries.count;
    plan->accounts = arena_alloc(&plan->arena, entries.count * sizeof *plan->accounts);
    for (size_t i = 0; i < entries.count; i++) {
        plan->accounts[i] = entries.items[i].account;
    }
    return ST_OK;
}

Status plan_make(const PlanOptions *options, Aws *aws, Plan *ret_plan, Err *err) {
    OWN(plan_done) Plan plan = {0};
    char date[CLOCK_DATE_SIZE];
    *ret_plan = (Plan){0};
    TRY(plan_resolve_date(options->date, options->group_id, date, err));
    const char *group_id = options->group_id == NULL ? date : options->group_id;
    TRY(str_check_id("group_id", group_id, err));
    plan.date = arena_strdup(&plan.arena, date);
    plan.group_id = arena_strdup(&plan.arena, group_id);
    plan.asks_regions = plan_asks_regions(options->regions);
    PlanRegions regions;
    TRY(plan_split_regions(options, aws, &plan.arena, &regions, err));
    plan.regions = regions.items;
    plan.region_count = regions.count;
    TRY(take_accounts(options, aws, &plan, err));
    TRY(plan_assign_shards(options, &plan, err));
    *ret_plan = plan;
    plan = (Plan){0};
    return ST_OK;
}

const char *plan_account_tag(const PlanAccount *account, const char *keys) {
    OWN(mem_free_at) char *copy = mem_strdup(keys == NULL ? "" : keys);
    char *rest = copy;
    for (char *key = str_split(&rest, ","); key != NULL; key = str_split(&rest, ",")) {
        for (size_t i = 0; i < account->tag_count; i++) {
            if (str_equal_nocase(account->tags[i].key, key)) {
                return account->tags[i].value;
            }
        }
    }
    return NULL;
}
