/* Retries: how long to wait before trying again, and when to stop trying.
 *
 * Delays are those of the AWS SDKs' standard mode: random(0,1) x min(2^i s, 20 s). A quota of
 * tokens, shared by all calls of a client, keeps a broken service from being hammered: each
 * transient retry takes tokens, each success gives one back. Throttling takes none: it is met by
 * slowing down, with patience until the deadline. */
#ifndef HTTP_RETRY_H
#define HTTP_RETRY_H

#include "base/err.h"

#include <stdint.h>

typedef struct RetryQuota {
    int tokens;
} RetryQuota;

/* An answer that makes no sense seldom makes more of it the next time: it gets fewer retries. */
enum { RETRY_QUOTA_TOKENS = 500, RETRY_COST = 5, RETRY_MAX_TRANSIENT = 8, RETRY_MAX_PROTOCOL = 3 };

typedef struct RetryState {
    int transient; /* attempts that broke */
    int throttled; /* attempts that were throttled */
    int renewed;   /* times the credentials were renewed */
} RetryState;

void retry_quota_init(RetryQuota *quota);
void retry_quota_success(RetryQuota *quota);

/* Whether to try again after `failed`, and after how many milliseconds. `random` is in [0, 1). */
bool retry_decide(RetryState *state, RetryQuota *quota, Status failed, double random,
                  int64_t *ret_delay_ms);

#endif
