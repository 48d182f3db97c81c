#include "app/run.h"
#include "cli.h"
#include "merge_fields.h"
#include "output.h"

Status cmd_run(Cli *cli, Err *err) {
    RunAll all;
    OutputField fields[OUTPUT_MAX_FIELDS] = {{0}};
    Status status = run_all(&cli->app, &all, err);
    /* Also where the report has failed, or it was cancelled. */
    gaps_log(all.merge.result.group_id[0] == '\0' ? &all.left : &all.merge.gaps);
    TRY(status);
    size_t count = merge_fields(&all.merge, fields, 0);
    if (all.report.location[0] != '\0') {
        count = report_fields(&all.report, fields, count);
    }
    fields[count] = FIELD_END;
    TRY(output_record(cli, fields, err));
    return run_check_all(&cli->app, &all.merge, &all.report, err);
}
