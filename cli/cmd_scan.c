#include "app/event.h"
#include "app/run.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "cli.h"
#include "output.h"

static Status show(const Cli *cli, const RunScan *scan, Err *err) {
    const ShardTotals *totals = &scan->totals;
    const OutputField fields[] = {
        FIELD_TEXT("group_id", scan->group_id),
        FIELD_TEXT("shard_id", scan->shard_id),
        FIELD_INT("scopes", totals->scopes),
        FIELD_INT("scopes_scanned", totals->scanned),
        FIELD_INT("scopes_denied", totals->denied),
        FIELD_INT("scopes_failed", totals->failed),
        FIELD_INT("scopes_skipped", totals->skipped),
        FIELD_INT("scopes_kept", scan->scopes_kept),
        FIELD_INT("scopes_left", scan->scopes_left),
        FIELD_INT("rules", totals->rules),
        FIELD_INT("rules_failed", totals->rules_failed),
        FIELD_INT("evaluations", totals->evaluations),
        FIELD_END,
    };
    gaps_log(&scan->gaps);
    TRY(output_record(cli, fields, err));
    return run_check_scan(&cli->app, scan, err);
}

Status cmd_scan(Cli *cli, Err *err) {
    OWN(event_done) Event event = {0};
    RunScan scan;
    const char *path = settings_text(&cli->settings, SETTING_EVENT);
    if (path == NULL) {
        TRY(run_scan(&cli->app, NULL, &scan, err));
        return show(cli, &scan, err);
    }
    TRY(event_read(path, &event, err));
    if (event.mode != EVENT_BATCH) {
        err_set(err, ST_INPUT, "the event %s is one of mode %s", path, event_mode_name(event.mode));
        return err_hint(err, "'confhouse invoke %s' does what it says", path);
    }
    TRY(event_apply(&event, &cli->settings, err));
    TRY(run_scan(&cli->app, &event, &scan, err));
    return show(cli, &scan, err);
}
