#include "runtime.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

enum { POST_TIMEOUT_MS = 30 * 1000, EVENT_TIMEOUT_MS = 10 * 1000, API_MAX_BYTES = 280 };

void runtime_event_done(RuntimeEvent *event) {
    buf_done(&event->text);
    *event = (RuntimeEvent){0};
}

Status runtime_init(Runtime *runtime, Http *http, const char *api, const volatile bool *stop,
                    Err *err) {
    *runtime = (Runtime){.http = http, .stop = stop};
    if (str_is_empty(api)) {
        err_set(err, ST_USAGE, "AWS_LAMBDA_RUNTIME_API is not set");
        return err_hint(err, "AWS Lambda starts this program; 'confhouse invoke' runs an event "
                             "without it");
    }
    if (strlen(api) > API_MAX_BYTES ||
        strspn(api, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]") !=
            strlen(api)) {
        return err_set(err, ST_USAGE, "AWS_LAMBDA_RUNTIME_API=%.60s is not host:port", api);
    }
    snprintf(runtime->url, sizeof runtime->url, "http://%s", api);
    return ST_OK;
}

/* --- The next event -------------------------------------------------------------------------- */

typedef struct NextWait {
    RuntimeEvent *event;
    Status status;
    Err *err;
    bool finished;
} NextWait;

static bool is_request_id(const char *text) {
    size_t size = strlen(text);
    return size > 0 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == size;
}

/* A trace id goes into a variable and a header. One that does not fit there is left out: the
 * invocation does not depend on it. */
static void take_trace_id(const HttpAnswer *answer, RuntimeEvent *event) {
    if (!http_header(answer, "Lambda-Runtime-Trace-Id", event->trace_id, sizeof event->trace_id)) {
        event->trace_id[0] = '\0';
    }
    for (const char *c = event->trace_id; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            event->trace_id[0] = '\0';
            return;
        }
    }
}

static Status take_event(const HttpAnswer *answer, RuntimeEvent *event, Err *err) {
    char deadline[24];
    if (answer->status != 200) {
        return err_set(err, answer->status >= 500 ? ST_SERVER : ST_PROTOCOL,
                       "the Runtime API answered the request for an event with HTTP %d",
                       answer->status);
    }
    if (!http_header(answer, "Lambda-Runtime-Aws-Request-Id", event->request_id,
                     sizeof event->request_id) ||
        !is_request_id(event->request_id)) {
        event->request_id[0] = '\0';
        return err_set(err, ST_PROTOCOL,
                       "the Runtime API sent an event without a valid "
                       "Lambda-Runtime-Aws-Request-Id");
    }
    if (!http_header(answer, "Lambda-Runtime-Deadline-Ms", deadline, sizeof deadline) ||
        !str_parse_int(deadline, 1, INT64_MAX / 2, &event->deadline_ms)) {
        return err_set(err, ST_PROTOCOL,
                       "the Runtime API sent an event without a valid "
                       "Lambda-Runtime-Deadline-Ms");
    }
    take_trace_id(answer, event);
    event->text.ceiling = RUNTIME_EVENT_MAX_BYTES;
    buf_append(&event->text, answer->body, answer->body_size);
    return ST_OK;
}

static void on_event(void *context, const HttpAnswer *answer, const Err *failure) {
    NextWait *wait = context;
    wait->finished = true;
    if (failure != NULL) {
        *wait->err = *failure;
        wait->status = failure->status;
        return;
    }
    wait->status = take_event(answer, wait->event, wait->err);
}

Status runtime_next(Runtime *runtime, RuntimeEvent *ret_event, Err *err) {
    char url[RUNTIME_URL_SIZE + 64];
    NextWait wait = {.event = ret_event, .err = err};
    HttpCall *call = NULL;
    HttpRequest request = HTTP_REQUEST_NONE;
    snprintf(url, sizeof url, "%s/2018-06-01/runtime/invocation/next", runtime->url);
    request.method = "GET";
    request.url = url;
    request.timeout_ms = -1;
    request.answer_timeout_ms = EVENT_TIMEOUT_MS;
    request.max_answer_bytes = RUNTIME_EVENT_MAX_BYTES;
    TRY(http_start(runtime->http, &request, on_event, &wait, &call, err));
    while (!wait.finished && !*runtime->stop) {
        TRY(http_run(runtime->http, &wait.finished, err));
    }
    if (!wait.finished) {
        http_cancel(runtime->http, call);
        return err_set(err, ST_STOPPED, "stopped");
    }
    return wait.status;
}

/* --- Answers --------------------------------------------------------------------------------- */

typedef struct Post {
    const char *path;
    const char *error_type; /* NULL = none */
    const char *text;
    size_t size;
} Post;

typedef struct PostWait {
    int http_status;
    Err failure;
    bool finished;
} PostWait;

static void on_posted(void *context, const HttpAnswer *answer, const Err *failure) {
    PostWait *wait = context;
    wait->finished = true;
    if (failure != NULL) {
        wait->failure = *failure;
        return;
    }
    wait->http_status = answer->status;
}

static Status check_posted(const PostWait *wait, const Post *post, Err *err) {
    if (wait->failure.status != ST_OK) {
        *err = wait->failure;
        return err->status;
    }
    if (wait->http_status == 202) {
        return ST_OK;
    }
    Status status = wait->http_status == 413                               ? ST_LIMIT
                    : wait->http_status == 400 || wait->http_status == 403 ? ST_REJECTED
                    : wait->http_status >= 500                             ? ST_SERVER
                                                                           : ST_PROTOCOL;
    if (status == ST_LIMIT) {
        return err_set(err, status, "the answer of %zu bytes is larger than Lambda takes",
                       post->size);
    }
    return err_set(err, status, "the Runtime API answered POST %s with HTTP %d", post->path,
                   wait->http_status);
}

static Status send_post(Runtime *runtime, const Post *post, Err *err) {
    OWN(buf_done) Buf url = {0};
    OWN(buf_done) Buf type = {0};
    PostWait wait = {0};
    HttpRequest request = HTTP_REQUEST_NONE;
    buf_printf(&url, "%s/2018-06-01/runtime/%s", runtime->url, post->path);
    request.method = "POST";
    request.url = buf_text(&url);
    request.headers[request.header_count++] = "Content-Type: application/json";
    if (post->error_type != NULL) {
        buf_printf(&type, "Lambda-Runtime-Function-Error-Type: %s", post->error_type);
        request.headers[request.header_count++] = buf_text(&type);
    }
    request.body = post->text;
    request.body_size = post->size;
    request.timeout_ms = POST_TIMEOUT_MS;
    TRY(http_start(runtime->http, &request, on_posted, &wait, NULL, err));
    while (!wait.finished) {
        TRY(http_run(runtime->http, &wait.finished, err));
    }
    return check_posted(&wait, post, err);
}

static Status send_failure(Runtime *runtime, const char *path, const Err *failure, Err *err) {
    OWN(buf_done) Buf message = {0};
    OWN(buf_done) Buf body = {0};
    const char *type = status_error_type(failure->status);
    buf_puts(&message, failure->message);
    if (failure->hint[0] != '\0') {
        buf_printf(&message, " (%s)", failure->hint);
    }
    JsonWriter json = {.out = &body};
    json_begin_object(&json, NULL);
    json_put_text(&json, "errorMessage", buf_text(&message));
    json_put_text(&json, "errorType", type);
    json_begin_array(&json, "stackTrace");
    json_end_array(&json);
    json_end_object(&json);
    const Post post = {path, type, buf_text(&body), body.size};
    return send_post(runtime, &post, err);
}

Status runtime_respond(Runtime *runtime, const char *request_id, const char *text, size_t size,
                       Err *err) {
    char path[RUNTIME_REQUEST_ID_SIZE + 32];
    snprintf(path, sizeof path, "invocation/%s/response", request_id);
    const Post post = {path, NULL, text, size};
    return send_post(runtime, &post, err);
}

Status runtime_fail(Runtime *runtime, const char *request_id, const Err *failure, Err *err) {
    char path[RUNTIME_REQUEST_ID_SIZE + 32];
    snprintf(path, sizeof path, "invocation/%s/error", request_id);
    return send_failure(runtime, path, failure, err);
}

Status runtime_fail_init(Runtime *runtime, const Err *failure, Err *err) {
    return send_failure(runtime, "init/error", failure, err);
}
