#include "app/run.h"
#include "cli.h"
#include "merge_fields.h"
#include "output.h"

Status cmd_merge(Cli *cli, Err *err) {
    RunMerge merge;
    OutputField fields[OUTPUT_MAX_FIELDS] = {{0}};
    TRY(run_merge(&cli->app, &merge, err));
    fields[merge_fields(&merge, fields, 0)] = FIELD_END;
    gaps_log(&merge.gaps);
    TRY(output_record(cli, fields, err));
    return run_check_merge(&cli->app, &merge, err);
}
