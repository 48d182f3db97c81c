#include "app/settings.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const Setting settings_table[SETTING_COUNT] = {
#define X(id, ...) [SETTING_##id] = {__VA_ARGS__},
    SETTINGS_TABLE(X)
#undef X
};

static const char *const section_titles[SECTION_COUNT] = {
    [SECTION_RUN] = "The run",
    [SECTION_SCAN] = "Scanning",
    [SECTION_MERGE] = "Merging",
    [SECTION_PRUNE] = "Making room",
    [SECTION_READ] = "Reading the history",
    [SECTION_REPORT] = "The workbook",
    [SECTION_NOTIFY] = "Telling people",
    [SECTION_COMMON] = "Common",
};

const char *settings_section_title(SettingSection section) {
    return section_titles[section];
}

const Setting *setting_info(SettingId id) {
    return &settings_table[id];
}

bool setting_find(const char *name, SettingId *ret_id) {
    for (SettingId id = 0; id < SETTING_COUNT; id++) {
        if (str_equal(settings_table[id].name, name)) {
            *ret_id = id;
            return true;
        }
    }
    return false;
}

const char *setting_suggest(const char *name, unsigned commands) {
    Suggestion suggestion;
    suggest_begin(&suggestion, name);
    for (SettingId id = 0; id < SETTING_COUNT; id++) {
        if ((settings_table[id].commands & commands) != 0) {
            suggest_offer(&suggestion, settings_table[id].name);
        }
    }
    return suggestion.best;
}

bool setting_is_date(const char *text) {
    int64_t time_ms = 0;
    return clock_parse_date(text, &time_ms);
}

/* https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html: [\w+=,.@:\/-]* */
bool setting_is_external_id(const char *text) {
    size_t size = strlen(text);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80 || (!isalnum(c) && strchr("_+=,.@:/-", c) == NULL)) {
            return false;
        }
    }
    return size >= 2 && size <= 1224;
}

bool setting_is_param(const char *text) {
    const char *equals = strchr(text, '=');
    return equals != NULL && equals != text;
}

bool setting_parse_age(const char *text, int64_t *ret_days) {
    const int64_t most = 36500;
    char *end = NULL;
    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    long number = strtol(text, &end, 10);
    bool is_years = strcmp(end, "y") == 0;
    if ((!is_years && strcmp(end, "d") != 0) || number < 1 || number > most) {
        return false;
    }
    *ret_days = number * (is_years ? 365 : 1);
    return *ret_days <= most;
}

bool setting_is_age(const char *text) {
    int64_t ignored = 0;
    return setting_parse_age(text, &ignored);
}

bool setting_is_regions(const char *text) {
    return str_is_region(text) || str_equal(text, "all");
}

/* arn:aws:sns:eu-west-1:123456789012:weekly; SNS looks at it more closely. */
bool setting_is_topic(const char *text) {
    return str_glob("arn:aws*:sns:?*:????????????:?*", text);
}

/* "a@example.com" or "Name <a@example.com>"; SES looks at it more closely. */
bool setting_is_mail_address(const char *text) {
    return str_glob("?*@?*", text);
}

bool setting_parse_duration(const char *text, int64_t *ret_ms) {
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    const int64_t most = 2592000; /* 30 days */
    int64_t total = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (!isdigit((unsigned char)*at)) {
            return false;
        }
        char *end = NULL;
        long number = strtol(at, &end, 10);
        size_t unit = 0;
        while (unit < 4 && units[unit].unit != *end) {
            unit++;
        }
        if (unit == 4 || number > most) {
            return false;
        }
        total += number * units[unit].seconds;
        at = end;
    }
    if (total < 1 || total > most) {
        return false;
    }
    *ret_ms = total * 1000;
    return true;
}

static bool parse_flag(const char *text, int64_t *ret_number) {
    static const char *const words[] = {"false", "true", "no", "yes", "0", "1", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal_nocase(text, words[i])) {
            *ret_number = (int64_t)(i % 2);
            return true;
        }
    }
    return false;
}

static bool parse_choice(const char *choices, const char *text, int64_t *ret_number) {
    OWN(mem_free_at) char *copy = mem_strdup(choices);
    char *rest = copy;
    int64_t index = 0;
    for (char *choice = str_split(&rest, ","); choice != NULL; choice = str_split(&rest, ",")) {
        if (str_equal(choice, text)) {
            *ret_number = index;
            return true;
        }
        index++;
    }
    return false;
}

static bool parse_ratio(const char *text, double *ret_ratio) {
    char *end = NULL;
    double ratio = strtod(text, &end);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || !(ratio >= 0 && ratio <= 1)) {
        return false;
    }
    *ret_ratio = ratio;
    return true;
}

/* At least one item, and all of them valid. */
static bool check_list(const Setting *info, const char *text) {
    OWN(mem_free_at) char *copy = mem_strdup(text);
    char *rest = copy;
    size_t count = 0;
    const char *separator = info->type == SETTING_LINES ? "\n" : ",";
    for (char *item = str_split(&rest, separator); item != NULL;
         item = str_split(&rest, separator)) {
        if (info->is_valid != NULL && !info->is_valid(item)) {
            return false;
        }
        count++;
    }
    return count > 0;
}

/* Fills in what the text means; false when it means nothing. */
static bool parse_value(const Setting *info, const char *text, SettingValue *value) {
    switch (info->type) {
    case SETTING_TEXT:
        return text[0] != '\0' && (info->is_valid == NULL || info->is_valid(text));
    case SETTING_INT:
        return str_parse_int(text, info->min, info->max, &value->number);
    case SETTING_RATIO:
        return parse_ratio(text, &value->ratio);
    case SETTING_DURATION:
        return setting_parse_duration(text, &value->number);
    case SETTING_FLAG:
        return parse_flag(text, &value->number);
    case SETTING_CHOICE:
        return parse_choice(info->choices, text, &value->number);
    case SETTING_LIST:
    case SETTING_LINES:
        return check_list(info, text);
    }
    return false;
}

/* What a valid value looks like. */
static void describe_shape(const Setting *info, char *ret_text, size_t size) {
    if (info->shape != NULL) {
        str_copy(ret_text, size, info->shape);
    } else if (info->type == SETTING_INT) {
        snprintf(ret_text, size, "a number from %lld to %lld", (long long)info->min,
                 (long long)info->max);
    } else if (info->type == SETTING_RATIO) {
        str_copy(ret_text, size, "a number from 0 to 1, like 0.95");
    } else if (info->type == SETTING_DURATION) {
        str_copy(ret_text, size, "a time like 14m, 900s or 1h30m, from 1s to 30d");
    } else if (info->type == SETTING_FLAG) {
        str_copy(ret_text, size, "true or false");
    } else if (info->type == SETTING_CHOICE) {
        snprintf(ret_text, size, "one of %s", info->choices);
    } else {
        str_copy(ret_text, size, "a list separated by commas");
    }
}

static Status refuse_value(const Setting *info, const char *text, const char *origin, Err *err) {
    char shape[160];
    describe_shape(info, shape, sizeof shape);
    if (text[0] == '\0') {
        return err_set(err, ST_USAGE, "%s is empty", origin);
    }
    if (info->is_private) {
        return err_set(err, ST_USAGE, "%s is not %s", origin, shape);
    }
    return err_set(err, ST_USAGE, "%s='%.120s' is not %s", origin, text, shape);
}

static bool is_list(const Setting *info) {
    return info->type == SETTING_LIST || info->type == SETTING_LINES;
}

Status settings_put(Settings *settings, SettingId id, const char *text, SettingSource source,
                    const char *origin, Err *err) {
    const Setting *info = setting_info(id);
    SettingValue value = {.source = source};
    if (!parse_value(info, text, &value)) {
        return refuse_value(info, text, origin, err);
    }
    SettingValue *old = &settings->values[id];
    if (old->text != NULL && old->source > source) {
        return ST_OK;
    }
    if (is_list(info) && old->text != NULL && old->source == source && source == SOURCE_FLAG) {
        value.text = arena_printf(&settings->arena, "%s%c%s", old->text,
                                  info->type == SETTING_LINES ? '\n' : ',', text);
    } else {
        value.text = arena_strdup(&settings->arena, text);
    }
    value.origin = arena_strdup(&settings->arena, origin);
    *old = value;
    return ST_OK;
}

void settings_done(Settings *settings) {
    arena_done(&settings->arena);
    memset(settings, 0, sizeof *settings);
}

void settings_layer(const Settings *under, Settings *ret_settings) {
    *ret_settings = (Settings){0};
    memcpy(ret_settings->values, under->values, sizeof under->values);
}

bool settings_is_set(const Settings *settings, SettingId id) {
    return settings->values[id].text != NULL && settings->values[id].source != SOURCE_DEFAULT;
}

SettingSource settings_source(const Settings *settings, SettingId id) {
    return settings->values[id].source;
}

const char *settings_origin(const Settings *settings, SettingId id) {
    return settings->values[id].origin;
}

const char *settings_text(const Settings *settings, SettingId id) {
    return settings->values[id].text;
}

int64_t settings_int(const Settings *settings, SettingId id) {
    return settings->values[id].number;
}

bool settings_flag(const Settings *settings, SettingId id) {
    return settings->values[id].number != 0;
}

double settings_ratio(const Settings *settings, SettingId id) {
    return settings->values[id].ratio;
}
