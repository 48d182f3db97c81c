/* bootstrap: the custom runtime of AWS Lambda. It asks the Runtime API for one event after the
 * other, runs each, and sends back the answer, until Lambda ends the process. */
#include "app/process.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "extension.h"
#include "function.h"
#include "metrics.h"
#include "runtime.h"
#include "stop.h"

#include <stdlib.h>

/* AWS_LAMBDA_LOG_LEVEL and AWS_LAMBDA_LOG_FORMAT are Lambda's own settings of the function. */
static LogLevel read_log_level(void) {
    static const struct {
        const char *name;
        LogLevel level;
    } levels[] = {{"TRACE", LOG_DEBUG}, {"DEBUG", LOG_DEBUG}, {"INFO", LOG_INFO},
                  {"WARN", LOG_WARN},   {"ERROR", LOG_ERROR}, {"FATAL", LOG_FATAL}};
    const char *name = getenv("AWS_LAMBDA_LOG_LEVEL");
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (name != NULL && str_equal_nocase(name, levels[i].name)) {
            return levels[i].level;
        }
    }
    return LOG_INFO;
}

static void configure_log(void) {
    const char *format = getenv("AWS_LAMBDA_LOG_FORMAT");
    bool is_text = format != NULL && str_equal_nocase(format, "Text");
    log_use_lambda();
    log_configure(read_log_level(), is_text ? LOG_TEXT : LOG_JSON);
}

/* An answer that Lambda does not take becomes the failure of the invocation. */
static Status send_answer(Runtime *runtime, const RuntimeEvent *event, const Buf *answer,
                          Err *failure, Err *err) {
    Status status =
        runtime_respond(runtime, event->request_id, buf_text(answer), answer->size, err);
    if (status != ST_LIMIT && status != ST_REJECTED) {
        return status;
    }
    *failure = *err;
    log_err(LOG_ERROR, failure);
    return runtime_fail(runtime, event->request_id, failure, err);
}

/* What came of the invocation, for its caller. */
static Status tell(Runtime *runtime, const RuntimeEvent *event, const InvocationResult *result,
                   Err *failure, Err *err) {
    if (failure->status == ST_OK || failure->status == ST_PARTIAL) {
        if (failure->status == ST_PARTIAL) {
            log_err(LOG_WARN, failure);
        }
        return send_answer(runtime, event, &result->answer, failure, err);
    }
    log_err(LOG_ERROR, failure);
    return runtime_fail(runtime, event->request_id, failure, err);
}

/* The metrics come last: only then is it known whether Lambda took the answer. They are written
 * before the next event is asked for, because Lambda may freeze the process then. */
static Status serve_one(Runtime *runtime, Function *function, const RuntimeEvent *event, Err *err) {
    OWN(invocation_done) InvocationResult result = {0};
    Err failure = {0};
    int64_t begun_ms = clock_monotonic_ms();
    failure.status = function_run(function, event, &result, &failure);
    int64_t duration_ms = clock_monotonic_ms() - begun_ms;
    Status status = tell(runtime, event, &result, &failure, err);
    const Metrics metrics = {
        .request_id = event->request_id,
        .mode = event_mode_name(result.mode),
        .status = failure.status,
        .answer = &result.answer,
        .calls = result.calls.attempts,
        .throttled = result.calls.throttled,
        .duration_ms = duration_ms,
        .is_cold_start = function->invocations == 1,
    };
    metrics_print(&metrics);
    return status;
}

/* Until Lambda ends it (ST_STOPPED), or the Runtime API cannot be used. */
static Status serve(Runtime *runtime, Function *function, Err *err) {
    for (;;) {
        OWN(runtime_event_done) RuntimeEvent event = {0};
        Status status = runtime_next(runtime, &event, err);
        if (status != ST_OK && event.request_id[0] != '\0') {
            Err late = {0};
            Status told = runtime_fail(runtime, event.request_id, err, &late);
            log_err(LOG_ERROR, told == ST_OK ? err : &late);
        }
        TRY(status);
        log_set_invocation(event.request_id);
        TRY(serve_one(runtime, function, &event, err));
        log_set_invocation(NULL);
    }
}

static Status open_function(Runtime *runtime, Function *function, Err *err) {
    Status status = function_open(function, getenv("_HANDLER"), err);
    if (status != ST_OK) {
        Err late = {0};
        if (runtime_fail_init(runtime, err, &late) != ST_OK) {
            log_err(LOG_ERROR, &late);
        }
    }
    return status;
}

static Status run(Http *http, Function *function, Err *err) {
    Runtime runtime;
    Extension extension = {0};
    TRY(stop_watch(http, err));
    TRY(runtime_init(&runtime, http, getenv("AWS_LAMBDA_RUNTIME_API"), stop_flag(), err));
    TRY(open_function(&runtime, function, err));
    Status status = extension_open(&extension, http, runtime.url, stop_flag(), err);
    if (status == ST_OK) {
        status = serve(&runtime, function, err);
    }
    extension_close(&extension);
    return status;
}

static Status run_process(Err *err) {
    OWN(http_close_at) Http *http = NULL;
    const HttpOptions options = {.max_connections = 4, .no_proxy = true};
    Function function = {0};
    TRY(http_open(&options, &http, err));
    Status status = run(http, &function, err);
    function_close(&function);
    return status;
}

int main(void) {
    Err err = {0};
    process_prepare();
    configure_log();
    Status status = run_process(&err);
    if (status == ST_OK || *stop_flag()) {
        return EXIT_DONE;
    }
    log_err(LOG_FATAL, &err);
    return EXIT_FAILED;
}
