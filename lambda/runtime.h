/* Runtime: a client of Lambda's Runtime API, which gives events and takes answers, one at a time.
 *
 *     TRY(runtime_open(&options, &runtime, err));
 *     for (;;) {
 *         OWN(runtime_event_done) RuntimeEvent event = {0};
 *         TRY(runtime_next(&runtime, &event, err));
 *         ...
 *         TRY(runtime_respond(&runtime, event.request_id, text, size, err));
 *     }
 *
 * It never asks twice: a Runtime API that does not answer as documented is an error, after which
 * the process can only end. Lambda then starts another one. Source:
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
#ifndef LAMBDA_RUNTIME_H
#define LAMBDA_RUNTIME_H

#include "base/buf.h"
#include "base/err.h"
#include "http/http.h"

#include <stdbool.h>
#include <stdint.h>

enum { RUNTIME_URL_SIZE = 300 };

typedef struct Runtime {
    Http *http;                 /* borrowed */
    char url[RUNTIME_URL_SIZE]; /* "http://127.0.0.1:9001" */
    const volatile bool *stop;  /* borrowed: ends the wait for an event */
} Runtime;

enum {
    RUNTIME_REQUEST_ID_SIZE = 65,
    RUNTIME_TRACE_ID_SIZE = 1025,
    /* Lambda sends 6 MB at most. What is larger than we take is refused with an answer up to this
     * size; beyond it, the process ends. */
    RUNTIME_EVENT_MAX_BYTES = 16 << 20,
};

typedef struct RuntimeEvent {
    char request_id[RUNTIME_REQUEST_ID_SIZE]; /* [A-Za-z0-9-] */
    int64_t deadline_ms;                      /* wall clock: Lambda ends the process then */
    char trace_id[RUNTIME_TRACE_ID_SIZE];     /* printable; "" = none */
    Buf text;                                 /* the event as it came */
} RuntimeEvent;
void runtime_event_done(RuntimeEvent *event);

/* `api` is $AWS_LAMBDA_RUNTIME_API, "127.0.0.1:9001". ST_USAGE when it is not "host:port". */
Status runtime_init(Runtime *runtime, Http *http, const char *api, const volatile bool *stop,
                    Err *err) WARN_UNUSED;

/* Waits for the next event, without a time limit. ST_STOPPED when `stop` became true (http_wake
 * makes it look); ST_PROTOCOL, ST_SERVER or ST_NETWORK when the Runtime API cannot be used. When
 * the answer has an id but is otherwise no use, `ret_event->request_id` holds it, so that the
 * invocation can be failed. */
Status runtime_next(Runtime *runtime, RuntimeEvent *ret_event, Err *err) WARN_UNUSED;

/* Sends the answer. ST_LIMIT: it is larger than Lambda takes (413); ST_REJECTED: Lambda does not
 * take it (400, 403). After either, runtime_fail may be called. Anything else but ST_OK means that
 * the process must end. */
Status runtime_respond(Runtime *runtime, const char *request_id, const char *text, size_t size,
                       Err *err) WARN_UNUSED;

/* Tells the caller why there is no answer: its `errorType` is that of the failure's status, its
 * `errorMessage` the message and the hint. */
Status runtime_fail(Runtime *runtime, const char *request_id, const Err *failure,
                    Err *err) WARN_UNUSED;

/* The same, before the first event: each caller gets this error. The process must end with a
 * status other than 0 afterwards. */
Status runtime_fail_init(Runtime *runtime, const Err *failure, Err *err) WARN_UNUSED;

#endif
