/* Shard: the SQLite file that one worker fills with what it read (sql/shard/create.sql). Scratch:
 * copies of it go into the store (warehouse/shard_store.h). */
#ifndef WAREHOUSE_SHARD_H
#define WAREHOUSE_SHARD_H

#include "aws/config.h"
#include "base/arena.h"
#include "base/err.h"
#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

enum { SHARD_APPLICATION_ID = 0x63667368 /* cfsh */, SHARD_SCHEMA_VERSION = 3 };

typedef struct Shard Shard;

typedef struct ShardOptions {
    const char *group_id;
    const char *shard_id;
    const char *date;
} ShardOptions;

/* A new file at `path`, which must not exist. */
Status shard_open(const char *path, const ShardOptions *options, Shard **ret_shard,
                  Err *err) WARN_UNUSED;
/* Takes up the file at `path`, written by shard_write_copy: what was scanned stays; everything
 * else, and scopes with a rule that may be read now (shard_may_reread), is to be asked again.
 * ST_CORRUPT or ST_NEWER when it is not just that shard. */
Status shard_reopen(const char *path, const ShardOptions *options, Shard **ret_shard,
                    Err *err) WARN_UNUSED;
void shard_close(Shard *shard);
void shard_close_at(Shard **shard);

const char *shard_group_id(const Shard *shard);
const char *shard_id(const Shard *shard);
const char *shard_path(const Shard *shard);

/* A shard file of its own at `path`, with those scopes that have ended. The shard goes on, even
 * when there is no room for the copy. */
Status shard_write_copy(Shard *shard, const char *path, Err *err) WARN_UNUSED;

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
/* Whether the shard tells of the scope, begun ones among them. */
Status shard_has_scope(Shard *shard, const char *account_id, const char *region, bool *ret_has,
                       Err *err) WARN_UNUSED;

/* As if it had never been begun: nobody knows of it what this run did not ask to the end. */
Status shard_forget_scope(Shard *shard, int64_t scope, Err *err) WARN_UNUSED;

Status shard_put_rule(Shard *shard, int64_t scope, const ConfigRule *rule, int64_t *ret_rule,
                      Err *err) WARN_UNUSED;
/* The rule told nothing (failure NULL: insufficient data) or could not be read: whatever pages of
 * it were stored are removed. Its error code is AWS's, else the word of its status. */
Status shard_end_rule(Shard *shard, int64_t rule, const Err *failure, Err *err) WARN_UNUSED;
/* Whether a rule that failed with this code may be read by asking again: not so where it was
 * denied, as rules of other services are, or is gone. */
bool shard_may_reread(const char *error_code);
Status shard_put_tag(Shard *shard, int64_t rule, const ConfigTag *tag, Err *err) WARN_UNUSED;
/* The same resource told twice by a rule counts as a duplicate; the last one stays. */
Status shard_put_evaluation(Shard *shard, int64_t scope, int64_t rule,
                            const ConfigEvaluation *evaluation, Err *err) WARN_UNUSED;

/* All evaluations of the scope are there: those of its resources that are not compliant are the
 * ones whose tags are wanted. */
Status shard_begin_resource_tags(Shard *shard, int64_t scope, Err *err) WARN_UNUSED;
/* Those whose tags have not been read: the next ones after the key `after`, in the order of keys.
 * Texts are put into the arena. */
typedef struct ShardResource {
    int64_t key;
    const char *type;
    const char *id;
} ShardResource;
Status shard_next_untagged(Shard *shard, int64_t scope, int64_t after, Arena *arena,
                           ShardResource *ret_resources, size_t max_count, size_t *ret_count,
                           Err *err) WARN_UNUSED;
/* The one of them that has this ARN, as far as ids tell; key 0 = none. */
Status shard_find_by_arn(Shard *shard, int64_t scope, const char *arn, int64_t *ret_key,
                         Err *err) WARN_UNUSED;
Status shard_put_resource_tag(Shard *shard, int64_t resource, const ConfigTag *tag,
                              Err *err) WARN_UNUSED;
/* All tags of those of the scope's resources are there that have a key above `after`, up to
 * `up_to`.
 */
typedef struct ShardResources {
    int64_t scope;
    int64_t after;
    int64_t up_to;
} ShardResources;
Status shard_end_resource_tags(Shard *shard, const ShardResources *resources, Err *err) WARN_UNUSED;

typedef struct ShardTotals {
    int64_t scopes;
    int64_t scanned;
    int64_t denied;
    int64_t failed;
    int64_t skipped;
    int64_t rules;
    int64_t rules_failed;
    int64_t evaluations;
    char regions_off[512]; /* those that no account of the shard has on, with commas */
} ShardTotals;
Status shard_totals(Shard *shard, ShardTotals *ret_totals, Err *err) WARN_UNUSED;
/* Rows as in queries/gaps.sql. */
Status shard_prepare_gaps(Shard *shard, Stmt **ret_stmt, Err *err) WARN_UNUSED;

#endif
