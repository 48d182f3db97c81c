/* Late: until when calls may go on. Within the aws layer. */
#ifndef AWS_LATE_H
#define AWS_LATE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { LATE_ENDING_MS = 30 * 1000 };

typedef struct Late {
    int64_t deadline_ms;     /* wall clock; 0 = none */
    const bool *cancelled;   /* borrowed; may be NULL */
    const bool *ending;      /* borrowed; true: cancelled, LATE_ENDING_MS later. May be NULL */
    int64_t cancelled_at_ms; /* when each was first seen to be true; 0 = not yet */
    int64_t ending_at_ms;
} Late;

/* Whether it will be too late in `delay_ms`: ST_DEADLINE, or ST_CANCELLED when that has been so for
 * `grace_ms`. */
Status late_check(Late *late, int64_t delay_ms, int64_t grace_ms, Err *err) WARN_UNUSED;

#endif
