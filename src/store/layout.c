#include "store/layout.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHARD_SUFFIX   ".db.gz"
#define HISTORY_STEM   LAYOUT_HISTORY "compliance-"
#define HISTORY_SUFFIX ".db"
#define RAW_STEM       "raw/config-rules-"
#define RAW_SUFFIX     ".csv"

/* Ids have at most 64 bytes, so every key fits. */
static PRINTF_LIKE(2, 3) Status set_key(LayoutKey *key, const char *format, ...) {
    *key = (LayoutKey){0};
    va_list args;
    va_start(args, format);
    int size = vsnprintf(key->text, sizeof key->text, format, args);
    va_end(args);
    ASSERT(size > 0 && (size_t)size < sizeof key->text);
    return ST_OK;
}

Status layout_plan(const char *group_id, LayoutKey *ret_key, Err *err) {
    TRY(str_check_id("group_id", group_id, err));
    return set_key(ret_key, "batches/%s/plan.json", group_id);
}

Status layout_shard_events(const char *group_id, LayoutKey *ret_key, Err *err) {
    TRY(str_check_id("group_id", group_id, err));
    return set_key(ret_key, "batches/%s/shards.json", group_id);
}

Status layout_results(const char *group_id, LayoutKey *ret_key, Err *err) {
    TRY(str_check_id("group_id", group_id, err));
    return set_key(ret_key, "batches/%s/results", group_id);
}

Status layout_batch_prefix(const char *group_id, LayoutKey *ret_key, Err *err) {
    TRY(str_check_id("group_id", group_id, err));
    return set_key(ret_key, "batches/%s/", group_id);
}

Status layout_shard(const char *group_id, const char *shard_id, LayoutKey *ret_key, Err *err) {
    TRY(str_check_id("group_id", group_id, err));
    TRY(str_check_id("shard_id", shard_id, err));
    return set_key(ret_key, "batches/%s/%s" SHARD_SUFFIX, group_id, shard_id);
}

bool layout_shard_id(const char *key, char *ret_shard_id, size_t size) {
    const char *group = "batches/";
    const char *name = strrchr(key, '/');
    if (!str_starts(key, group) || strchr(key + strlen(group), '/') != name ||
        !str_ends(key, SHARD_SUFFIX)) {
        return false;
    }
    name++;
    size_t id_size = strlen(name) - strlen(SHARD_SUFFIX);
    char id[LAYOUT_KEY_SIZE];
    if (id_size >= sizeof id || id_size >= size) {
        return false;
    }
    memcpy(id, name, id_size);
    id[id_size] = '\0';
    if (!str_is_id(id)) {
        return false;
    }
    str_copy(ret_shard_id, size, id);
    return true;
}

Status layout_history(const char *group_id, int number, LayoutKey *ret_key, Err *err) {
    ASSERT(number >= 1);
    TRY(str_check_id("group_id", group_id, err));
    if (number == 1) {
        return set_key(ret_key, HISTORY_STEM "%s" HISTORY_SUFFIX, group_id);
    }
    return set_key(ret_key, HISTORY_STEM "%s.%d" HISTORY_SUFFIX, group_id, number);
}

static Status check_date(const char *date, Err *err) {
    int64_t time_ms = 0;
    if (!clock_parse_date(date, &time_ms)) {
        return err_set(err, ST_USAGE, "the date '%.40s' is not of the form YYYY-MM-DD", date);
    }
    return ST_OK;
}

/* The date names the run of a day; a run of another name has its name besides, so that two runs of
 * one day stand side by side. */
static Status set_run_key(const char *stem, const LayoutRun *run, const char *suffix,
                          LayoutKey *ret_key, Err *err) {
    TRY(check_date(run->date, err));
    TRY(str_check_id("group_id", run->group_id, err));
    bool is_date = strcmp(run->group_id, run->date) == 0;
    return set_key(ret_key, "%s%s%s%s%s", stem, run->date, is_date ? "" : "_",
                   is_date ? "" : run->group_id, suffix);
}

Status layout_raw(const LayoutRun *run, LayoutKey *ret_key, Err *err) {
    return set_run_key(RAW_STEM, run, RAW_SUFFIX, ret_key, err);
}

/* The part of the key between stem and suffix, if that is short enough for any id. */
static bool cut_key(const char *key, const char *stem, const char *suffix, char *ret_part,
                    size_t size) {
    size_t around = strlen(stem) + strlen(suffix);
    if (!str_starts(key, stem) || !str_ends(key, suffix) || strlen(key) < around ||
        strlen(key) - around >= size) {
        return false;
    }
    size_t part_size = strlen(key) - around;
    memcpy(ret_part, key + strlen(stem), part_size);
    ret_part[part_size] = '\0';
    return true;
}

bool layout_parse_raw(const char *key, char ret_group_id[LAYOUT_ID_SIZE]) {
    enum { DATE_BYTES = CLOCK_DATE_SIZE - 1 };
    char name[CLOCK_DATE_SIZE + LAYOUT_ID_SIZE];
    char date[CLOCK_DATE_SIZE];
    int64_t time_ms = 0;
    if (!cut_key(key, RAW_STEM, RAW_SUFFIX, name, sizeof name)) {
        return false;
    }
    str_copy(date, sizeof date, name);
    const char *rest = name + strlen(date);
    const char *group_id = rest[0] == '\0' ? date : rest + 1;
    if (!clock_parse_date(date, &time_ms) || (rest[0] != '\0' && rest[0] != '_') ||
        !str_is_id(group_id)) {
        return false;
    }
    str_copy(ret_group_id, LAYOUT_ID_SIZE, group_id);
    return true;
}

bool layout_parse_history(const char *key, char ret_group_id[LAYOUT_ID_SIZE],
                          char ret_or_group_id[LAYOUT_ID_SIZE]) {
    char name[LAYOUT_ID_SIZE + 12]; /* the longest number besides */
    char shorter[sizeof name];
    int64_t number = 0;
    if (!cut_key(key, HISTORY_STEM, HISTORY_SUFFIX, name, sizeof name)) {
        return false;
    }
    str_copy(shorter, sizeof shorter, name);
    char *dot = strrchr(shorter, '.');
    bool has_number = dot != NULL && dot[1] != '0' && str_parse_int(dot + 1, 2, INT32_MAX, &number);
    if (has_number) {
        *dot = '\0';
        has_number = str_is_id(shorter);
    }
    str_copy(ret_or_group_id, LAYOUT_ID_SIZE, "");
    if (!str_is_id(name)) {
        str_copy(ret_group_id, LAYOUT_ID_SIZE, has_number ? shorter : "");
        return has_number;
    }
    str_copy(ret_group_id, LAYOUT_ID_SIZE, name);
    str_copy(ret_or_group_id, LAYOUT_ID_SIZE, has_number ? shorter : "");
    return true;
}

Status layout_report(const LayoutRun *run, LayoutKey *ret_key, Err *err) {
    return set_run_key("reports/ConfigRule_", run, ".xlsx", ret_key, err);
}

Status layout_notice(const char *group_id, LayoutKey *ret_key, Err *err) {
    TRY(str_check_id("group_id", group_id, err));
    return set_key(ret_key, "reports/notified-%s.json", group_id);
}
