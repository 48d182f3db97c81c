/* plan.json: what warehouse/plan.h says of it. */
#include "base/clock.h"
#include "base/str.h"
#include "format/json.h"
#include "store/layout.h"
#include "warehouse/plan_accounts.h"

#include <string.h>

enum { PLAN_MAX_BYTES = 64 << 20, MAX_TAGS = 200, TAG_BYTES = 1024 };

static void put_tags(JsonWriter *json, const PlanAccount *account) {
    if (account->tag_count == 0) {
        return;
    }
    json_begin_object(json, "tags");
    for (size_t i = 0; i < account->tag_count; i++) {
        json_put_text(json, account->tags[i].key, account->tags[i].value);
    }
    json_end_object(json);
}

static void put_account(JsonWriter *json, const PlanAccount *account) {
    json_begin_object(json, NULL);
    json_put_text(json, "account_id", account->id);
    json_put_text(json, "account_name", account->name);
    json_put_text(json, "path", account->path);
    put_tags(json, account);
    if (account->skip_reason != NULL) {
        json_put_text(json, "skipped", account->skip_reason);
    } else {
        char shard_id[PLAN_SHARD_ID_SIZE];
        plan_shard_id(account->shard, shard_id);
        json_put_text(json, "shard_id", shard_id);
    }
    json_end_object(json);
}

Status plan_write(const Plan *plan, Store *store, Err *err) {
    OWN(buf_done) Buf text = {.ceiling = PLAN_MAX_BYTES};
    JsonWriter json = {.out = &text};
    LayoutKey key;
    char now[CLOCK_TIME_SIZE];
    TRY(layout_plan(plan->group_id, &key, err));
    clock_format_time(clock_now_ms(), now);
    json_begin_object(&json, NULL);
    json_put_text(&json, "group_id", plan->group_id);
    json_put_text(&json, "date", plan->date);
    json_put_text(&json, "created_at", plan->created_at == NULL ? now : plan->created_at);
    if (plan->organization_id != NULL) {
        json_put_text(&json, "organization_id", plan->organization_id);
        json_put_text(&json, "management_account_id", plan->management_account_id);
    }
    json_begin_array(&json, "regions");
    for (size_t i = 0; i < plan->region_count; i++) {
        json_put_text(&json, NULL, plan->regions[i]);
    }
    json_end_array(&json);
    if (plan->asks_regions) {
        json_put_bool(&json, "asks_regions", true);
    }
    json_put_int(&json, "shard_count", plan->shard_count);
    json_begin_array(&json, "accounts");
    for (size_t i = 0; i < plan->account_count; i++) {
        put_account(&json, &plan->accounts[i]);
    }
    json_end_array(&json);
    json_end_object(&json);
    buf_putc(&text, '\n');
    if (text.overflowed) {
        return err_set(err, ST_LIMIT, "the plan of %s is too large", plan->group_id);
    }
    return store_put(store,
                     &(StorePut){.key = key.text,
                                 .content_type = "application/json",
                                 .data = text.data,
                                 .size = text.size},
                     NULL, err);
}

static bool has_region(const Plan *plan, const char *region) {
    for (size_t i = 0; i < plan->region_count; i++) {
        if (str_equal(plan->regions[i], region)) {
            return true;
        }
    }
    return false;
}

static Status read_organization(const Json *root, Plan *plan, Err *err) {
    const char *id = NULL;
    const char *account_id = NULL;
    TRY(json_text_or(root, "organization_id", 34, NULL, &id, err));
    TRY(json_text_or(root, "management_account_id", 12, NULL, &account_id, err));
    if (id == NULL && account_id == NULL) {
        return ST_OK;
    }
    if (id == NULL || account_id == NULL || !str_is_account(account_id)) {
        return err_set(err, ST_CORRUPT, "organization_id and management_account_id do not match");
    }
    plan->organization_id = arena_strdup(&plan->arena, id);
    plan->management_account_id = arena_strdup(&plan->arena, account_id);
    return ST_OK;
}

static Status read_regions(const Json *root, Plan *plan, Err *err) {
    const Json *array = NULL;
    TRY(json_array(root, "regions", PLAN_MAX_REGIONS, &array, err));
    plan->regions = arena_alloc(&plan->arena, PLAN_MAX_REGIONS * sizeof *plan->regions);
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        const char *region = json_text_value(item);
        if (region == NULL || !str_is_region(region) || has_region(plan, region)) {
            return err_set(err, ST_CORRUPT, "regions holds what is no region, or one twice");
        }
        plan->regions[plan->region_count++] = arena_strdup(&plan->arena, region);
    }
    return plan->region_count > 0 ? ST_OK : err_set(err, ST_CORRUPT, "regions is empty");
}

/* Only what plan_shard_id writes: "01", never "1". */
static bool parse_shard_id(const char *text, int shard_count, int *ret_shard) {
    int64_t number = 0;
    char again[PLAN_SHARD_ID_SIZE];
    if (!str_parse_int(text, 1, shard_count, &number)) {
        return false;
    }
    plan_shard_id((int)number - 1, again);
    *ret_shard = (int)number - 1;
    return str_equal(again, text);
}

static Status read_tags(const Json *item, Plan *plan, PlanAccount *account, Err *err) {
    const Json *object = json_at(item, "tags");
    if (object == NULL) {
        return ST_OK;
    }
    PlanTag *tags = arena_alloc(&plan->arena, MAX_TAGS * sizeof *tags);
    for (const Json *tag = json_first(object); tag != NULL; tag = json_next(tag)) {
        const char *value = json_text_value(tag);
        if (value == NULL || strlen(value) > TAG_BYTES || account->tag_count == MAX_TAGS) {
            return err_set(err, ST_CORRUPT, "tags of account %s cannot be used", account->id);
        }
        tags[account->tag_count++] = (PlanTag){arena_strdup(&plan->arena, json_name(tag)),
                                               arena_strdup(&plan->arena, value)};
    }
    account->tags = tags;
    return ST_OK;
}

static Status read_account(const Json *item, Plan *plan, Err *err) {
    const char *id = NULL;
    const char *name = NULL;
    const char *path = NULL;
    const char *skipped = NULL;
    const char *shard_id = NULL;
    PlanAccount *account = &plan->accounts[plan->account_count];
    TRY(json_text(item, "account_id", 12, 12, &id, err));
    TRY(json_text(item, "account_name", 0, PLAN_NAME_BYTES, &name, err));
    TRY(json_text(item, "path", 0, PLAN_PATH_BYTES, &path, err));
    TRY(json_text_or(item, "skipped", PLAN_SKIP_BYTES, NULL, &skipped, err));
    TRY(json_text_or(item, "shard_id", PLAN_SHARD_ID_SIZE, NULL, &shard_id, err));
    if (!str_is_account(id)) {
        return err_set(err, ST_CORRUPT, "'%.12s' is no account id", id);
    }
    if (plan->account_count > 0 && strcmp(account[-1].id, id) >= 0) {
        return err_set(err, ST_CORRUPT, "account %s is out of order or there twice", id);
    }
    account->shard = -1;
    bool has_shard =
        shard_id != NULL && parse_shard_id(shard_id, plan->shard_count, &account->shard);
    if ((skipped == NULL) == (shard_id == NULL) || (shard_id != NULL && !has_shard) ||
        (skipped != NULL && skipped[0] == '\0')) {
        return err_set(err, ST_CORRUPT, "account %s is neither skipped nor in one of %d shards", id,
                       plan->shard_count);
    }
    account->id = arena_strdup(&plan->arena, id);
    account->name = arena_strdup(&plan->arena, name);
    account->path = arena_strdup(&plan->arena, path);
    account->skip_reason = skipped == NULL ? NULL : arena_strdup(&plan->arena, skipped);
    plan->account_count++;
    return read_tags(item, plan, account, err);
}

static Status read_accounts(const Json *root, Plan *plan, Err *err) {
    const Json *array = NULL;
    size_t count = 0;
    TRY(json_array(root, "accounts", PLAN_MAX_ACCOUNTS, &array, err));
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        count++;
    }
    if (count == 0) {
        return err_set(err, ST_CORRUPT, "accounts is empty");
    }
    plan->accounts = arena_alloc(&plan->arena, count * sizeof *plan->accounts);
    for (const Json *item = json_first(array); item != NULL; item = json_next(item)) {
        TRY(read_account(item, plan, err));
    }
    return ST_OK;
}

/* A shard without accounts would be waited for, and nobody would scan it. */
static Status check_shards(Plan *plan, Err *err) {
    bool *is_used = arena_alloc(&plan->arena, (size_t)plan->shard_count * sizeof *is_used);
    for (size_t i = 0; i < plan->account_count; i++) {
        if (plan->accounts[i].shard >= 0) {
            is_used[plan->accounts[i].shard] = true;
        }
    }
    for (int shard = 0; shard < plan->shard_count; shard++) {
        if (!is_used[shard]) {
            return err_set(err, ST_CORRUPT, "shard %d of %d has no accounts", shard + 1,
                           plan->shard_count);
        }
    }
    return ST_OK;
}

static Status parse_plan(const char *group_id, const Buf *text, Plan *plan, Err *err) {
    OWN(json_free_at) Json *root = NULL;
    const char *said_group = NULL;
    const char *date = NULL;
    const char *created_at = NULL;
    int64_t shards = 0;
    int64_t ignored = 0;
    TRY(json_parse(buf_text(text), text->size, &root, err));
    TRY(json_text(root, "group_id", 1, 64, &said_group, err));
    TRY(json_text(root, "date", 10, 10, &date, err));
    TRY(json_text_or(root, "created_at", CLOCK_TIME_SIZE - 1, NULL, &created_at, err));
    TRY(json_int_or(root, "shard_count", 1, PLAN_MAX_SHARDS, 0, &shards, err));
    if (!str_equal(said_group, group_id)) {
        return err_set(err, ST_CORRUPT, "it is the plan of '%s'", said_group);
    }
    if (!clock_parse_date(date, &ignored)) {
        return err_set(err, ST_CORRUPT, "its date '%s' is none", date);
    }
    if (shards == 0) {
        return err_set(err, ST_CORRUPT, "shard_count is missing");
    }
    plan->group_id = arena_strdup(&plan->arena, said_group);
    plan->date = arena_strdup(&plan->arena, date);
    plan->created_at = created_at == NULL ? NULL : arena_strdup(&plan->arena, created_at);
    plan->shard_count = (int)shards;
    TRY(json_bool_or(root, "asks_regions", false, &plan->asks_regions, err));
    TRY(read_organization(root, plan, err));
    TRY(read_regions(root, plan, err));
    TRY(read_accounts(root, plan, err));
    return check_shards(plan, err);
}

Status plan_read(const char *group_id, Store *store, Plan *ret_plan, Err *err) {
    OWN(plan_done) Plan plan = {0};
    OWN(buf_done) Buf text = {0};
    LayoutKey key;
    Err cause;
    *ret_plan = (Plan){0};
    TRY(layout_plan(group_id, &key, err));
    Status status = store_get(store, key.text, PLAN_MAX_BYTES, &text, NULL, err);
    if (status == ST_NOT_FOUND) {
        err_set(err, ST_NOTHING, "the run %s has no plan: there is no %s", group_id, key.text);
        return err_hint(err, "make one with: confhouse plan --group-id %s", group_id);
    }
    TRY(status);
    if (parse_plan(group_id, &text, &plan, &cause) != ST_OK) {
        err_set(err, ST_CORRUPT, "%s: %s", key.text, cause.message);
        return err_hint(err, "write it again with: confhouse plan --group-id %s", group_id);
    }
    *ret_plan = plan;
    plan = (Plan){0};
    return ST_OK;
}
