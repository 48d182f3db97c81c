#include "app/export.h"
#include "app/lookup.h"
#include "base/log.h"
#include "cli.h"
#include "output.h"

#include <stdio.h>

static Status find_format(const Cli *cli, ExportFormat *ret_format, Err *err) {
    TableFormat format = output_format(cli);
    bool is_set = settings_source(&cli->settings, SETTING_FORMAT) == SOURCE_FLAG;
    if (is_set && format != TABLE_CSV && format != TABLE_JSON) {
        return err_set(err, ST_USAGE, "export has the formats csv and json");
    }
    *ret_format = format == TABLE_JSON ? EXPORT_JSON_LINES : EXPORT_CSV;
    return ST_OK;
}

Status cmd_export(Cli *cli, Err *err) {
    ExportFormat format = EXPORT_CSV;
    LookupRun run;
    Db *history = NULL;
    int64_t rows = 0;
    const char *output = settings_text(&cli->settings, SETTING_OUTPUT);
    TRY(find_format(cli, &format, err));
    TRY(app_history(&cli->app, &history, err));
    TRY(lookup_run(history, settings_text(&cli->settings, SETTING_RUN), &run, err));
    if (output == NULL) {
        return export_evaluations(history, run.group_id, format, stdout, &rows, err);
    }
    TRY(export_to_file(history, run.group_id, format, output, &rows, err));
    log_message(LOG_INFO, "wrote %lld evaluations of %s to %s", (long long)rows, run.group_id,
                output);
    return ST_OK;
}
