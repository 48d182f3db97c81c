#include "app/gaps.h"

#include "app/lookup.h"
#include "base/log.h"
#include "base/str.h"
#include "sql_text.h"

#include <string.h>

static void take_gap(Stmt *stmt, Gap *gap) {
    str_copy(gap->account_id, sizeof gap->account_id, lookup_text(stmt, "account_id"));
    str_copy(gap->account_name, sizeof gap->account_name, lookup_text(stmt, "account_name"));
    str_copy(gap->region, sizeof gap->region, lookup_text(stmt, "region"));
    str_copy(gap->name, sizeof gap->name, lookup_text(stmt, "name"));
    str_copy(gap->outcome, sizeof gap->outcome, lookup_text(stmt, "outcome"));
    str_copy(gap->error_code, sizeof gap->error_code, lookup_text(stmt, "error_code"));
    str_copy(gap->message, sizeof gap->message, lookup_text(stmt, "message"));
}

static Status read_rows(Stmt *stmt, Gaps *gaps, Err *err) {
    *gaps = (Gaps){0};
    for (;;) {
        bool row = false;
        TRY(stmt_step(stmt, &row, err));
        if (!row) {
            return ST_OK;
        }
        bool is_rule = str_equal(lookup_text(stmt, "what"), "rule");
        if (is_rule ? !shard_may_reread(lookup_text(stmt, "error_code"))
                    : str_equal(lookup_text(stmt, "outcome"), "skipped")) {
            continue;
        }
        gaps->total++;
        gaps->rules += is_rule;
        if (gaps->count < GAPS_SHOWN) {
            take_gap(stmt, &gaps->first[gaps->count++]);
        }
    }
}

Status gaps_of_run(Db *history, const char *group_id, Gaps *ret_gaps, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    TRY(lookup_prepare(history, "gaps", group_id, &stmt, err));
    return read_rows(stmt, ret_gaps, err);
}

Status gaps_of_shard(Shard *shard, Gaps *ret_gaps, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    TRY(shard_prepare_gaps(shard, &stmt, err));
    return read_rows(stmt, ret_gaps, err);
}

void gaps_add_left(Gaps *gaps, const GapScope *scope, const char *why) {
    gaps->total++;
    if (gaps->count == GAPS_SHOWN) {
        return;
    }
    Gap *gap = &gaps->first[gaps->count++];
    *gap = (Gap){.outcome = "left"};
    str_copy(gap->account_id, sizeof gap->account_id, scope->account_id);
    str_copy(gap->account_name, sizeof gap->account_name, scope->account_name);
    str_copy(gap->region, sizeof gap->region, scope->region);
    str_copy(gap->message, sizeof gap->message, why);
}

void gaps_append(Gaps *gaps, const Gaps *more) {
    gaps->total += more->total;
    gaps->rules += more->rules;
    for (size_t i = 0; i < more->count && gaps->count < GAPS_SHOWN; i++) {
        gaps->first[gaps->count++] = more->first[i];
    }
}

static void log_gap(const Gap *gap) {
    const char *what = gap->account_id[0] == '\0' ? "shard" : "rule";
    const LogField fields[] = {
        {"account", gap->account_id}, {"name", gap->account_name},
        {"region", gap->region},      {what, gap->name},
        {"code", gap->error_code},    {NULL, NULL},
    };
    log_fields(LOG_WARN, fields, "%s: %s", gap->outcome,
               gap->message[0] == '\0' ? "no reason is known" : gap->message);
}

void gaps_log(const Gaps *gaps) {
    for (size_t i = 0; i < gaps->count; i++) {
        log_gap(&gaps->first[i]);
    }
    if (gaps->total > (int64_t)gaps->count) {
        log_message(LOG_WARN, "… and %lld more; see 'confhouse query gaps', once they are merged",
                    (long long)(gaps->total - (int64_t)gaps->count));
    }
}
