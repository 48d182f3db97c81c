#include "aws/late.h"

#include "base/clock.h"

/* Whether `flag` has been true for so long. A signal may set it. */
static bool has_been_true(const bool *flag, int64_t *since_ms, int64_t for_ms) {
    if (flag == NULL || !*(const volatile bool *)flag) {
        *since_ms = 0;
        return false;
    }
    int64_t now_ms = clock_monotonic_ms();
    if (*since_ms == 0) {
        *since_ms = now_ms;
    }
    return now_ms - *since_ms >= for_ms;
}

Status late_check(Late *late, int64_t delay_ms, int64_t grace_ms, Err *err) {
    bool cancelled = has_been_true(late->cancelled, &late->cancelled_at_ms, grace_ms);
    bool ended = has_been_true(late->ending, &late->ending_at_ms, LATE_ENDING_MS);
    if (cancelled || ended) {
        return err_set(err, ST_CANCELLED, "cancelled");
    }
    if (late->deadline_ms != 0 && clock_now_ms() + delay_ms >= late->deadline_ms) {
        return err_set(err, ST_DEADLINE, "the deadline has come");
    }
    return ST_OK;
}
