#include "app/gaps.h"
#include "app/lookup.h"
#include "base/log.h"
#include "cli.h"
#include "output.h"
#include "warehouse/query.h"

/* What was not read in the later run looks unchanged: say so. */
static Status warn_of_gaps(Db *history, const char *group_id, Err *err) {
    Gaps gaps;
    TRY(gaps_of_run(history, group_id, &gaps, err));
    if (gaps.total > 0) {
        log_message(LOG_WARN,
                    "%lld scopes, rules or shards of %s could not be read: what changed there "
                    "is not known ('confhouse query gaps -p group_id=%s')",
                    (long long)gaps.total, group_id, group_id);
    }
    return ST_OK;
}

static Status find_pair(const Cli *cli, Db *history, LookupRun *from, LookupRun *to, Err *err) {
    TRY(lookup_run(history, cli->operand_count > 1 ? cli->operands[1] : NULL, to, err));
    if (cli->operand_count > 0) {
        return lookup_run(history, cli->operands[0], from, err);
    }
    if (to->previous_group_id[0] == '\0') {
        err_set(err, ST_NOTHING, "there is no run before %s to compare with", to->group_id);
        return err_hint(err, "'confhouse query runs' lists the runs there are");
    }
    return lookup_run(history, to->previous_group_id, from, err);
}

Status cmd_diff(Cli *cli, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    Db *history = NULL;
    LookupRun from;
    LookupRun to;
    QueryInfo info;
    bool cut = false;
    TRY(app_history(&cli->app, &history, err));
    TRY(find_pair(cli, history, &from, &to, err));
    const DbParam params[] = {DB_TEXT("from", from.group_id), DB_TEXT("to", to.group_id), DB_END};
    TRY(warn_of_gaps(history, to.group_id, err));
    TRY(query_find("diff", &info, err));
    TRY(query_prepare(history, &info, params, &stmt, err));
    return output_rows(cli, stmt, 0, &cut, err);
}
