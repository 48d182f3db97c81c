#include "warehouse/waiver.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "format/csv.h"
#include "sql_text.h"
#include "store/layout.h"

#include <string.h>

enum {
    FILE_MAX_BYTES = 16 * 1024 * 1024,
    MAX_WAIVERS = 100000,
    MAX_PROBLEMS = 1000, /* that are put down */
    PROBLEMS_SHOWN = 20, /* that are warned of one by one */
    PATTERN_MAX_BYTES = 1024,
    TEXT_MAX_BYTES = 2000,
};

typedef enum Field {
    FIELD_ACCOUNT,
    FIELD_REGION,
    FIELD_RULE,
    FIELD_RESOURCE, /* up to here they are patterns */
    FIELD_REASON,
    FIELD_OWNER,
    FIELD_EXPIRES,
    FIELD_COUNT,
} Field;

static const char *const field_names[FIELD_COUNT] = {
    "account", "region", "rule", "resource", "reason", "owner", "expires",
};

typedef struct WaiverReader {
    CsvReader csv;
    Arena arena; /* of one row */
    Db *history;
    WaiverFile *file;
    size_t column_count;
    size_t columns[FIELD_COUNT]; /* where each field stands */
    const char *values[FIELD_COUNT];
} WaiverReader;

static void reader_done(WaiverReader *reader) {
    arena_done(&reader->arena);
}

/* ---- what is wrong ---- */

static Status put_problem(WaiverReader *reader, const Err *problem, Err *err) {
    WaiverFile *file = reader->file;
    const char *message = problem->message;
    file->problems++;
    if (file->problems <= PROBLEMS_SHOWN) {
        log_message(LOG_WARN, "%s: %s: it is left out", LAYOUT_WAIVERS, message);
    }
    if (file->problems > MAX_PROBLEMS) {
        return ST_OK;
    }
    if (file->problems == MAX_PROBLEMS) {
        message = "from here on, lines that cannot be used are not listed";
    }
    const DbParam params[] = {DB_INT(":line", reader->csv.line), DB_TEXT(":message", message),
                              DB_END};
    return db_run(reader->history, sql_merge_waiver_put_problem, params, err);
}

static void warn_of_problems(const WaiverFile *file) {
    if (file->problems > PROBLEMS_SHOWN) {
        log_message(LOG_WARN, "%s: %lld more lines are left out", LAYOUT_WAIVERS,
                    (long long)(file->problems - PROBLEMS_SHOWN));
    }
}

/* ---- the first line ---- */

static char *trimmed(Arena *arena, const char *text) {
    text += strspn(text, " \t\r\n");
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t\r\n", text[size - 1]) != NULL) {
        size--;
    }
    return arena_strndup(arena, text, size);
}

static Status find_column(WaiverReader *reader, const CsvRow *row, Field field, Err *err) {
    size_t found = 0;
    for (size_t i = 0; i < row->count; i++) {
        if (str_equal_nocase(trimmed(&reader->arena, row->fields[i]), field_names[field])) {
            reader->columns[field] = i;
            found++;
        }
    }
    if (found != 1) {
        return err_set(err, ST_INPUT, "line %d: it must name the column %s once", reader->csv.line,
                       field_names[field]);
    }
    return ST_OK;
}

static Status read_header(WaiverReader *reader, bool *ret_more, Err *err) {
    CsvRow row;
    TRY(csv_next(&reader->csv, &reader->arena, &row, ret_more, err));
    reader->column_count = row.count;
    for (Field field = 0; *ret_more && field < FIELD_COUNT; field++) {
        TRY(find_column(reader, &row, field, err));
    }
    return ST_OK;
}

/* ---- the waivers ---- */

static bool is_digits(const char *text) {
    return text[strspn(text, "0123456789")] == '\0';
}

static Status check_values(const WaiverReader *reader, Err *err) {
    const char *const *values = reader->values;
    int line = reader->csv.line;
    int64_t ignored = 0;
    size_t pattern_bytes = 0;
    for (Field field = 0; field < FIELD_COUNT; field++) {
        size_t most = field <= FIELD_RESOURCE ? PATTERN_MAX_BYTES : TEXT_MAX_BYTES;
        if (strlen(values[field]) > most) {
            return err_set(err, ST_INPUT, "line %d: its %s has more than %zu bytes", line,
                           field_names[field], most);
        }
        pattern_bytes += field <= FIELD_RESOURCE ? strlen(values[field]) : 0;
    }
    if (pattern_bytes == 0) {
        return err_set(err, ST_INPUT, "line %d: it would accept every finding there is", line);
    }
    const char *account = values[FIELD_ACCOUNT];
    if (account[0] != '\0' && is_digits(account) && !str_is_account(account)) {
        return err_set(err, ST_INPUT, "line %d: the account '%.20s' does not have 12 digits", line,
                       account);
    }
    if (values[FIELD_REASON][0] == '\0') {
        return err_set(err, ST_INPUT, "line %d: it gives no reason", line);
    }
    if (!clock_parse_date(values[FIELD_EXPIRES], &ignored)) {
        return err_set(err, ST_INPUT, "line %d: expires '%.20s' is no date like 2026-12-31", line,
                       values[FIELD_EXPIRES]);
    }
    return ST_OK;
}

/* "*" says no more than nothing does. */
static const char *without_lone_stars(const char *pattern) {
    return pattern[strspn(pattern, "*")] == '\0' ? "" : pattern;
}

static Status take_row(WaiverReader *reader, const CsvRow *row, Err *err) {
    if (row->count != reader->column_count) {
        return err_set(err, ST_INPUT, "line %d: it has %zu fields, and the first line has %zu",
                       reader->csv.line, row->count, reader->column_count);
    }
    for (Field field = 0; field < FIELD_COUNT; field++) {
        const char *value = trimmed(&reader->arena, row->fields[reader->columns[field]]);
        reader->values[field] = field <= FIELD_RESOURCE ? without_lone_stars(value) : value;
    }
    TRY(check_values(reader, err));
    if (reader->file->waivers == MAX_WAIVERS) {
        return err_set(err, ST_INPUT, "line %d: there are more than %d waivers before it",
                       reader->csv.line, MAX_WAIVERS);
    }
    return ST_OK;
}

static Status put_waiver(WaiverReader *reader, Err *err) {
    const char *const *values = reader->values;
    const DbParam params[] = {DB_INT(":line", reader->csv.line),
                              DB_TEXT(":account", values[FIELD_ACCOUNT]),
                              DB_TEXT(":region", values[FIELD_REGION]),
                              DB_TEXT(":rule", values[FIELD_RULE]),
                              DB_TEXT(":resource", values[FIELD_RESOURCE]),
                              DB_TEXT(":reason", values[FIELD_REASON]),
                              DB_TEXT(":owner", values[FIELD_OWNER]),
                              DB_TEXT(":expires", values[FIELD_EXPIRES]),
                              DB_END};
    reader->file->waivers++;
    return db_run(reader->history, sql_merge_waiver_put_line, params, err);
}

static Status read_waivers(WaiverReader *reader, Err *err) {
    bool more = true;
    for (;;) {
        CsvRow row;
        Err problem = {0};
        arena_reset(&reader->arena);
        Status status = csv_next(&reader->csv, &reader->arena, &row, &more, &problem);
        if (status != ST_OK) {
            csv_pass_row(&reader->csv);
        } else if (!more) {
            return ST_OK;
        } else {
            status = take_row(reader, &row, &problem);
        }
        TRY(status == ST_OK ? put_waiver(reader, err) : put_problem(reader, &problem, err));
    }
}

static Status read_file(WaiverReader *reader, Err *err) {
    bool more = false;
    Err problem = {0};
    if (read_header(reader, &more, &problem) != ST_OK) {
        return put_problem(reader, &problem, err); /* then no line can be understood */
    }
    return more ? read_waivers(reader, err) : ST_OK;
}

Status waiver_load(Store *store, Db *history, WaiverFile *ret_file, Err *err) {
    OWN(buf_done) Buf text = {0};
    OWN(reader_done) WaiverReader reader = {.history = history, .file = ret_file};
    *ret_file = (WaiverFile){0};
    TRY(db_run(history, sql_merge_waiver_begin, NULL, err));
    Status status = store_get(store, LAYOUT_WAIVERS, FILE_MAX_BYTES, &text, NULL, err);
    if (status == ST_NOT_FOUND) {
        return ST_OK;
    }
    if (status == ST_LIMIT) {
        Err problem = *err;
        return put_problem(&reader, &problem, err);
    }
    TRY(status);
    csv_open(&reader.csv, buf_text(&text), text.size);
    TRY(read_file(&reader, err));
    warn_of_problems(ret_file);
    return ST_OK;
}

Status waiver_apply(Db *history, int64_t run_no, int64_t *ret_changes, Err *err) {
    const DbParam params[] = {DB_INT(":run_no", run_no), DB_END};
    TRY(db_run(history, sql_merge_waiver_match, params, err));
    TRY(db_run(history, sql_merge_waiver_differ, params, err));
    TRY(db_get_int(history, sql_merge_waiver_changes, params, ret_changes, err));
    return *ret_changes == 0 ? ST_OK : db_run(history, sql_merge_waiver_apply, params, err);
}
