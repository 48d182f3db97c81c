/* Prune: gives room back. Dated copies of the history beyond the newest ones are removed from the
 * store, and states that ended long ago from the history itself, which is then published like that
 * of a merge. Never removed: the newest copy, the one before it as latest.json names it, and copies
 * that the newest was not built upon (another merge may just be publishing one). */
#ifndef WAREHOUSE_PRUNE_H
#define WAREHOUSE_PRUNE_H

#include "base/err.h"
#include "base/file.h"
#include "store/store.h"
#include "warehouse/history.h"

#include <stdint.h>

/* A dated copy. */
typedef struct PruneCopy {
    const char *key;
    int64_t bytes;
    const char *fate; /* "newest", "previous", "kept", "would go", "removed" */
} PruneCopy;

typedef Status PruneEach(void *context, const PruneCopy *copy, Err *err);

typedef struct PruneOptions {
    Store *store;
    const TempDir *scratch;
    int64_t keep_dated;    /* so many of the newest copies stay; 0 = all */
    int64_t max_age_days;  /* older states go, counted from the newest run; 0 = none */
    bool really;           /* false: only tells what would go */
    const bool *cancelled; /* may be NULL */
    PruneEach *each;       /* gets each copy that is there, the newest first */
    void *context;
} PruneOptions;

typedef struct PruneResult {
    int64_t copies;      /* that go, or would */
    int64_t bytes;       /* of these */
    int64_t states;      /* that go, or would */
    char whole_from[65]; /* the first run of which all is known then; "" when no state goes */
    bool published;
    HistoryRef history; /* that was published */
} PruneResult;

/* ST_NOTHING when there is no history. ST_CONFLICT: somebody published meanwhile; nothing has been
 * removed. */
Status prune_history(const PruneOptions *options, PruneResult *ret_result, Err *err) WARN_UNUSED;

#endif
