/* Where settings come from beside flags: the environment, a file, the defaults. */
#include "app/settings.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "warehouse/environment.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20, VARIABLE_SIZE = 64 };
#define VARIABLE_PREFIX "CONFHOUSE_"

/* "CONFHOUSE_ROLE_NAME" of "role-name" */
static void make_variable(const char *name, char ret_variable[VARIABLE_SIZE]) {
    snprintf(ret_variable, VARIABLE_SIZE, VARIABLE_PREFIX "%s", name);
    for (char *c = ret_variable; *c != '\0'; c++) {
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    }
}

/* An empty variable counts as absent: that is how deployments leave one out. */
static const char *read_variable(const char *variable) {
    const char *text = getenv(variable);
    return str_is_empty(text) ? NULL : text;
}

/* A variable that is not ours, where our own left the setting alone. */
static Status put_variable(Settings *settings, SettingId id, const char *variable, Err *err) {
    const char *text = read_variable(variable);
    if (text == NULL || settings->values[id].source >= SOURCE_ENVIRONMENT) {
        return ST_OK;
    }
    return settings_put(settings, id, text, SOURCE_ENVIRONMENT, variable, err);
}

/* REPORT_BUCKET and REPORT_PREFIX, as deployments name the store. */
static Status put_report_bucket(Settings *settings, Err *err) {
    const char *bucket = read_variable("REPORT_BUCKET");
    if (bucket == NULL || settings->values[SETTING_STORE].source >= SOURCE_ENVIRONMENT) {
        return ST_OK;
    }
    const char *prefix = getenv("REPORT_PREFIX");
    prefix = prefix == NULL ? "" : prefix + strspn(prefix, "/");
    size_t size = strlen(prefix);
    while (size > 0 && prefix[size - 1] == '/') {
        size--;
    }
    OWN(buf_done) Buf url = {0};
    buf_printf(&url, "s3://%s%s%.*s", bucket, size == 0 ? "" : "/", (int)size, prefix);
    return settings_put(settings, SETTING_STORE, buf_text(&url), SOURCE_ENVIRONMENT,
                        "REPORT_BUCKET", err);
}

Status settings_load_environment(Settings *settings, Err *err) {
    for (SettingId id = 0; id < SETTING_COUNT; id++) {
        char variable[VARIABLE_SIZE];
        make_variable(setting_info(id)->name, variable);
        const char *text = read_variable(variable);
        if (text != NULL) {
            TRY(settings_put(settings, id, text, SOURCE_ENVIRONMENT, variable, err));
        }
    }
    TRY(put_report_bucket(settings, err));
    TRY(put_variable(settings, SETTING_REGION, "AWS_REGION", err));
    return put_variable(settings, SETTING_REGION, "AWS_DEFAULT_REGION", err);
}

void settings_warn_of_variables(void) {
    for (char **entry = environ; *entry != NULL; entry++) {
        if (!str_starts(*entry, VARIABLE_PREFIX)) {
            continue;
        }
        char word[VARIABLE_SIZE];
        str_copy(word, sizeof word, *entry + strlen(VARIABLE_PREFIX));
        word[strcspn(word, "=")] = '\0';
        for (char *c = word; *c != '\0'; c++) {
            *c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
        }
        SettingId id = 0;
        const char *near = setting_find(word, &id) ? NULL : setting_suggest(word, COMMAND_ALL);
        if (near != NULL) {
            char meant[VARIABLE_SIZE];
            make_variable(near, meant);
            log_message(LOG_WARN, "%.*s is no setting: did you mean %s?", (int)strcspn(*entry, "="),
                        *entry, meant);
        }
    }
}

static Status refuse_name(const char *where, const char *name, Err *err) {
    err_set(err, ST_USAGE, "%s: '%.60s' is no setting", where, name);
    const char *near = setting_suggest(name, COMMAND_ALL);
    if (near != NULL) {
        return err_hint(err, "did you mean '%s'?", near);
    }
    return err_hint(err, "'confhouse help settings' lists them");
}

static char *trim(char *text) {
    char *rest = text;
    char *piece = str_split(&rest, "");
    return piece == NULL ? text + strlen(text) : piece;
}

typedef struct FileReader {
    Settings *settings;
    const char *path;
    int line;
    int seen[SETTING_COUNT]; /* the line that set it; 0 = none yet */
} FileReader;

static Status put_file_line(FileReader *reader, char *line, Err *err) {
    char where[512];
    snprintf(where, sizeof where, "%.400s:%d", reader->path, reader->line);
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        return err_set(err, ST_USAGE, "%s: this is not 'name = value'", where);
    }
    *equals = '\0';
    const char *name = trim(line);
    SettingId id = 0;
    if (!setting_find(name, &id)) {
        return refuse_name(where, name, err);
    }
    if (id == SETTING_CONFIG) {
        err_set(err, ST_USAGE, "%s: a settings file cannot name another one", where);
        return err_hint(err, "give it by --config or CONFHOUSE_CONFIG");
    }
    if (reader->seen[id] != 0) {
        return err_set(err, ST_USAGE, "%s: '%s' is set already, in line %d", where, name,
                       reader->seen[id]);
    }
    reader->seen[id] = reader->line;
    char origin[600];
    snprintf(origin, sizeof origin, "%s: %s", where, name);
    return settings_put(reader->settings, id, trim(equals + 1), SOURCE_FILE, origin, err);
}

Status settings_load_file(Settings *settings, const char *path, Err *err) {
    OWN(buf_done) Buf text = {0};
    Status status = file_read(path, FILE_MAX_BYTES, &text, err);
    if (status != ST_OK) {
        err->status = ST_USAGE;
        return err_wrap(err, "the settings file");
    }
    if (strlen(buf_text(&text)) != text.size || str_valid_utf8(text.data, text.size) != text.size) {
        return err_set(err, ST_USAGE, "the settings file %s is not text in UTF-8", path);
    }
    FileReader reader = {.settings = settings, .path = path};
    char *rest = text.data;
    while (rest != NULL && *rest != '\0') {
        char *line = rest;
        size_t size = strcspn(line, "\n");
        rest = line[size] == '\0' ? NULL : line + size + 1;
        line[size] = '\0';
        reader.line++;
        line = trim(line);
        if (line[0] != '\0' && line[0] != '#') {
            TRY(put_file_line(&reader, line, err));
        }
    }
    return ST_OK;
}

Status settings_load_defaults(Settings *settings, Err *err) {
    for (SettingId id = 0; id < SETTING_COUNT; id++) {
        const Setting *info = setting_info(id);
        if (info->fallback != NULL && settings->values[id].text == NULL) {
            TRY(settings_put(settings, id, info->fallback, SOURCE_DEFAULT, info->name, err));
        }
    }
    return ST_OK;
}

/* Of two settings that exclude each other, the stronger source has its way. */
static Status check_exclusive(Settings *settings, SettingId a, SettingId b, Err *err) {
    SettingValue *one = &settings->values[a];
    SettingValue *other = &settings->values[b];
    bool one_off = one->text == NULL || (setting_info(a)->type == SETTING_FLAG && !one->number);
    bool other_off =
        other->text == NULL || (setting_info(b)->type == SETTING_FLAG && !other->number);
    if (one_off || other_off) {
        return ST_OK;
    }
    if (one->source == other->source) {
        return err_set(err, ST_USAGE, "%s and %s exclude each other: set one of them",
                       setting_info(a)->name, setting_info(b)->name);
    }
    SettingValue *weaker = one->source < other->source ? one : other;
    memset(weaker, 0, sizeof *weaker);
    return ST_OK;
}

static Status check_together(Settings *settings, Err *err) {
    TRY(check_exclusive(settings, SETTING_ORGANIZATION, SETTING_ACCOUNTS, err));
    TRY(check_exclusive(settings, SETTING_QUIET, SETTING_VERBOSE, err));
    if (settings_ratio(settings, SETTING_YELLOW_FROM) >
        settings_ratio(settings, SETTING_GREEN_FROM)) {
        return err_set(err, ST_USAGE, "yellow-from=%s is above green-from=%s",
                       settings_text(settings, SETTING_YELLOW_FROM),
                       settings_text(settings, SETTING_GREEN_FROM));
    }
    if ((settings_text(settings, SETTING_MAIL_FROM) == NULL) !=
        (settings_text(settings, SETTING_MAIL_TO) == NULL)) {
        return err_set(err, ST_USAGE, "mail-from and mail-to are needed both, or neither");
    }
    const EnvironmentRules rules = {
        .by_account = settings_text(settings, SETTING_ENVIRONMENT_ACCOUNT),
        .by_path = settings_text(settings, SETTING_ENVIRONMENT_PATH),
        .by_name = settings_text(settings, SETTING_ENVIRONMENT_NAME),
    };
    return environment_check_rules(&rules, err);
}

Status settings_load(Settings *settings, Err *err) {
    TRY(settings_load_environment(settings, err));
    const char *path = settings_text(settings, SETTING_CONFIG);
    if (path != NULL) {
        TRY(settings_load_file(settings, path, err));
    }
    TRY(settings_load_defaults(settings, err));
    return check_together(settings, err);
}
