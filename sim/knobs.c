#include "knobs.h"

#include "base/mem.h"
#include "base/str.h"
#include "format/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT(member) offsetof(Knobs, member)

/* clang-format off */
const Knob knob_table[] = {
    {"seed", KNOB_INT, AT(seed), 0, 9e15, true, "N", "everything that is simulated follows from it (default 1)"},
    {"accounts", KNOB_INT, AT(accounts), 1, 100000, true, "N", "accounts in the organization (default 24)"},
    {"rules", KNOB_INT, AT(rules), 0, 1000, true, "N", "rules in each account and region (default 30)"},
    {"service_linked", KNOB_INT, AT(service_linked), 0, 1000, true, "N", "of the rules, how many belong to another service and deny their details"},
    {"evaluations", KNOB_RANGE, AT(evaluations_min), 0, 1000000, true, "MIN..MAX", "evaluations of each rule (default 0..60)"},
    {"week", KNOB_INT, AT(week), 0, 5000, false, "N", "which week it is, from 0"},
    {"churn", KNOB_REAL, AT(churn), 0, 1, false, "F", "of the evaluations, how many change in a week (default 0.02)"},
    {"proactive", KNOB_REAL, AT(proactive), 0, 1, false, "F", "of the evaluations, how many are PROACTIVE"},
    {"hostile_text", KNOB_BOOL, AT(hostile_text), 0, 1, true, "", "quotes, newlines, formulas, emoji in names, ids and annotations"},
    {"exponent_floats", KNOB_BOOL, AT(exponent_floats), 0, 1, false, "", "some times as numbers with an exponent"},
    {"deny", KNOB_SELECTOR, AT(deny), 0, 0, false, "WHO", "AssumeRole is denied: account ids or places, FRACTION; ACCOUNT/REGION denies AWS Config there"},
    {"deny_region", KNOB_SELECTOR, AT(deny_region), 0, 0, false, "REGION", "AWS Config is denied there, in all accounts"},
    {"region_off", KNOB_SELECTOR, AT(region_off), 0, 0, false, "WHO", "regions that accounts have not turned on: ACCOUNT/REGION, regions, FRACTION"},
    {"deny_operations", KNOB_TEXT, AT(deny_operations), 0, 0, false, "LIST", "what no role may call: config:SelectResourceConfig,tagging:GetResources"},
    {"recorder_off", KNOB_SELECTOR, AT(recorder_off), 0, 0, false, "WHO", "no configuration recorder: accounts, regions, ACCOUNT/REGION, FRACTION"},
    {"recorder_stopped", KNOB_SELECTOR, AT(recorder_stopped), 0, 0, false, "WHO", "a recorder that does not record"},
    {"vanish_rules", KNOB_REAL, AT(vanish_rules), 0, 1, false, "F", "of the rules, how many are gone when asked for details"},
    {"session_seconds", KNOB_INT, AT(session_seconds), 0, 43200, false, "N", "sessions end after so long, whatever was asked for"},
    {"latency_ms", KNOB_INT, AT(latency_ms), 0, 60000, false, "N", "each answer comes so much later"},
    {"bucket_rate", KNOB_REAL, AT(bucket_rate), 0, 1e9, false, "R", "AWS Config answers R calls a second per account and region, and throttles more"},
    {"bucket_burst", KNOB_REAL, AT(bucket_burst), 1, 1e9, false, "B", "and so many at once (default 10)"},
    {"throttle", KNOB_REAL, AT(throttle), 0, 1, false, "P", "probability that a call is throttled"},
    {"error_5xx", KNOB_REAL, AT(error_5xx), 0, 1, false, "P", "... that it fails with 500, 502, 503 or 504"},
    {"drop", KNOB_REAL, AT(drop), 0, 1, false, "P", "... that the connection is closed without an answer"},
    {"truncate", KNOB_REAL, AT(truncate), 0, 1, false, "P", "... that the answer is cut short"},
    {"short_pages", KNOB_REAL, AT(short_pages), 0, 1, false, "P", "... that a page holds fewer results than it could"},
    {"empty_pages", KNOB_REAL, AT(empty_pages), 0, 1, false, "P", "... that a page is empty, with a token for the next one"},
    {"chunked", KNOB_BOOL, AT(chunked), 0, 1, false, "", "answers in chunks, without Content-Length"},
    {0},
};
/* clang-format on */

void knobs_init(Knobs *knobs) {
    *knobs = (Knobs){
        .seed = 1,
        .accounts = 24,
        .rules = 30,
        .evaluations_min = 0,
        .evaluations_max = 60,
        .churn = 0.02,
        .bucket_burst = 10,
    };
}

const Knob *knob_find(const char *name) {
    char wanted[64];
    str_copy(wanted, sizeof wanted, name);
    for (char *c = wanted; *c != '\0'; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    for (const Knob *knob = knob_table; knob->name != NULL; knob++) {
        if (str_equal(knob->name, wanted)) {
            return knob;
        }
    }
    return NULL;
}

/* --- Selectors ------------------------------------------------------------------------------- */

static bool is_account(const char *text) {
    int64_t place = 0;
    return str_is_account(text) || str_parse_int(text, 0, 99999, &place);
}

static bool parse_item(const char *text, SelectorItem *item) {
    const char *slash = strchr(text, '/');
    *item = (SelectorItem){0};
    if (slash == NULL && str_is_region(text)) {
        str_copy(item->region, sizeof item->region, text);
        return true;
    }
    size_t account_size = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (account_size >= sizeof item->account) {
        return false;
    }
    memcpy(item->account, text, account_size);
    if (slash != NULL) {
        str_copy(item->region, sizeof item->region, slash + 1);
    }
    return is_account(item->account) && (slash == NULL || str_is_region(item->region));
}

static bool parse_real(const char *text, double min, double max, double *ret_number) {
    char *end = NULL;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= min && number <= max)) {
        return false;
    }
    *ret_number = number;
    return true;
}

Status selector_add(Selector *selector, const char *text, Err *err) {
    OWN(mem_free_at) char *copy = mem_strdup(text);
    char *rest = copy;
    for (char *part = str_split(&rest, ","); part != NULL; part = str_split(&rest, ",")) {
        if (strchr(part, '.') != NULL && parse_real(part, 0, 1, &selector->fraction)) {
            continue;
        }
        if (selector->count == SELECTOR_MAX_ITEMS) {
            return err_set(err, ST_USAGE, "more than %d accounts or regions are named",
                           SELECTOR_MAX_ITEMS);
        }
        if (!parse_item(part, &selector->items[selector->count])) {
            return err_set(err, ST_USAGE,
                           "'%.60s' is neither an account, a region, ACCOUNT/REGION nor a fraction "
                           "such as 0.1",
                           part);
        }
        selector->count++;
    }
    return ST_OK;
}

Status selector_parse(const char *text, Selector *ret_selector, Err *err) {
    *ret_selector = (Selector){0};
    return selector_add(ret_selector, text, err);
}

/* --- Setting --------------------------------------------------------------------------------- */

static void *member(Knobs *knobs, const Knob *knob) {
    return (char *)knobs + knob->offset;
}

static bool parse_bool(const char *text, bool *ret_value) {
    bool on = str_equal(text, "") || str_equal(text, "on") || str_equal(text, "true") ||
              str_equal(text, "1");
    *ret_value = on;
    return on || str_equal(text, "off") || str_equal(text, "false") || str_equal(text, "0");
}

static bool parse_range(const char *text, const Knob *knob, int64_t *ret_pair) {
    const char *dots = strstr(text, "..");
    char low[24] = "";
    if (dots != NULL && (size_t)(dots - text) < sizeof low) {
        memcpy(low, text, (size_t)(dots - text));
    }
    const char *first = dots != NULL ? low : text;
    const char *last = dots != NULL ? dots + 2 : text;
    return str_parse_int(first, (int64_t)knob->min, (int64_t)knob->max, &ret_pair[0]) &&
           str_parse_int(last, ret_pair[0], (int64_t)knob->max, &ret_pair[1]);
}

Status knob_set(Knobs *knobs, const Knob *knob, const char *text, Err *err) {
    bool good = false;
    int64_t range[2] = {0};
    switch (knob->kind) {
    case KNOB_INT:
        good = str_parse_int(text, (int64_t)knob->min, (int64_t)knob->max, member(knobs, knob));
        break;
    case KNOB_REAL:
        good = parse_real(text, knob->min, knob->max, member(knobs, knob));
        break;
    case KNOB_BOOL:
        good = parse_bool(text, member(knobs, knob));
        break;
    case KNOB_RANGE:
        good = parse_range(text, knob, range);
        if (good) {
            memcpy(member(knobs, knob), range, sizeof range);
        }
        break;
    case KNOB_TEXT:
        good = strlen(text) < sizeof knobs->deny_operations;
        str_copy(member(knobs, knob), sizeof knobs->deny_operations, text);
        break;
    case KNOB_SELECTOR:
        return selector_add(member(knobs, knob), text, err);
    }
    if (!good) {
        return err_set(err, ST_USAGE, "%s: '%.60s' is not between %g and %g", knob->name, text,
                       knob->min, knob->max);
    }
    return ST_OK;
}

/* A value as the text that knob_set reads. A list of selectors is set one by one. */
static Status set_from_json(Knobs *knobs, const Knob *knob, const Json *node, Err *err) {
    if (knob->kind == KNOB_SELECTOR && json_is_array(node)) {
        for (const Json *item = json_first(node); item != NULL; item = json_next(item)) {
            TRY(set_from_json(knobs, knob, item, err));
        }
        return ST_OK;
    }
    if (json_text_value(node) != NULL) {
        return knob_set(knobs, knob, json_text_value(node), err);
    }
    bool flag = false;
    double number = 0;
    char text[40];
    Err ignored = {0};
    if (knob->kind == KNOB_BOOL && json_bool_or(node, "", false, &flag, &ignored) == ST_OK) {
        return knob_set(knobs, knob, flag ? "on" : "off", err);
    }
    if (json_number_or(node, "", -9e15, 9e15, NAN, &number, &ignored) != ST_OK || isnan(number)) {
        return err_set(err, ST_USAGE, "%s: not a value for it", knob->name);
    }
    bool is_whole = number == floor(number) && knob->kind != KNOB_REAL;
    snprintf(text, sizeof text, is_whole ? "%.0f" : "%.17g", number);
    return knob_set(knobs, knob, text, err);
}

Status knobs_set_json(Knobs *knobs, const char *text, size_t size, Err *err) {
    OWN(json_free_at) Json *root = NULL;
    TRY(json_parse(text, size, &root, err));
    if (!json_is_object(root)) {
        return err_set(err, ST_USAGE, "not a JSON object");
    }
    Knobs changed = *knobs;
    for (const Json *node = json_first(root); node != NULL; node = json_next(node)) {
        const Knob *knob = knob_find(json_name(node));
        if (knob == NULL) {
            return err_set(err, ST_USAGE, "there is no knob named '%.60s'", json_name(node));
        }
        if (knob->at_start_only) {
            return err_set(err, ST_USAGE, "%s can be set at the start only", knob->name);
        }
        if (knob->kind == KNOB_SELECTOR) {
            *(Selector *)member(&changed, knob) = (Selector){0};
        }
        TRY(set_from_json(&changed, knob, node, err));
    }
    *knobs = changed;
    return ST_OK;
}

/* --- Showing --------------------------------------------------------------------------------- */

static void write_selector(JsonWriter *json, const char *name, const Selector *selector) {
    json_begin_array(json, name);
    if (selector->fraction > 0) {
        json_put_double(json, NULL, selector->fraction);
    }
    for (size_t i = 0; i < selector->count; i++) {
        const SelectorItem *item = &selector->items[i];
        bool both = item->account[0] != '\0' && item->region[0] != '\0';
        char text[64];
        snprintf(text, sizeof text, "%s%s%s", item->account, both ? "/" : "", item->region);
        json_put_text(json, NULL, text);
    }
    json_end_array(json);
}

void knobs_write_json(const Knobs *knobs, Buf *out) {
    JsonWriter json = {.out = out};
    json_begin_object(&json, NULL);
    for (const Knob *knob = knob_table; knob->name != NULL; knob++) {
        const char *at = (const char *)knobs + knob->offset;
        char range[64];
        switch (knob->kind) {
        case KNOB_INT:
            json_put_int(&json, knob->name, *(const int64_t *)(const void *)at);
            break;
        case KNOB_REAL:
            json_put_double(&json, knob->name, *(const double *)(const void *)at);
            break;
        case KNOB_BOOL:
            json_put_bool(&json, knob->name, *(const bool *)at);
            break;
        case KNOB_RANGE:
            snprintf(range, sizeof range, "%lld..%lld", (long long)knobs->evaluations_min,
                     (long long)knobs->evaluations_max);
            json_put_text(&json, knob->name, range);
            break;
        case KNOB_TEXT:
            json_put_text(&json, knob->name, at);
            break;
        case KNOB_SELECTOR:
            write_selector(&json, knob->name, (const Selector *)(const void *)at);
            break;
        }
    }
    json_end_object(&json);
}
