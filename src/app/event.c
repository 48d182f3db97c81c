#include "app/event_internal.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const mode_names[] = {"batch",  "final", "plan", "merge",
                                         "report", "run",   "check"};
enum { MODE_COUNT = sizeof mode_names / sizeof mode_names[0], ACCOUNT_NAME_CHARACTERS = 128 };

const EventDefaults event_defaults = {EVENT_BATCH, EVENT_RUN};

const char *event_mode_name(EventMode mode) {
    return mode_names[mode];
}

/* A text member and the setting that it stands for, whose rules it must obey. */
typedef struct Member {
    const char *name;
    SettingId setting;
    size_t offset; /* of its const char * in Event */
} Member;

static const Member members[] = {
    {"group_id", SETTING_GROUP_ID, offsetof(Event, group_id)},
    {"shard_id", SETTING_SHARD_ID, offsetof(Event, shard_id)},
    {"role_name", SETTING_ROLE_NAME, offsetof(Event, role_name)},
    {"external_id", SETTING_EXTERNAL_ID, offsetof(Event, external_id)},
    {"date", SETTING_DATE, offsetof(Event, date)},
};
enum { MEMBER_COUNT = sizeof members / sizeof members[0] };

static const char **member_slot(Event *event, const Member *member) {
    return (const char **)(void *)((char *)event + member->offset);
}

Status event_refuse(Err *err, const char *member, const char *shape) {
    (void)err_set(err, ST_EVENT, "the event's %s must be %s", member, shape);
    return err == NULL ? ST_EVENT : err_hint(err, "correct the event and send it again");
}

static Status parse_text(const Json *root, const Member *member, Event *event, Err *err) {
    const Json *node = json_at(root, member->name);
    const Setting *info = setting_info(member->setting);
    if (node == NULL) {
        return ST_OK;
    }
    const char *text = json_text_value(node);
    if (text == NULL) {
        return event_refuse(err, member->name, "text");
    }
    if (!info->is_valid(text)) {
        return event_refuse(err, member->name, info->shape);
    }
    *member_slot(event, member) = arena_strdup(&event->arena, text);
    return ST_OK;
}

static Status parse_mode(const Json *root, Event *event, Err *err) {
    const Json *node = json_at(root, "mode");
    const char *text = json_text_value(node);
    for (size_t i = 0; i < MODE_COUNT && node != NULL; i++) {
        if (str_equal(text, mode_names[i])) {
            event->mode = (EventMode)i;
            return ST_OK;
        }
    }
    return node == NULL ? ST_OK
                        : event_refuse(err, "mode",
                                       "one of batch, final, plan, merge, report, run and check");
}

static Status parse_regions(const Json *root, Event *event, Err *err) {
    const Json *node = json_at(root, "regions");
    if (node == NULL) {
        return ST_OK;
    }
    OWN(buf_done) Buf joined = {0};
    size_t count = 0;
    for (const Json *item = json_is_array(node) ? json_first(node) : NULL; item != NULL;
         item = json_next(item)) {
        const char *text = json_text_value(item);
        if (text == NULL || !setting_is_regions(text) || ++count > EVENT_MAX_REGIONS) {
            count = 0;
            break;
        }
        buf_printf(&joined, "%s%s", joined.size == 0 ? "" : ",", json_text_value(item));
    }
    if (count == 0) {
        return event_refuse(err, "regions", "an array of 1 to 64 regions like \"eu-west-1\"");
    }
    event->regions = arena_strdup(&event->arena, buf_text(&joined));
    return ST_OK;
}

static Status parse_account(const Json *item, size_t index, Event *event, Err *err) {
    char name[64];
    snprintf(name, sizeof name, "accounts[%zu]", index);
    if (!json_is_object(item)) {
        return event_refuse(err, name, "an object with account_id and account_name");
    }
    snprintf(name, sizeof name, "accounts[%zu].account_id", index);
    const char *id = json_text_value(json_at(item, "account_id"));
    if (!str_is_account(id)) {
        return event_refuse(err, name, "text of 12 digits");
    }
    snprintf(name, sizeof name, "accounts[%zu].account_name", index);
    const Json *account_name = json_at(item, "account_name");
    const char *text = account_name == NULL ? "" : json_text_value(account_name);
    if (text == NULL || str_count_chars(text) > ACCOUNT_NAME_CHARACTERS) {
        return event_refuse(err, name, "text of at most 128 characters");
    }
    EventAccount *account = &event->accounts[event->account_count++];
    account->id = arena_strdup(&event->arena, id);
    account->name = arena_strdup(&event->arena, text);
    return ST_OK;
}

static int compare_accounts(const void *a, const void *b) {
    return strcmp(((const EventAccount *)a)->id, ((const EventAccount *)b)->id);
}

static void drop_repeated_accounts(Event *event) {
    qsort(event->accounts, event->account_count, sizeof *event->accounts, compare_accounts);
    size_t kept = 1;
    for (size_t i = 1; i < event->account_count; i++) {
        if (str_equal(event->accounts[i].id, event->accounts[kept - 1].id)) {
            log_message(LOG_WARN, "the event names account %s more than once",
                        event->accounts[i].id);
        } else {
            event->accounts[kept++] = event->accounts[i];
        }
    }
    event->account_count = kept;
}

static Status parse_accounts(const Json *root, Event *event, Err *err) {
    const Json *node = json_at(root, "accounts");
    if (node == NULL) {
        return ST_OK;
    }
    size_t count = 0;
    for (const Json *item = json_is_array(node) ? json_first(node) : NULL; item != NULL;
         item = json_next(item)) {
        count++;
    }
    if (count == 0 || count > EVENT_MAX_ACCOUNTS) {
        /* An empty list is more likely a mistake than a wish to scan everything. */
        return event_refuse(
            err, "accounts",
            "an array of 1 to 100000 accounts, or left out for the whole organization");
    }
    event->accounts = arena_alloc(&event->arena, count * sizeof *event->accounts);
    size_t index = 0;
    for (const Json *item = json_first(node); item != NULL; item = json_next(item)) {
        TRY(parse_account(item, index++, event, err));
    }
    drop_repeated_accounts(event);
    return ST_OK;
}

/* --- The forms of events --------------------------------------------------------------------- */

static const char *const own_members[] = {"accounts", "mode",      "regions",     "group_id",
                                          "shard_id", "role_name", "external_id", "date",
                                          "time",     NULL};

/* https://docs.aws.amazon.com/eventbridge/latest/userguide/aws-events-structure.html */
const char *const event_envelope[] = {"version", "id",     "detail-type", "source", "account",
                                      "time",    "region", "resources",   "detail", NULL};

static bool is_listed(const char *name, const char *const *names) {
    while (*names != NULL && !str_equal(name, *names)) {
        names++;
    }
    return *names != NULL;
}

void event_warn_of_members(const Json *root, const char *const *known, const char *const *others) {
    for (const Json *member = json_first(root); member != NULL; member = json_next(member)) {
        if (!is_listed(json_name(member), known) && !is_listed(json_name(member), others)) {
            log_message(LOG_WARN, "the event's %.60s means nothing here", json_name(member));
        }
    }
}

/* Accounts are those of a batch. A run or plan of the whole organization is not what somebody
 * means who lists some. */
static Status check_accounts(const Event *event, Err *err) {
    if (event->account_count == 0 || event->mode == EVENT_BATCH) {
        return ST_OK;
    }
    if (event->mode == EVENT_RUN || event->mode == EVENT_PLAN) {
        (void)event_refuse(err, "accounts", "left out where its mode is plan or run");
        return err_hint(err, "send them with mode batch, and then an event of mode final");
    }
    log_message(LOG_WARN, "the event's accounts mean nothing in mode %s",
                event_mode_name(event->mode));
    return ST_OK;
}

static Status parse_own(const Json *root, const EventDefaults *defaults, Event *event, Err *err) {
    static const char *const none[] = {NULL};
    bool is_scheduled = event_is_scheduled(root);
    if (!is_scheduled && json_at(root, "detail-type") != NULL) {
        return event_refuse(err, "detail-type", "Scheduled Event, or Object Created of aws.s3");
    }
    event_warn_of_members(root, own_members, is_scheduled ? event_envelope : none);
    event->mode = is_scheduled ? defaults->scheduled_mode : defaults->mode;
    TRY(parse_mode(root, event, err));
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        TRY(parse_text(root, &members[i], event, err));
    }
    TRY(event_parse_schedule(root, event, err));
    TRY(parse_regions(root, event, err));
    TRY(parse_accounts(root, event, err));
    return check_accounts(event, err);
}

static Status parse_root(const Json *root, const EventDefaults *defaults, Event *event, Err *err) {
    if (!json_is_object(root)) {
        return err_set(err, ST_EVENT, "the event must be a JSON object");
    }
    return event_is_of_s3(root) ? event_parse_s3(root, event, err)
                                : parse_own(root, defaults, event, err);
}

Status event_parse(const char *text, size_t size, const EventDefaults *defaults, Event *ret_event,
                   Err *err) {
    *ret_event = (Event){0};
    OWN(json_free_at) Json *root = NULL;
    if (size > EVENT_MAX_BYTES) {
        return err_set(err, ST_EVENT, "the event has %zu bytes, and may have %d", size,
                       EVENT_MAX_BYTES);
    }
    if (json_parse(text, size, &root, err) != ST_OK) {
        err->status = ST_EVENT;
        return err_wrap(err, "the event");
    }
    Status status = parse_root(root, defaults, ret_event, err);
    if (status != ST_OK) {
        event_done(ret_event);
    }
    return status;
}

Status event_read(const char *path, const EventDefaults *defaults, Event *ret_event, Err *err) {
    OWN(buf_done) Buf text = {0};
    *ret_event = (Event){0};
    const char *file = str_equal(path, "-") ? "/dev/stdin" : path;
    if (file_read(file, EVENT_MAX_BYTES, &text, err) != ST_OK) {
        err->status = ST_EVENT;
        return err_wrap(err, "the event");
    }
    return event_parse(buf_text(&text), text.size, defaults, ret_event, err);
}

void event_done(Event *event) {
    arena_done(&event->arena);
    *event = (Event){0};
}

Status event_apply(const Event *event, Settings *settings, Err *err) {
    Event copy = *event;
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const char *text = *member_slot(&copy, &members[i]);
        if (text != NULL) {
            TRY(settings_put(settings, members[i].setting, text, SOURCE_EVENT, members[i].name,
                             err));
        }
    }
    if (event->regions != NULL) {
        TRY(settings_put(settings, SETTING_REGIONS, event->regions, SOURCE_EVENT, "regions", err));
    }
    return ST_OK;
}

static void append_regions(JsonWriter *json, const char *regions) {
    OWN(mem_free_at) char *copy = mem_strdup(regions);
    char *rest = copy;
    json_begin_array(json, "regions");
    for (char *region = str_split(&rest, ","); region != NULL; region = str_split(&rest, ",")) {
        json_put_text(json, NULL, region);
    }
    json_end_array(json);
}

void event_append_json(const Event *event, Buf *out) {
    Event copy = *event;
    JsonWriter json = {.out = out};
    json_begin_object(&json, NULL);
    json_put_text(&json, "mode", event_mode_name(event->mode));
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const char *text = *member_slot(&copy, &members[i]);
        if (text != NULL) {
            json_put_text(&json, members[i].name, text);
        }
    }
    if (event->regions != NULL) {
        append_regions(&json, event->regions);
    }
    if (event->account_count > 0) {
        json_begin_array(&json, "accounts");
        for (size_t i = 0; i < event->account_count; i++) {
            json_begin_object(&json, NULL);
            json_put_text(&json, "account_id", event->accounts[i].id);
            json_put_text(&json, "account_name", event->accounts[i].name);
            json_end_object(&json);
        }
        json_end_array(&json);
    }
    json_end_object(&json);
}
