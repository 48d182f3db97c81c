#include "base/str.h"
#include "cli.h"
#include "output.h"
#include "warehouse/history.h"

typedef struct Listing {
    Table *table;
    const HistoryLatest *latest;
    int64_t count;
} Listing;

static Status list_copy(void *context, const char *key, int64_t bytes, Err *err) {
    Listing *listing = context;
    const HistoryLatest *latest = listing->latest;
    (void)err;
    if (!str_ends(key, ".db")) {
        return ST_OK;
    }
    bool is_newest = latest->exists && str_equal(key, latest->newest.key);
    bool is_previous = latest->has_previous && str_equal(key, latest->previous.key);
    const HistoryRef *ref = is_newest ? &latest->newest : is_previous ? &latest->previous : NULL;
    const char *state = is_newest ? "newest" : is_previous ? "previous" : NULL;
    const Cell cells[] = {
        {.type = CELL_TEXT, .text = key},
        {.type = CELL_INT, .integer = bytes},
        {.type = state == NULL ? CELL_NULL : CELL_TEXT, .text = state},
        {.type = ref == NULL ? CELL_NULL : CELL_TEXT, .text = ref == NULL ? NULL : ref->sha256},
    };
    table_row(listing->table, cells);
    listing->count++;
    return ST_OK;
}

Status cmd_history(Cli *cli, Err *err) {
    const char *const columns[] = {"key", "bytes", "state", "sha256"};
    Store *store = NULL;
    HistoryLatest latest = {0};
    TRY(app_store_to_read(&cli->app, &store, err));
    TRY(history_latest(store, &latest, err));
    OWN(table_free_at) Table *table = table_new(stdout, output_format(cli), 4, columns);
    Listing listing = {.table = table, .latest = &latest};
    TRY(store_list(store, "history/", list_copy, &listing, err));
    if (listing.count == 0) {
        err_set(err, ST_NOTHING, "there is no history in %s",
                settings_text(&cli->settings, SETTING_STORE));
        return err_hint(err, "'confhouse run' makes one; --store names another place");
    }
    return table_finish(table, err);
}
