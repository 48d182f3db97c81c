/* Http: one event loop that carries hundreds of HTTP calls and timers, on one thread.
 *
 * A call is started and answers later, through its callback, while somebody runs the loop
 * (http_run). Callbacks run one at a time and may start further calls. The loop keeps connections
 * open, verifies TLS always, follows no redirects, and knows nothing of AWS.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct Http Http;
typedef struct HttpCall HttpCall;

typedef struct HttpOptions {
    int max_connections;        /* calls in flight; further ones wait their turn. 0 = 64 */
    int64_t connect_timeout_ms; /* 0 = 10 s */
    const char *ca_bundle;      /* file; NULL = the system's, wherever it is */
    const char *user_agent;     /* NULL = none */
    bool no_proxy;              /* whatever the environment says of proxies */
} HttpOptions;

Status http_open(const HttpOptions *options, Http **ret_http, Err *err) WARN_UNUSED;
/* Calls still in flight are dropped; their callbacks do not run. NULL is fine. */
void http_close(Http *http);
void http_close_at(Http **http);

enum { HTTP_MAX_HEADERS = 32 };

typedef struct HttpRequest HttpRequest;

/* Called when the call's turn has come, for what must not go stale while it waits (a signature):
 * fills in the rest of `request`. Its texts need to live until it is called again or the call has
 * ended. A status other than ST_OK ends the call: `done` gets it as its failure. */
typedef Status HttpReady(void *context, HttpRequest *request, Err *err);

/* Everything here is copied by http_start, but body data and the two file descriptors, which must
 * live until the callback. */
struct HttpRequest {
    const char *method;
    const char *url;
    size_t header_count;
    const char *headers[HTTP_MAX_HEADERS]; /* "Name: value" */
    const void *body;                      /* NULL with body_fd < 0 = no body */
    size_t body_size;
    int body_fd; /* >= 0: the body is body_size bytes of this file, from body_offset on */
    int64_t body_offset;
    int sink_fd; /* >= 0: a 2xx body goes here, from sink_offset on, not to memory */
    int64_t sink_offset;
    int64_t sink_max_bytes;    /* more than that is ST_LIMIT; 0 = as much as comes */
    size_t max_answer_bytes;   /* in memory; 0 = 16 MiB. An error document may have 64 KiB anyhow */
    int64_t timeout_ms;        /* of the whole call, once it is on its way; 0 = 60 s, < 0 = none */
    int64_t answer_timeout_ms; /* of the rest of the answer, once its first byte has come; 0 = none
                                  but `timeout_ms` */
    int64_t rank;              /* of those that wait for a connection, a lower one goes first */
    HttpReady *ready;          /* gets the context of `done`; NULL = the request is complete */
};

/* A request with nothing in it: descriptors at -1. */
#define HTTP_REQUEST_NONE ((HttpRequest){.body_fd = -1, .sink_fd = -1})

/* Borrowed: lives during the callback. */
typedef struct HttpAnswer {
    int status;       /* 0 = there was no complete answer */
    const char *body; /* NUL-terminated; "" when it went to the sink */
    size_t body_size;
    int64_t sink_bytes;      /* what went to the sink */
    bool was_sent_again;     /* a kept connection ended without an answer, so the request went out a
                                second time: it may have been carried out twice */
    const Buf *header_lines; /* use http_header */
} HttpAnswer;

/* The header's value, without blanks around it, in `ret_value`; false when it is absent or longer
 * than `size` - 1 bytes. */
bool http_header(const HttpAnswer *answer, const char *name, char *ret_value, size_t size);

/* `failure` is NULL when an answer came, of whatever HTTP status; else ST_NETWORK (refused, reset,
 * timed out, cut short), ST_LIMIT (larger than accepted), ST_IO (the sink, or the file to send),
 * ST_USAGE (a URL or certificate that cannot be used), or what `ready` returned. `answer` is NULL
 * then. */
typedef void HttpDone(void *context, const HttpAnswer *answer, const Err *failure);

/* The answer comes through `done`, from within http_run. `ret_call` may be NULL. */
Status http_start(Http *http, const HttpRequest *request, HttpDone *done, void *context,
                  HttpCall **ret_call, Err *err) WARN_UNUSED;
/* The callback does not run. */
void http_cancel(Http *http, HttpCall *call);

/* Calls `fire` once, at or after `delay_ms` from now, from within http_run. */
typedef void HttpTimer(void *context);
void http_after(Http *http, int64_t delay_ms, HttpTimer *fire, void *context);
/* Forgets the timers that have this context. */
void http_after_cancel(Http *http, const void *context);

/* Runs until `*stop` is true, or nothing is in flight and no timer waits, or http_wake was called.
 * `stop` may be NULL. Not from within a callback (ST_INTERNAL). */
Status http_run(Http *http, const bool *stop, Err *err) WARN_UNUSED;

/* Makes http_run come back, once, though nothing has stopped it: async-signal-safe. */
void http_wake(Http *http);

/* Calls that were started and not answered yet, those that wait their turn included. */
int http_in_flight(const Http *http);
/* Nothing in flight, and no timer waits. */
bool http_is_idle(const Http *http);

#endif
