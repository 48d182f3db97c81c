/* Shard: the SQLite file that one worker fills with what it read (sql/shard/create.sql). Scratch
 * until it is finished, then gzipped and put into the store whole. */
#ifndef WAREHOUSE_SHARD_H
#define WAREHOUSE_SHARD_H

#include "aws/config.h"
#include "base/err.h"
#include "store/store.h"

#include <stdint.h>

enum { SHARD_APPLICATION_ID = 0x63667368 /* cfsh */, SHARD_SCHEMA_VERSION = 1 };

typedef struct Shard Shard;

typedef struct ShardOptions {
    const char *group_id;
    const char *shard_id;
    const char *date;
} ShardOptions;

/* A new file at `path`, which must not exist. */
Status shard_open(const char *path, const ShardOptions *options, Shard **ret_shard,
                  Err *err) WARN_UNUSED;
void shard_close(Shard *shard); /* what was not finished is of no use */
void shard_close_at(Shard **shard);

typedef enum ScopeOutcome { SCOPE_SCANNED, SCOPE_DENIED, SCOPE_FAILED, SCOPE_SKIPPED } ScopeOutcome;
const char *scope_outcome_name(ScopeOutcome outcome);

/* Scopes are begun, filled while their answers come, and ended with their outcome. Keys are the
 * shard's own. */
Status shard_begin_scope(Shard *shard, const char *account_id, const char *account_name,
                         const char *region, int64_t *ret_scope, Err *err) WARN_UNUSED;
typedef struct ShardScopeEnd {
    ScopeOutcome outcome;
    const char *recorder;   /* "on", "stopped", "none"; NULL = not known */
    const char *error_code; /* NULL when scanned */
    const char *message;    /* NULL when scanned */
} ShardScopeEnd;
/* A scope that was not scanned loses what was read of it: half a scope is none. */
Status shard_end_scope(Shard *shard, int64_t scope, const ShardScopeEnd *end, Err *err) WARN_UNUSED;

/* As if it had never been begun: nobody knows of it what this run did not ask to the end. */
Status shard_forget_scope(Shard *shard, int64_t scope, Err *err) WARN_UNUSED;

Status shard_put_rule(Shard *shard, int64_t scope, const ConfigRule *rule, int64_t *ret_rule,
                      Err *err) WARN_UNUSED;
/* The rule told nothing (failure NULL: insufficient data) or could not be read: whatever pages of
 * it were stored are removed. */
Status shard_end_rule(Shard *shard, int64_t rule, const Err *failure, Err *err) WARN_UNUSED;
Status shard_put_tag(Shard *shard, int64_t rule, const ConfigTag *tag, Err *err) WARN_UNUSED;
/* The same resource told twice by a rule counts as a duplicate; the last one stays. */
Status shard_put_evaluation(Shard *shard, int64_t scope, int64_t rule,
                            const ConfigEvaluation *evaluation, Err *err) WARN_UNUSED;

typedef struct ShardTotals {
    int64_t scopes;
    int64_t scanned;
    int64_t denied;
    int64_t failed;
    int64_t skipped;
    int64_t rules;
    int64_t rules_failed;
    int64_t evaluations;
} ShardTotals;
Status shard_totals(Shard *shard, ShardTotals *ret_totals, Err *err) WARN_UNUSED;

/* Commits, closes, gzips and puts it at batches/<group_id>/<shard_id>.db.gz. Closes the shard in
 * any case. */
Status shard_publish(Shard *shard, Store *store, ShardTotals *ret_totals, Err *err) WARN_UNUSED;

#endif
