#include "store/layout.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHARD_SUFFIX ".db.gz"

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
        return set_key(ret_key, "history/compliance-%s.db", group_id);
    }
    return set_key(ret_key, "history/compliance-%s.%d.db", group_id, number);
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
    return set_run_key("raw/config-rules-", run, ".csv", ret_key, err);
}

Status layout_report(const LayoutRun *run, LayoutKey *ret_key, Err *err) {
    return set_run_key("reports/ConfigRule_", run, ".xlsx", ret_key, err);
}

Status layout_notice(const char *group_id, LayoutKey *ret_key, Err *err) {
    TRY(str_check_id("group_id", group_id, err));
    return set_key(ret_key, "reports/notified-%s.json", group_id);
}
