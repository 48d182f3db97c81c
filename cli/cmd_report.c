#include "app/run.h"
#include "cli.h"
#include "merge_fields.h"
#include "output.h"

Status cmd_report(Cli *cli, Err *err) {
    RunReport report;
    TRY(run_report_asked(&cli->app, &report, err));
    OutputField fields[OUTPUT_MAX_FIELDS] = {
        FIELD_TEXT("group_id", report.result.group_id),
        FIELD_TEXT("date", report.result.date),
    };
    fields[report_fields(&report, fields, 2)] = FIELD_END;
    TRY(output_record(cli, fields, err));
    return run_check_report(&report, err);
}
