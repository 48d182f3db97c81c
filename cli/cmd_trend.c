/* How compliance moved from run to run: drawn for people, a table for everything else. */
#include "app/lookup.h"
#include "app/run.h"
#include "chart.h"
#include "cli.h"
#include "output.h"
#include "warehouse/query.h"

/* Those that are set; ends with DB_END. */
static void find_params(const Cli *cli, const LookupRun *run, DbParam *ret_params) {
    const Settings *settings = &cli->settings;
    const DbParam all[] = {
        DB_TEXT("group_id", run->group_id),
        DB_TEXT("since", settings_text(settings, SETTING_SINCE)),
        DB_TEXT("environment", settings_text(settings, SETTING_ENVIRONMENT)),
        DB_TEXT("account", settings_text(settings, SETTING_ACCOUNT)),
        DB_TEXT("owner", run_owner(settings)),
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].value.text != NULL) {
            *ret_params++ = all[i];
        }
    }
    *ret_params = DB_END;
}

static Cell cell_named(Stmt *stmt, const char *name) {
    return stmt_cell(stmt, stmt_column_at(stmt, name));
}

static Status load_chart(Stmt *stmt, Chart *chart, Err *err) {
    for (;;) {
        bool row = false;
        TRY(stmt_step(stmt, &row, err));
        if (!row) {
            return ST_OK;
        }
        const Cell ratios[CHART_LINES] = {cell_named(stmt, "prod_ratio"),
                                          cell_named(stmt, "nonprod_ratio"),
                                          cell_named(stmt, "unclassified_ratio")};
        chart_add_run(chart, lookup_text(stmt, "group_id"), ratios);
    }
}

Status cmd_trend(Cli *cli, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    Db *history = NULL;
    LookupRun run;
    QueryInfo info;
    DbParam params[8];
    TRY(app_history(&cli->app, &history, err));
    TRY(lookup_run(history, settings_text(&cli->settings, SETTING_RUN), &run, err));
    find_params(cli, &run, params);
    TRY(query_find("sheet_trend", &info, err));
    TRY(query_prepare(history, &info, params, &stmt, err));
    if (output_format(cli) != TABLE_TEXT) {
        bool cut = false;
        return output_rows(cli, stmt, 0, &cut, err);
    }
    OWN(chart_done)
    Chart chart = {
        .green_from = settings_ratio(&cli->settings, SETTING_GREEN_FROM),
        .yellow_from = settings_ratio(&cli->settings, SETTING_YELLOW_FROM),
    };
    TRY(load_chart(stmt, &chart, err));
    if (chart_is_empty(&chart)) {
        return err_set(err, ST_NOTHING,
                       "there is nothing to draw: no run has a ratio of what is "
                       "asked for");
    }
    OWN(buf_done) Buf drawing = {0};
    chart_draw(&chart, output_width(), output_has_color(), &drawing);
    return output_text(buf_text(&drawing), err);
}
