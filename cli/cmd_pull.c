#include "base/file.h"
#include "base/mem.h"
#include "cli.h"
#include "output.h"
#include "warehouse/history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Beside its last place first: whoever reads there sees the old file or the checked new one. */
static Status pull_to(Store *store, const HistoryLatest *latest, const char *path, Err *err) {
    OWN(mem_free_at) char *temporary = mem_printf("%s.tmp-%ld", path, (long)getpid());
    Status status = history_fetch(store, latest, temporary, err);
    if (status == ST_OK) {
        status = file_sync(temporary, err);
    }
    if (status == ST_OK && rename(temporary, path) != 0) {
        status = err_set(err, ST_IO, "cannot write %s: %s", path, strerror(errno));
    }
    if (status != ST_OK) {
        unlink(temporary);
        return status;
    }
    return file_sync_parent(path, err);
}

Status cmd_pull(Cli *cli, Err *err) {
    Store *store = NULL;
    HistoryLatest latest = {0};
    TRY(app_store_to_read(&cli->app, &store, err));
    TRY(history_latest(store, &latest, err));
    if (!latest.exists) {
        TRY(history_check_not_lost(store, NULL, err));
        err_set(err, ST_NOTHING, "there is no history in %s",
                settings_text(&cli->settings, SETTING_STORE));
        return err_hint(err, "'confhouse run' makes one; --store names another place");
    }
    const char *slash = strrchr(latest.newest.key, '/');
    const char *path = settings_text(&cli->settings, SETTING_OUTPUT);
    if (path == NULL) {
        path = slash == NULL ? latest.newest.key : slash + 1;
    }
    TRY(pull_to(store, &latest, path, err));
    const OutputField fields[] = {
        FIELD_TEXT("file", path),
        FIELD_TEXT("group_id", latest.newest.group_id),
        FIELD_INT("bytes", latest.newest.bytes),
        FIELD_TEXT("sha256", latest.newest.sha256),
        FIELD_END,
    };
    return output_record(cli, fields, err);
}
