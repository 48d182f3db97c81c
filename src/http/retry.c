#include "http/retry.h"

enum { DELAY_MAX_MS = 20 * 1000, RENEW_MAX = 1 };

void retry_quota_init(RetryQuota *quota) {
    quota->tokens = RETRY_QUOTA_TOKENS;
}

void retry_quota_success(RetryQuota *quota) {
    if (quota->tokens < RETRY_QUOTA_TOKENS) {
        quota->tokens++;
    }
}

/* After the attempt number `attempt`, which begins with 1: a second at most, then two, then four.
 */
static int64_t delay_ms(int attempt, double random) {
    int64_t limit_ms = DELAY_MAX_MS;
    if (attempt <= 5) {
        limit_ms = (int64_t)1000 << (attempt - 1);
    }
    return (int64_t)(random * (double)(limit_ms < DELAY_MAX_MS ? limit_ms : DELAY_MAX_MS));
}

static int max_transient(Status failed) {
    return failed == ST_PROTOCOL || failed == ST_FOREIGN ? RETRY_MAX_PROTOCOL : RETRY_MAX_TRANSIENT;
}

bool retry_decide(RetryState *state, RetryQuota *quota, Status failed, double random,
                  int64_t *ret_delay_ms) {
    switch (status_retry(failed)) {
    case RETRY_THROTTLE:
        state->throttled++;
        *ret_delay_ms = delay_ms(state->throttled, random);
        return true;
    case RETRY_TRANSIENT:
        if (state->transient >= max_transient(failed) || quota->tokens < RETRY_COST) {
            return false;
        }
        state->transient++;
        quota->tokens -= RETRY_COST;
        *ret_delay_ms = delay_ms(state->transient, random);
        return true;
    case RETRY_RENEW:
        *ret_delay_ms = 0;
        return state->renewed++ < RENEW_MAX;
    case RETRY_NO:
        break;
    }
    return false;
}
