#include "base/log.h"
#include "base/str.h"
#include "base/suggest.h"
#include "cli.h"
#include "output.h"
#include "warehouse/history.h"
#include "warehouse/prune.h"
#include "warehouse/verify.h"

static Cell text_cell(const char *text) {
    return (Cell){.type = text == NULL ? CELL_NULL : CELL_TEXT, .text = text};
}

static Cell int_cell(int64_t number) {
    return (Cell){.type = CELL_INT, .integer = number};
}

static Status say_there_is_none(const Cli *cli, Err *err) {
    err_set(err, ST_NOTHING, "there is no history in %s",
            settings_text(&cli->settings, SETTING_STORE));
    return err_hint(err, "'confhouse run' makes one; --store names another place");
}

/* ---- list ---- */

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
    const Cell cells[] = {
        text_cell(key),
        int_cell(bytes),
        text_cell(is_newest     ? "newest"
                  : is_previous ? "previous"
                                : NULL),
        text_cell(ref == NULL ? NULL : ref->sha256),
    };
    table_row(listing->table, cells);
    listing->count++;
    return ST_OK;
}

static Status list_history(Cli *cli, Store *store, Err *err) {
    const char *const columns[] = {"key", "bytes", "state", "sha256"};
    HistoryLatest latest = {0};
    TRY(history_latest(store, &latest, err));
    OWN(table_free_at) Table *table = table_new(stdout, output_format(cli), 4, columns);
    Listing listing = {.table = table, .latest = &latest};
    TRY(store_list(store, LAYOUT_HISTORY, list_copy, &listing, err));
    return listing.count == 0 ? say_there_is_none(cli, err) : table_finish(table, err);
}

/* ---- verify ---- */

static Status show_check(void *context, const VerifyCheck *check, Err *err) {
    const Cell cells[] = {text_cell(check->check), text_cell(check->subject),
                          text_cell(verify_state_name(check->state)), text_cell(check->detail)};
    (void)err;
    table_row(context, cells);
    return ST_OK;
}

static Status verify(Cli *cli, Store *store, Err *err) {
    const char *const columns[] = {"check", "subject", "state", "detail"};
    const TempDir *scratch = NULL;
    VerifyResult result;
    TRY(app_scratch(&cli->app, &scratch, err));
    OWN(table_free_at) Table *table = table_new(stdout, output_format(cli), 4, columns);
    const VerifyOptions options = {.store = store,
                                   .scratch = scratch,
                                   .cancelled = &cli->app.cancelled,
                                   .each = show_check,
                                   .context = table};
    Status status = verify_history(&options, &result, err);
    if (status == ST_NOTHING) {
        return say_there_is_none(cli, err);
    }
    TRY(status);
    TRY(table_finish(table, err));
    if (result.failed > 0) {
        err_set(err, ST_CORRUPT, "%lld of %lld checks of the history failed",
                (long long)result.failed, (long long)result.checks);
        return err_hint(err, "the dated copies that are ok are listed: latest.json can name one of "
                             "them, and later runs be merged again");
    }
    log_message(LOG_INFO, "the history is sound: %lld checks, %lld copies were removed since",
                (long long)result.checks, (long long)result.removed);
    return ST_OK;
}

/* ---- prune ---- */

static Status show_copy(void *context, const PruneCopy *copy, Err *err) {
    const Cell cells[] = {
        text_cell(copy->key), int_cell(copy->bytes), {.type = CELL_NULL}, text_cell(copy->fate)};
    (void)err;
    table_row(context, cells);
    return ST_OK;
}

static void show_states(Table *table, const PruneResult *result) {
    const Cell cells[] = {text_cell("states that had ended"),
                          {.type = CELL_NULL},
                          int_cell(result->states),
                          text_cell(result->published ? "removed" : "would go")};
    table_row(table, cells);
    log_message(LOG_INFO, "%s the run %s on, the history %s whole; earlier runs keep their counts",
                result->published ? "from" : "then, from", result->whole_from,
                result->published ? "is" : "would be");
}

static Status check_prune(const PruneOptions *options, Err *err) {
    if (options->keep_dated == 0 && options->max_age_days == 0) {
        err_set(err, ST_USAGE, "prune needs --keep-dated or --max-age");
        return err_hint(err, "'confhouse help history' tells what they remove");
    }
    return ST_OK;
}

static Status prune(Cli *cli, Store *store, Err *err) {
    const char *const columns[] = {"what", "bytes", "states", "fate"};
    const char *max_age = settings_text(&cli->settings, SETTING_MAX_AGE);
    PruneOptions options = {.store = store,
                            .keep_dated = settings_int(&cli->settings, SETTING_KEEP_DATED),
                            .really = settings_flag(&cli->settings, SETTING_YES),
                            .cancelled = &cli->app.cancelled,
                            .each = show_copy};
    PruneResult result;
    if (max_age != NULL) {
        ASSERT(setting_parse_age(max_age, &options.max_age_days));
    }
    TRY(check_prune(&options, err));
    TRY(app_scratch(&cli->app, &options.scratch, err));
    OWN(table_free_at) Table *table = table_new(stdout, output_format(cli), 4, columns);
    options.context = table;
    Status status = prune_history(&options, &result, err);
    if (status == ST_NOTHING) {
        return say_there_is_none(cli, err);
    }
    TRY(status);
    if (result.whole_from[0] != '\0') {
        show_states(table, &result);
    }
    log_message(LOG_INFO, "%lld copies of %lld bytes %s%s", (long long)result.copies,
                (long long)result.bytes, options.really ? "removed" : "would go",
                options.really ? "" : ": --yes does it");
    return table_finish(table, err);
}

Status cmd_history(Cli *cli, Err *err) {
    static const struct {
        const char *name;
        Status (*run)(Cli *cli, Store *store, Err *err);
    } actions[] = {{"list", list_history}, {"verify", verify}, {"prune", prune}};
    const char *name = cli->operand_count == 0 ? "list" : cli->operands[0];
    Suggestion suggestion;
    Store *store = NULL;
    suggest_begin(&suggestion, name);
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (str_equal(name, actions[i].name)) {
            TRY(app_store_to_read(&cli->app, &store, err));
            return actions[i].run(cli, store, err);
        }
        suggest_offer(&suggestion, actions[i].name);
    }
    err_set(err, ST_USAGE, "history has no action '%.60s'", name);
    return err_hint(err, "did you mean '%s'? There are list, verify and prune",
                    suggestion.best == NULL ? "list" : suggestion.best);
}
