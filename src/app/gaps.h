/* Gaps: what was to be read and was not, with its reason. Skipped on purpose is no gap, nor is a
 * rule that stays as it is, however often it is asked: denied, or gone. */
#ifndef APP_GAPS_H
#define APP_GAPS_H

#include "base/err.h"
#include "db/db.h"
#include "warehouse/shard.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Gap {
    char account_id[13]; /* "" for a shard */
    char account_name[129];
    char region[33];
    char name[129];   /* of a shard or rule; "" for a scope */
    char outcome[16]; /* denied, failed, missing, left; refused for a shard */
    char error_code[129];
    char message[513];
} Gap;

enum { GAPS_SHOWN = 20 };

typedef struct Gaps {
    int64_t total;
    int64_t rules; /* of these */
    size_t count;  /* of `first` */
    Gap first[GAPS_SHOWN];
} Gaps;

/* Scopes, rules and refused shards of a run in a history. */
Status gaps_of_run(Db *history, const char *group_id, Gaps *ret_gaps, Err *err) WARN_UNUSED;

/* Scopes and rules of a shard. */
Status gaps_of_shard(Shard *shard, Gaps *ret_gaps, Err *err) WARN_UNUSED;

/* One that was not begun, or not read to the end. */
typedef struct GapScope {
    const char *account_id;
    const char *account_name;
    const char *region;
} GapScope;
void gaps_add_left(Gaps *gaps, const GapScope *scope, const char *why);

void gaps_append(Gaps *gaps, const Gaps *more);

/* A warning for each of the first ones, and where the others are listed. */
void gaps_log(const Gaps *gaps);

#endif
