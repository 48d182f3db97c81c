/* Settings: what the user wants, from flags, the environment, a settings file and defaults, in this
 * order of precedence. Every value is checked when it is put; the error says where it came from.
 *
 *     OWN(settings_done) Settings settings = {0};
 *     TRY(settings_put(&settings, SETTING_CONCURRENCY, "8", SOURCE_FLAG, "--concurrency", err));
 *     TRY(settings_load(&settings, err));
 *     int64_t calls = settings_int(&settings, SETTING_CONCURRENCY);
 */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Which commands a setting belongs to. */
enum {
    COMMAND_RUN = 1 << 0,
    COMMAND_PLAN = 1 << 1,
    COMMAND_SCAN = 1 << 2,
    COMMAND_MERGE = 1 << 3,
    COMMAND_REPORT = 1 << 4,
    COMMAND_DIFF = 1 << 5,
    COMMAND_QUERY = 1 << 6,
    COMMAND_EXPORT = 1 << 7,
    COMMAND_PULL = 1 << 8,
    COMMAND_HISTORY = 1 << 9,
    COMMAND_INVOKE = 1 << 10,
    COMMAND_WHOAMI = 1 << 11,
    COMMAND_TREND = 1 << 12,
    COMMAND_ALL = (1 << 13) - 1,
};

typedef enum SettingType {
    SETTING_TEXT,
    SETTING_INT,      /* min to max */
    SETTING_RATIO,    /* 0 to 1 */
    SETTING_DURATION, /* 14m, 900s, 1h30m */
    SETTING_FLAG,     /* true or false; its flag needs no value */
    SETTING_CHOICE,   /* one of `choices` */
    SETTING_LIST,     /* separated by commas; its flag may be given more than once */
    SETTING_LINES,    /* one item a flag, separated by newlines: items may hold commas */
} SettingType;

typedef enum SettingSection {
    SECTION_RUN,
    SECTION_SCAN,
    SECTION_MERGE,
    SECTION_PRUNE,
    SECTION_READ,
    SECTION_REPORT,
    SECTION_NOTIFY,
    SECTION_COMMON,
    SECTION_COUNT,
} SettingSection;

/* "Scanning" */
const char *settings_section_title(SettingSection section);

typedef struct Setting {
    const char *name; /* the word: flag, name in the file and, in capitals, environment */
    const char *help; /* one line */
    const char *placeholder;
    const char *fallback;               /* the default; NULL = none */
    const char *choices;                /* of SETTING_CHOICE, separated by commas */
    const char *shape;                  /* what a valid value is: "a date like 2026-11-22" */
    bool (*is_valid)(const char *text); /* of a list, for each item; NULL = anything */
    int64_t min;
    int64_t max;
    SettingType type;
    SettingSection section;
    unsigned commands;
    char short_flag; /* 'p' for -p; 0 = none */
    bool is_private; /* never shown in messages */
} Setting;

#include "app/settings_table.h"

typedef enum SettingId {
#define X(id, ...) SETTING_##id,
    SETTINGS_TABLE(X)
#undef X
        SETTING_COUNT
} SettingId;

const Setting *setting_info(SettingId id);
/* False when there is none of that name. */
bool setting_find(const char *name, SettingId *ret_id);
/* The setting whose name is likely meant, among those of `commands`; NULL when none is near. */
const char *setting_suggest(const char *name, unsigned commands);

/* Later ones win. An event is what a worker was told to do, in so many words. */
typedef enum SettingSource {
    SOURCE_DEFAULT,
    SOURCE_PROFILE, /* of AWS's own tools */
    SOURCE_FILE,
    SOURCE_ENVIRONMENT,
    SOURCE_FLAG,
    SOURCE_EVENT,
} SettingSource;

typedef struct SettingValue {
    SettingSource source;
    const char *text;   /* NULL = not set */
    const char *origin; /* what set it, as messages call it */
    int64_t number;     /* INT, DURATION in ms, FLAG 0 or 1, CHOICE its index */
    double ratio;
} SettingValue;

typedef struct Settings {
    Arena arena;
    SettingValue values[SETTING_COUNT];
} Settings; /* all zero = nothing is set */

void settings_done(Settings *settings);

/* Settings over others: they begin with the same values, and what is put into them changes nothing
 * below. `under` must outlive `ret_settings`, whose texts are borrowed from it. settings_done
 * afterwards. */
void settings_layer(const Settings *under, Settings *ret_settings);

/* Checks the value and sets it, unless a stronger source has. `origin` is what messages call it:
 * "--concurrency", "CONFHOUSE_CONCURRENCY", "/etc/confhouse.conf:3: concurrency". A list that a
 * flag set is extended by another flag. ST_USAGE. */
Status settings_put(Settings *settings, SettingId id, const char *text, SettingSource source,
                    const char *origin, Err *err) WARN_UNUSED;

/* Reads the environment, then the settings file that --config or CONFHOUSE_CONFIG names, then the
 * defaults; then checks what settings say together. Flags are put before. */
Status settings_load(Settings *settings, Err *err) WARN_UNUSED;

/* In parts, for tests. */
Status settings_load_environment(Settings *settings, Err *err) WARN_UNUSED;
Status settings_load_file(Settings *settings, const char *path, Err *err) WARN_UNUSED;
Status settings_load_defaults(Settings *settings, Err *err) WARN_UNUSED;

/* Warns of variables that begin with CONFHOUSE_ and look like a misspelt setting. */
void settings_warn_of_variables(void);

bool settings_is_set(const Settings *settings, SettingId id); /* by more than its default */
SettingSource settings_source(const Settings *settings, SettingId id);
const char *settings_origin(const Settings *settings, SettingId id); /* NULL = not set */
const char *settings_text(const Settings *settings, SettingId id);   /* NULL = not set */
int64_t settings_int(const Settings *settings, SettingId id);        /* 0 when not set; ms; index */
bool settings_flag(const Settings *settings, SettingId id);
double settings_ratio(const Settings *settings, SettingId id);

/* Checks that the table's rows use. */
bool setting_is_date(const char *text);
bool setting_is_external_id(const char *text);
bool setting_is_param(const char *text);
bool setting_is_topic(const char *text);
bool setting_is_mail_address(const char *text);
bool setting_is_regions(const char *text); /* a region, or "all" */

bool setting_is_age(const char *text);

/* "90d", "2y": a number of days or of years of 365 days, at most 100 years. */
bool setting_parse_age(const char *text, int64_t *ret_days);

/* "14m", "900s", "1h30m": at least a second, at most 30 days. */
bool setting_parse_duration(const char *text, int64_t *ret_ms);

#endif
