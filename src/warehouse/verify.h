/* Verify: whether the store holds the history that was published, and whether that history says
 * what it must. The newest copy is checked as a file (size, SHA-256) and as a database (its kind,
 * SQLite's own checks, no row of a shard lost, rollups equal to the intervals); each copy it was
 * built upon is checked against its SHA-256, or is listed as removed. */
#ifndef WAREHOUSE_VERIFY_H
#define WAREHOUSE_VERIFY_H

#include "base/err.h"
#include "base/file.h"
#include "store/store.h"

#include <stdint.h>

typedef enum VerifyState {
    VERIFY_OK,
    VERIFY_REMOVED, /* a copy that is no longer there: no failure */
    VERIFY_NOTE,    /* worth knowing: no failure */
    VERIFY_FAILED,
} VerifyState;

const char *verify_state_name(VerifyState state);

typedef struct VerifyCheck {
    const char *check;   /* what was looked at: "sha256", "rollups", … */
    const char *subject; /* the key of an object, or a run */
    VerifyState state;
    const char *detail;
} VerifyCheck;

typedef Status VerifyEach(void *context, const VerifyCheck *check, Err *err);

typedef struct VerifyOptions {
    Store *store;
    const TempDir *scratch;
    const bool *cancelled; /* may be NULL */
    VerifyEach *each;      /* gets every check as it is done; texts live during the call */
    void *context;
} VerifyOptions;

typedef struct VerifyResult {
    int64_t checks;
    int64_t failed;
    int64_t removed;
} VerifyResult;

/* ST_NOTHING when there is no history. A check that fails is no error of this function; what keeps
 * it from looking (network, disk, latest.json that cannot be understood) is. */
Status verify_history(const VerifyOptions *options, VerifyResult *ret_result, Err *err) WARN_UNUSED;

#endif
