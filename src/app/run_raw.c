/* The rows of a run as a CSV file of the store. Merge writes it, after the history is published: an
 * event for an object below raw/ tells that the history has that run, and a reporter that such an
 * event wakes writes nothing there, so that it never wakes itself. */
#include "app/export.h"
#include "app/run_steps.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/digest.h"
#include "store/layout.h"

/* A merge that ends later exports again: so many others may publish meanwhile. */
enum { RAW_TRIES = 10 };

/* Whether the store holds just these bytes. Where it has to fetch them to know, the file at `path`
 * is gone afterwards: a function's /tmp has room for one of the two. */
static Status is_stored(Store *store, const char *key, const char *path, bool *ret_is, Err *err) {
    char wanted[SHA256_HEX_SIZE];
    char there[SHA256_HEX_SIZE];
    int64_t wanted_bytes = 0;
    int64_t bytes = 0;
    StoreObject object;
    *ret_is = false;
    TRY(digest_file_sha256_hex(path, wanted, &wanted_bytes, err));
    Status status = store_head(store, key, &object, err);
    if (status == ST_NOT_FOUND || (status == ST_OK && object.bytes != wanted_bytes)) {
        return ST_OK;
    }
    TRY(status);
    TRY(file_remove(path, err));
    status = store_get_file(store, key, path, NULL, err);
    if (status == ST_NOT_FOUND || status == ST_CORRUPT) {
        return ST_OK;
    }
    TRY(status);
    TRY(digest_file_sha256_hex(path, there, &bytes, err));
    *ret_is = str_equal(wanted, there);
    return file_remove(path, err);
}

static Status export_run(App *app, const char *group_id, const char *path, Err *err) {
    Db *history = NULL;
    int64_t rows = 0;
    TRY(app_history(app, &history, err));
    TRY(file_remove(path, err));
    return export_to_file(history, group_id, EXPORT_CSV, path, &rows, err);
}

static Status put_rows(App *app, Store *store, const MergeResult *merged, const char *path,
                       Err *err) {
    const LayoutRun run = {merged->group_id, merged->date};
    bool is_there = false;
    LayoutKey key;
    TRY(layout_raw(&run, &key, err));
    TRY(export_run(app, merged->group_id, path, err));
    if (!merged->published) {
        TRY(is_stored(store, key.text, path, &is_there, err));
        if (!is_there && !file_exists(path)) {
            TRY(export_run(app, merged->group_id, path, err));
        }
    }
    if (is_there) {
        return ST_OK;
    }
    const StorePut put = {.key = key.text, .path = path, .content_type = "text/csv; charset=utf-8"};
    if (!merged->published) {
        log_message(LOG_WARN, "%s was missing or out of date, and is written again", key.text);
    }
    return store_put(store, &put, NULL, err);
}

/* Of two merges of one run, the one that publishes first may export last: whoever finds a newer
 * history after the put exports from that one. */
Status run_put_raw(App *app, const MergeResult *merged, Err *err) {
    const TempDir *scratch = NULL;
    Store *store = NULL;
    HistoryLatest latest;
    TRY(app_store(app, &store, err));
    TRY(app_scratch(app, &scratch, err));
    OWN(mem_free_at) char *path = temp_dir_path(scratch, "evaluations.csv");
    for (int tries = 0; tries < RAW_TRIES; tries++) {
        TRY(put_rows(app, store, merged, path, err));
        TRY(history_latest(store, &latest, err));
        if (str_equal(latest.newest.sha256, app_history_sha256(app))) {
            break;
        }
        app_forget_history(app);
    }
    return file_remove(path, err);
}
