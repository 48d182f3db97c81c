#include "faults.h"

#include "base/mem.h"
#include "base/str.h"
#include "draw.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* Calls that a scope may still make at once; refilled by time. */
typedef struct Bucket {
    double tokens;
    int64_t filled_ms; /* monotonic; 0 = never used */
} Bucket;

struct Faults {
    uint64_t seed;
    atomic_uint_fast64_t draws;
    pthread_mutex_t lock; /* of the buckets */
    size_t region_count;
    Bucket *buckets; /* by account, then region */
};

Faults *faults_new(const World *world, const Knobs *knobs) {
    Faults *faults = mem_alloc(sizeof *faults);
    faults->seed = draw_text((uint64_t)knobs->seed, "faults");
    faults->region_count = world->region_count;
    faults->buckets = mem_array(world->account_count * world->region_count, sizeof(Bucket));
    ASSERT(pthread_mutex_init(&faults->lock, NULL) == 0);
    return faults;
}

void faults_free(Faults *faults) {
    if (faults != NULL) {
        pthread_mutex_destroy(&faults->lock);
        mem_free(faults->buckets);
        mem_free(faults);
    }
}

static uint64_t next_draw(Faults *faults) {
    return draw_next(faults->seed, atomic_fetch_add(&faults->draws, 1));
}

bool fault_hits(Faults *faults, double probability) {
    return probability > 0 && draw_is_below(next_draw(faults), draw_threshold(probability));
}

size_t fault_below(Faults *faults, size_t count) {
    return draw_below(next_draw(faults), count);
}

static bool bucket_is_empty(Faults *faults, const Exchange *exchange, int region) {
    const Knobs *knobs = exchange->knobs;
    size_t at = (size_t)exchange->request.caller.account * faults->region_count + (size_t)region;
    Bucket *bucket = &faults->buckets[at];
    int64_t now_ms = clock_monotonic_ms();
    pthread_mutex_lock(&faults->lock);
    double gained = (double)(now_ms - bucket->filled_ms) * knobs->bucket_rate / 1000;
    bucket->tokens = bucket->filled_ms == 0 ? knobs->bucket_burst : bucket->tokens + gained;
    bucket->tokens = bucket->tokens > knobs->bucket_burst ? knobs->bucket_burst : bucket->tokens;
    bucket->filled_ms = now_ms > 0 ? now_ms : 1;
    bool empty = bucket->tokens < 1;
    bucket->tokens -= empty ? 0 : 1;
    pthread_mutex_unlock(&faults->lock);
    return empty;
}

static void throttle(Exchange *exchange) {
    const char *service = exchange->request.caller.service;
    Reply *reply = &exchange->reply;
    if (reply->protocol == PROTOCOL_S3) {
        reply_error(reply, 503, "SlowDown", "Please reduce your request rate.");
    } else if (reply->protocol == PROTOCOL_QUERY) {
        reply_error(reply, 400, "Throttling", "Rate exceeded");
    } else if (reply->protocol == PROTOCOL_REST_JSON) {
        reply_error(reply, 429, "TooManyRequestsException", "Too many requests");
    } else if (strcmp(service, "organizations") == 0) {
        reply_error(reply, 400, "TooManyRequestsException",
                    "AWS Organizations can't complete your request because another request is "
                    "already in progress. Try again later.");
    } else if (strcmp(service, "tagging") == 0) {
        reply_error(reply, 400, "ThrottledException", "Rate exceeded");
    } else {
        reply_error(reply, 400, "ThrottlingException", "Rate exceeded");
    }
}

/* These two may say 200 first and fail then, in the body. */
static bool fails_late(const Exchange *exchange) {
    return str_equal(exchange->operation, "s3:CompleteMultipartUpload") ||
           str_equal(exchange->operation, "s3:CopyObject");
}

static void fail(Faults *faults, Exchange *exchange) {
    Reply *reply = &exchange->reply;
    bool is_s3 = reply->protocol == PROTOCOL_S3;
    if (fails_late(exchange) && fault_below(faults, 2) == 0) {
        reply_error(reply, 200, "InternalError", "We encountered an internal error.");
        return;
    }
    switch (fault_below(faults, 4)) {
    case 0:
        reply_error(reply, 503, is_s3 ? "ServiceUnavailable" : "ServiceUnavailableException",
                    "Service is unable to handle request.");
        return;
    case 1:
    case 2: /* as a load balancer says it: not in the service's own form */
        reply_error(reply, fault_below(faults, 2) == 0 ? 502 : 504, "BadGateway", "-");
        buf_clear(&reply->body);
        buf_puts(&reply->body, "<html><body><h1>Bad Gateway</h1></body></html>\n");
        reply_content_type(reply, "text/html");
        return;
    default:
        reply_error(reply, 500, is_s3 ? "InternalError" : "InternalFailure",
                    "We encountered an internal error. Please try again.");
        return;
    }
}

bool faults_strike(Faults *faults, Exchange *exchange) {
    const Knobs *knobs = exchange->knobs;
    const Caller *caller = &exchange->request.caller;
    int region = world_find_region(exchange->world, caller->region);
    bool has_bucket =
        knobs->bucket_rate > 0 && strcmp(caller->service, "config") == 0 && region != WORLD_NONE;
    if (fault_hits(faults, knobs->error_5xx)) {
        fail(faults, exchange);
        return true;
    }
    if (fault_hits(faults, knobs->throttle) ||
        (has_bucket && bucket_is_empty(faults, exchange, region))) {
        throttle(exchange);
        return true;
    }
    return false;
}
