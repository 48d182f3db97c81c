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
        FIELD_INT("scopes_left", scan->left.total),
        FIELD_INT("rules", totals->rules),
        FIELD_INT("rules_failed", totals->rules_failed),
        FIELD_INT("evaluations", totals->evaluations),
        FIELD_END,
    };
    TRY(output_record(cli, fields, err));
    return run_check_scan(&cli->app, scan, err);
}

static Status scan_and_show(Cli *cli, const Event *event, Err *err) {
    RunScan scan;
    Status status = run_scan(&cli->app, event, &scan, err);
    gaps_log(&scan.gaps); /* also where there was no time for anything */
    return status == ST_OK ? show(cli, &scan, err) : status;
}

Status cmd_scan(Cli *cli, Err *err) {
    OWN(event_done) Event event = {0};
    const char *path = settings_text(&cli->settings, SETTING_EVENT);
    if (path == NULL) {
        return scan_and_show(cli, NULL, err);
    }
    TRY(event_read(path, &event_defaults, &event, err));
    if (event.mode != EVENT_BATCH) {
        err_set(err, ST_EVENT, "the event %s is one of mode %s", path, event_mode_name(event.mode));
        return err_hint(err, "'confhouse invoke %s' does what it says", path);
    }
    TRY(event_apply(&event, cli->app.settings, err));
    return scan_and_show(cli, &event, err);
}
