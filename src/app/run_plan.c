/* The step that plans: plan.json, and shards.json beside it. */
#include "app/run_steps.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/layout.h"

#include <string.h>

static const char *join_regions(Arena *arena, const char *const *regions, size_t count) {
    OWN(buf_done) Buf joined = {0};
    for (size_t i = 0; i < count; i++) {
        buf_printf(&joined, "%s%s", i == 0 ? "" : ",", regions[i]);
    }
    return arena_strdup(arena, buf_text(&joined));
}

void run_plan_event(const App *app, const Plan *plan, int shard, Event *ret_event) {
    char shard_id[PLAN_SHARD_ID_SIZE];
    Event event = {.mode = EVENT_BATCH};
    plan_shard_id(shard, shard_id);
    event.group_id = arena_strdup(&event.arena, plan->group_id);
    event.date = arena_strdup(&event.arena, plan->date);
    event.shard_id = arena_strdup(&event.arena, shard_id);
    event.role_name = arena_strdup(&event.arena, settings_text(app->settings, SETTING_ROLE_NAME));
    const char *external_id = settings_text(app->settings, SETTING_EXTERNAL_ID);
    event.external_id = external_id == NULL ? NULL : arena_strdup(&event.arena, external_id);
    event.regions =
        join_regions(&event.arena, (const char *const *)plan->regions, plan->region_count);
    event.accounts = arena_alloc(&event.arena, plan->account_count * sizeof *event.accounts);
    for (size_t i = 0; i < plan->account_count; i++) {
        const PlanAccount *account = &plan->accounts[i];
        if (account->shard == shard) {
            event.accounts[event.account_count++] = (EventAccount){
                arena_strdup(&event.arena, account->id), arena_strdup(&event.arena, account->name)};
        }
    }
    *ret_event = event;
}

/* The accounts are left out where the event would outgrow what a state machine hands to a scanner:
 * the scanner then reads them from plan.json. */
static void append_event(const App *app, const Plan *plan, int shard, Buf *out) {
    OWN(event_done) Event event = {0};
    OWN(buf_done) Buf text = {0};
    run_plan_event(app, plan, shard, &event);
    event_append_json(&event, &text);
    if (text.overflowed || text.size > RUN_EVENT_MAX_BYTES) {
        log_message(LOG_INFO, "shard %s of %s: its event names no accounts, as there are %zu",
                    event.shard_id, event.group_id, event.account_count);
        event.account_count = 0;
        buf_clear(&text);
        text.overflowed = false;
        event_append_json(&event, &text);
    }
    buf_append(out, text.data, text.size);
}

/* shards.json, after plan.json: a scanner that an event without accounts wakes finds the plan. */
static Status put_events(const App *app, const Plan *plan, Store *store, Err *err) {
    OWN(buf_done) Buf text = {0};
    LayoutKey key;
    TRY(layout_shard_events(plan->group_id, &key, err));
    for (int shard = 0; shard < plan->shard_count; shard++) {
        buf_puts(&text, shard == 0 ? "[\n" : ",\n");
        append_event(app, plan, shard, &text);
    }
    buf_puts(&text, "\n]\n");
    if (text.overflowed) {
        err_set(err, ST_LIMIT, "the events of %d shards are too large", plan->shard_count);
        return err_hint(err, "scan fewer accounts in one run");
    }
    const StorePut put = {
        .key = key.text, .content_type = "application/json", .data = text.data, .size = text.size};
    return store_put(store, &put, NULL, err);
}

/* What is known of the group and its accounts. A plan can do without it: where it cannot be read,
 * that is said. */
typedef struct Known {
    Plan before;
    Weights weights;
} Known;

static void known_done(Known *known) {
    plan_done(&known->before);
    weights_done(&known->weights);
}

static Status read_known(const App *app, Store *store, Known *known, Err *err) {
    char group_id[65];
    Err cause;
    TRY(run_find_group(app, group_id, err));
    Status status = plan_read(group_id, store, &known->before, &cause);
    if (status == ST_CORRUPT || status == ST_DENIED) {
        log_message(LOG_WARN, "the plan is made anew: %s", cause.message);
    } else if (status != ST_OK && status != ST_NOTHING) {
        *err = cause;
        return status;
    }
    status = weights_read(store, &known->weights, &cause);
    if (status == ST_CORRUPT || status == ST_DENIED) {
        log_message(LOG_WARN, "the shards will be less even: %s", cause.message);
    } else if (status != ST_OK) {
        *err = cause;
        return status;
    }
    return ST_OK;
}

/* The texts are borrowed from the settings. */
static Status plan_options(App *app, PlanOptions *ret_options, Err *err) {
    const Settings *settings = app->settings;
    const char *regions = settings_text(settings, SETTING_REGIONS);
    if (regions == NULL) {
        TRY(app_region(app, &regions, err));
    }
    *ret_options = (PlanOptions){
        .group_id = settings_text(settings, SETTING_GROUP_ID),
        .date = settings_text(settings, SETTING_DATE),
        .accounts_file = settings_text(settings, SETTING_ACCOUNTS),
        .regions = regions,
        .force_regions = settings_flag(settings, SETTING_FORCE_REGION),
        .include_accounts = settings_text(settings, SETTING_INCLUDE_ACCOUNT),
        .exclude_accounts = settings_text(settings, SETTING_EXCLUDE_ACCOUNT),
        .include_units = settings_text(settings, SETTING_INCLUDE_OU),
        .exclude_units = settings_text(settings, SETTING_EXCLUDE_OU),
        .environment_tags = run_list(settings, SETTING_ENVIRONMENT_TAG),
        .tag_prefixes = run_list(settings, SETTING_TAG_PREFIX),
    };
    return ST_OK;
}

static Status make_plan(App *app, int shards, int default_shards, Plan *ret_plan, Err *err) {
    OWN(plan_done) Plan plan = {0};
    OWN(known_done) Known known = {0};
    PlanOptions options;
    Aws *aws = NULL;
    Store *store = NULL;
    *ret_plan = (Plan){0};
    TRY(plan_options(app, &options, err));
    TRY(app_store(app, &store, err)); /* what cannot be kept need not be asked for */
    if (options.accounts_file == NULL || plan_asks_regions(options.regions)) {
        TRY(app_aws(app, &aws, err));
    }
    TRY(read_known(app, store, &known, err));
    options.shards = shards;
    options.default_shards = default_shards;
    options.weights = &known.weights;
    options.before = &known.before;
    TRY(plan_make(&options, aws, &plan, err));
    TRY(plan_write(&plan, store, err));
    TRY(put_events(app, &plan, store, err));
    *ret_plan = plan;
    plan = (Plan){0};
    return ST_OK;
}

Status run_plan(App *app, int default_shards, Plan *ret_plan, Err *err) {
    const Settings *settings = app->settings;
    int shards =
        settings_is_set(settings, SETTING_SHARDS) ? (int)settings_int(settings, SETTING_SHARDS) : 0;
    return make_plan(app, shards, default_shards, ret_plan, err);
}

Status run_plan_as_one(App *app, Plan *ret_plan, Err *err) {
    return make_plan(app, 1, 0, ret_plan, err);
}

Status run_find_plan_objects(App *app, const char *group_id, RunPlanObjects *ret_objects,
                             Err *err) {
    OWN(buf_done) Buf items = {0};
    OWN(buf_done) Buf results = {0};
    Store *store = NULL;
    LayoutKey items_key;
    LayoutKey results_key;
    *ret_objects = (RunPlanObjects){0};
    TRY(app_store(app, &store, err));
    TRY(layout_shard_events(group_id, &items_key, err));
    TRY(layout_results(group_id, &results_key, err));
    if (!store_url_is_s3(settings_text(app->settings, SETTING_STORE))) {
        str_copy(ret_objects->items_key, sizeof ret_objects->items_key, items_key.text);
        str_copy(ret_objects->results_prefix, sizeof ret_objects->results_prefix, results_key.text);
        return ST_OK;
    }
    store_append_location(store, items_key.text, &items);
    store_append_location(store, results_key.text, &results);
    const char *bucket = buf_text(&items) + strlen("s3://");
    size_t size = strcspn(bucket, "/");
    ASSERT(bucket[size] == '/' && size < sizeof ret_objects->bucket);
    memcpy(ret_objects->bucket, bucket, size);
    str_copy(ret_objects->items_key, sizeof ret_objects->items_key, bucket + size + 1);
    str_copy(ret_objects->results_prefix, sizeof ret_objects->results_prefix,
             buf_text(&results) + strlen("s3://") + size + 1);
    return ST_OK;
}
