#include "aws/call.h"

#include "aws/attempt.h"
#include "aws/failure.h"
#include "aws/operations.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

enum {
    PATIENCE_MS = 15 * 60 * 1000, /* with throttling, where there is no deadline */
    TELL_AFTER_MS = 4000,
    TELL_EVERY_MS = 30000,
    FOREIGN_MAX_IN_A_ROW = 64, /* more than that are not an accident of a few connections */
    WAIT_STEP_MS = 250,        /* how soon a wait notices that it is cancelled */
    LATE_TIMEOUT_MS = 5000,    /* of what takes back, when it is too late for all else */
    WRITE_GRACE_MS = 30 * 1000 /* for what is being written when all is cancelled */
};

struct AwsCall {
    AwsCall *previous;
    AwsCall *next;
    Aws *aws;
    AwsRequest request;
    char account[13];
    char region[32];
    AwsDone *done;
    void *context;

    HttpCall *http_call; /* NULL between attempts */
    Arena arena;         /* the texts of the attempt that is under way */
    char key_used[129];  /* the access key of that attempt */
    RetryState retry;
    Err last; /* what the last attempt ended with; ST_OK before the first has ended */
    Pace *pace;
    PaceTurn turn; /* of this attempt */
    int64_t begun_ms;
    int64_t again_at_ms; /* when the next attempt begins */
    uint64_t number;     /* in the order in which they are started */
};

/* --- Beginning an attempt -------------------------------------------------------------------- */

static bool has_failed_before(const AwsCall *call) {
    return call->retry.transient > 0 || call->retry.throttled > 0;
}

/* Whether an attempt may begin `delay_ms` from now. */
static Status check_time(const AwsCall *call, int64_t delay_ms, Err *err) {
    if (call->request.is_cleanup && !has_failed_before(call)) {
        return ST_OK;
    }
    return late_check(&call->aws->late, delay_ms, 0, err);
}

Status call_refresh_keys(Aws *aws, Err *err) {
    const AwsKeys *valid = NULL;
    if (aws->credentials == NULL) {
        return ST_OK;
    }
    TRY(credentials_get(aws->credentials, &valid, err));
    if (!str_equal(valid->access_key_id, aws->keys.access_key_id) ||
        valid->expires_ms != aws->keys.expires_ms) {
        aws->keys = *valid;
    }
    return ST_OK;
}

/* Where something else answers every call, asking thousands of times more tells nothing. */
static Status check_foreign(const Aws *aws, Err *err) {
    if (aws->foreign_in_a_row < FOREIGN_MAX_IN_A_ROW) {
        return ST_OK;
    }
    (void)err_set(err, ST_FOREIGN, "not asked: the last %d answers did not come from AWS",
                  aws->foreign_in_a_row);
    str_copy(err->code, sizeof err->code, "NotAws");
    return err->status;
}

/* Called by the loop when there is room for this attempt: only now does the signature's time, and
 * with it the keys that are valid now, count. */
static Status on_ready(void *context, HttpRequest *http, Err *err) {
    AwsCall *call = context;
    const AwsKeys *keys = attempt_keys(call->aws, &call->request);
    TRY(check_time(call, 0, err));
    TRY(check_foreign(call->aws, err));
    if (keys == &call->aws->keys && !call->request.is_unsigned) {
        TRY(call_refresh_keys(call->aws, err));
    }
    arena_reset(&call->arena);
    TRY(attempt_prepare(call->aws, &call->request, &call->arena, http, err));
    str_copy(call->key_used, sizeof call->key_used, keys->access_key_id);
    call->aws->stats.attempts++;
    return ST_OK;
}

static void on_answer(void *context, const HttpAnswer *answer, const Err *failure);

/* What is taken back when it is too late already must not take long. */
static int64_t attempt_timeout(const AwsCall *call) {
    Err late = {0};
    int64_t timeout_ms = call->request.timeout_ms;
    if (late_check(&call->aws->late, 0, 0, &late) == ST_OK) {
        return timeout_ms;
    }
    return timeout_ms > 0 && timeout_ms < LATE_TIMEOUT_MS ? timeout_ms : LATE_TIMEOUT_MS;
}

static Status begin_attempt(AwsCall *call, Err *err) {
    const AwsRequest *request = &call->request;
    HttpRequest http = HTTP_REQUEST_NONE;
    http.method = request->method == NULL ? "POST" : request->method;
    http.body = request->body;
    http.body_size = request->body_size;
    http.body_fd = request->body_fd;
    http.body_offset = request->body_offset;
    http.sink_fd = request->sink_fd;
    http.sink_offset = request->sink_offset;
    http.sink_max_bytes = request->sink_max_bytes;
    http.max_answer_bytes = request->max_answer_bytes;
    http.timeout_ms = attempt_timeout(call);
    http.rank = request->target.rank;
    http.ready = on_ready;
    return http_start(call->aws->http, &http, on_answer, call, &call->http_call, err);
}

/* --- Its end --------------------------------------------------------------------------------- */

static void free_call(AwsCall *call) {
    if (call->previous != NULL) {
        call->previous->next = call->next;
    } else {
        call->aws->calls = call->next;
    }
    if (call->next != NULL) {
        call->next->previous = call->previous;
    }
    if (call->aws->calls == NULL) {
        http_after_cancel(call->aws->http, call->aws); /* there is nothing to watch any more */
    }
    pace_step_out(call->pace, &call->turn);
    pace_leave(call->aws->paces, call->pace);
    arena_done(&call->arena);
    mem_free(call);
}

static void end(AwsCall *call, const HttpAnswer *answer, const Err *failure) {
    AwsDone *done = call->done;
    void *context = call->context;
    free_call(call);
    done(context, failure == NULL ? answer : NULL, failure);
}

void call_drop(AwsCall *call) {
    ASSERT(call != NULL);
    if (call->http_call != NULL) {
        http_cancel(call->aws->http, call->http_call);
    }
    http_after_cancel(call->aws->http, call);
    if (call->request.drop != NULL) {
        call->request.drop(call->context);
    }
    free_call(call);
}

/* --- Between attempts ------------------------------------------------------------------------ */

/* 53 bits of xorshift64*, as a number in [0, 1). */
static double next_random(Aws *aws) {
    uint64_t x = aws->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    aws->random = x;
    return (double)((x * 0x2545f4914f6cdd1dULL) >> 11) / 9007199254740992.0;
}

static void wait_for_turn(AwsCall *call);

/* It is too late for another attempt: what AWS said last stays. */
static void end_late(AwsCall *call, const Err *late) {
    Err err = call->last;
    if (err.status == ST_OK) {
        err = *late;
        (void)failure_locate(&call->request, &err);
    } else {
        err.status = late->status;
        (void)err_wrap(&err, "%s, and the last answer was", late->message);
    }
    end(call, NULL, &err);
}

static void on_wait(void *context) {
    AwsCall *call = context;
    Err late = {0};
    if (check_time(call, 0, &late) == ST_OK) {
        wait_for_turn(call);
    } else {
        end_late(call, &late);
    }
}

/* Begins the attempt when its moment has come: not before `again_at_ms`, and in its turn. */
static void wait_for_turn(AwsCall *call) {
    int64_t now_ms = clock_monotonic_ms();
    int64_t left_ms = call->again_at_ms - now_ms;
    if (left_ms <= 0 && !call->turn.is_waiting) {
        pace_line_up(call->pace, &call->turn, call->retry.throttled > 0);
    }
    if (left_ms <= 0) {
        left_ms = pace_wait_ms(call->pace, &call->turn, now_ms);
    }
    if (left_ms > 0) {
        http_after(call->aws->http, left_ms < WAIT_STEP_MS ? left_ms : WAIT_STEP_MS, on_wait, call);
        return;
    }
    Err err = {0};
    pace_go(call->pace, &call->turn, now_ms);
    if (begin_attempt(call, &err) != ST_OK) {
        (void)failure_locate(&call->request, &err);
        end(call, NULL, &err);
    }
}

/* Whether there are other keys now than those that the answer called expired. */
static bool has_new_keys(const AwsCall *call) {
    const AwsKeys *keys = attempt_keys(call->aws, &call->request);
    if (keys == &call->aws->keys && call->aws->credentials != NULL) {
        return credentials_renew(call->aws->credentials, call->key_used);
    }
    return !str_equal(call->key_used, keys->access_key_id);
}

static void begin_after(AwsCall *call, int64_t delay_ms) {
    call->again_at_ms = clock_monotonic_ms() + delay_ms;
    http_after(call->aws->http, delay_ms < WAIT_STEP_MS ? delay_ms : WAIT_STEP_MS, on_wait, call);
}

/* Whether the failed attempt is followed by another one; if so, in how long. */
static bool goes_on(AwsCall *call, Status failed, int64_t *ret_delay_ms) {
    Aws *aws = call->aws;
    if (failed == ST_EXPIRED && (call->retry.renewed > 0 || !has_new_keys(call))) {
        return false;
    }
    if (!retry_decide(&call->retry, &aws->quota, failed, next_random(aws), ret_delay_ms)) {
        return false;
    }
    if (failed == ST_THROTTLED) { /* it waits its turn like all others there, and no longer */
        *ret_delay_ms = 0;
    }
    return aws->late.deadline_ms != 0 || clock_monotonic_ms() - call->begun_ms < PATIENCE_MS;
}

/* What was sent may have been carried out, though there was no answer that says so. */
static void note_broken(AwsCall *call) {
    if (call->request.ret_broken != NULL) {
        ++*call->request.ret_broken;
    }
}

static void count_failure(AwsCall *call, Status failed) {
    Aws *aws = call->aws;
    if (failed == ST_THROTTLED) {
        aws->stats.throttled++;
    } else if (status_retry(failed) == RETRY_TRANSIENT) {
        aws->stats.retried++;
        note_broken(call);
    }
}

/* Nobody shall wait in silence for what does not answer. */
static void tell_of_trouble(AwsCall *call, const Err *err) {
    int64_t now_ms = clock_monotonic_ms();
    int64_t tried_ms = now_ms - call->begun_ms;
    bool is_trouble = status_retry(err->status) == RETRY_TRANSIENT && tried_ms >= TELL_AFTER_MS;
    bool told = call->aws->told_ms != 0 && now_ms - call->aws->told_ms < TELL_EVERY_MS;
    if (is_trouble && !told) {
        call->aws->told_ms = now_ms;
        log_message(LOG_WARN, "tried for %lld s, and trying again: %s",
                    (long long)(tried_ms / 1000), err->message);
    }
}

static void try_again_or_end(AwsCall *call, const Err *err) {
    int64_t delay_ms = 0;
    Err late = {0};
    if (!goes_on(call, err->status, &delay_ms)) {
        end(call, NULL, err);
        return;
    }
    call->last = *err;
    if (check_time(call, delay_ms, &late) != ST_OK) {
        end_late(call, &late);
        return;
    }
    count_failure(call, err->status);
    tell_of_trouble(call, err);
    log_message(LOG_DEBUG, "again in %lld ms: %s", (long long)delay_ms, err->message);
    begin_after(call, delay_ms);
}

static Status parse_answer(AwsCall *call, const HttpAnswer *answer, Err *err) {
    Status status = call->request.parse(call->context, answer, err);
    if (status == ST_OK) {
        return ST_OK;
    }
    if (failure_is_page(answer)) {
        return failure_from_foreign(&call->request, answer, err);
    }
    err->status = status;
    err->http_status = answer->status;
    return failure_locate(&call->request, err);
}

static void on_answer(void *context, const HttpAnswer *answer, const Err *failure) {
    AwsCall *call = context;
    Err err = {0};
    Status status = ST_OK;
    call->http_call = NULL;
    if (failure == NULL && answer->was_sent_again) {
        note_broken(call);
    }
    if (failure != NULL) {
        err = *failure;
        status = failure_locate(&call->request, &err);
    } else if (answer->status < 200 || answer->status > 299) {
        status = failure_from_answer(&call->request, answer, &err);
    } else if (call->request.parse != NULL) {
        status = parse_answer(call, answer, &err);
    }
    if (failure == NULL) {
        Aws *aws = call->aws;
        aws->foreign_in_a_row = status == ST_FOREIGN ? aws->foreign_in_a_row + 1 : 0;
    }
    int64_t now_ms = clock_monotonic_ms();
    if (status == ST_THROTTLED) {
        pace_throttled(call->pace, &call->turn, now_ms);
    } else {
        pace_answered(call->pace, &call->turn, now_ms);
    }
    if (status == ST_OK) {
        retry_quota_success(&call->aws->quota);
        end(call, answer, NULL);
    } else {
        try_again_or_end(call, &err);
    }
}

/* --- When it is too late ---------------------------------------------------------------------- */

/* What changes something there: one wants to know whether it was done. */
static bool is_write(const AwsRequest *request) {
    bool asks_s3 = str_equal(request->method, "GET") || str_equal(request->method, "HEAD");
    return (request->service == AWS_S3 && !asks_s3) || request->service == AWS_SNS ||
           request->service == AWS_SES;
}

static Status check_under_way(const AwsCall *call, Err *err) {
    if (call->request.is_cleanup) {
        return ST_OK; /* it has a time limit of its own */
    }
    return late_check(&call->aws->late, 0, is_write(&call->request) ? WRITE_GRACE_MS : 0, err);
}

/* The first call that may not go on, of those before `number`. */
static AwsCall *find_late(Aws *aws, uint64_t number, Err *ret_late) {
    AwsCall *call = aws->calls;
    while (call != NULL && (call->number >= number || check_under_way(call, ret_late) == ST_OK)) {
        call = call->next;
    }
    return call;
}

/* A server that accepts and never answers shall hold nobody up. What ends may start or drop others:
 * the search begins anew after each. */
static void on_watch(void *context) {
    Aws *aws = context;
    uint64_t number = aws->next_number;
    Err late = {0};
    AwsCall *call = NULL;
    http_after(aws->http, WAIT_STEP_MS, on_watch, aws);
    while ((call = find_late(aws, number, &late)) != NULL) {
        if (call->http_call != NULL) {
            http_cancel(aws->http, call->http_call);
            note_broken(call);
        }
        http_after_cancel(aws->http, call);
        end_late(call, &late);
    }
}

/* --- Starting -------------------------------------------------------------------------------- */

Status call_start(Aws *aws, const AwsRequest *request, AwsDone *done, void *context,
                  AwsCall **ret_call, Err *err) {
    if (request->header_count > sizeof request->headers / sizeof *request->headers) {
        return err_set(err, ST_INTERNAL, "too many headers");
    }
    if (!operations_has(request->service, request->operation)) {
        return err_set(err, ST_INTERNAL, "%s is not an operation of aws/operations.h",
                       request->operation == NULL ? "a call without a name" : request->operation);
    }
    AwsCall *call = mem_alloc(sizeof *call);
    call->aws = aws;
    call->request = *request;
    call->done = done;
    call->context = context;
    call->begun_ms = clock_monotonic_ms();
    str_copy(call->account, sizeof call->account,
             request->target.account_id == NULL ? "" : request->target.account_id);
    str_copy(call->region, sizeof call->region,
             request->target.region == NULL ? aws->region : request->target.region);
    call->request.target.account_id = call->account;
    call->request.target.region = call->region;
    call->number = aws->next_number++;
    call->next = aws->calls;
    if (call->next != NULL) {
        call->next->previous = call;
    } else {
        http_after(aws->http, WAIT_STEP_MS, on_watch, aws);
    }
    aws->calls = call;
    call->pace = pace_enter(aws->paces, (int)request->service, call->account, call->region);
    pace_line_up(call->pace, &call->turn, false);
    int64_t wait_ms = pace_wait_ms(call->pace, &call->turn, call->begun_ms);
    if (wait_ms > 0) {
        begin_after(call, 0);
    } else {
        pace_go(call->pace, &call->turn, call->begun_ms);
        Status status = begin_attempt(call, err);
        if (status != ST_OK) {
            free_call(call);
            return status;
        }
    }
    if (ret_call != NULL) {
        *ret_call = call;
    }
    return ST_OK;
}
