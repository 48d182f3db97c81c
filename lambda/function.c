#include "function.h"

#include "app/app.h"
#include "app/event.h"
#include "app/handler.h"
#include "base/clock.h"
#include "stop.h"

#include <stdlib.h>

enum { GRACE_MS = 32 * 1000 };

/* Without it, results would go to a folder below /var/task, which cannot be written. */
static Status check_store(const Settings *settings, Err *err) {
    if (settings_is_set(settings, SETTING_STORE)) {
        return ST_OK;
    }
    err_set(err, ST_USAGE, "REPORT_BUCKET is not set");
    return err_hint(err, "set this variable of the function to the name of the bucket that keeps "
                         "the reports, and REPORT_PREFIX to the prefix of their keys, if any");
}

Status function_open(Function *function, Err *err) {
    TRY(settings_load(&function->settings, err));
    settings_warn_of_variables();
    return check_store(&function->settings, err);
}

void function_close(Function *function) {
    settings_done(&function->settings);
}

/* Before Lambda's deadline, so that the shard, the answer and the metrics get out. */
static int64_t scan_deadline(int64_t end_ms) {
    int64_t left_ms = end_ms - clock_now_ms();
    return end_ms - (left_ms / 3 < GRACE_MS ? left_ms / 3 : GRACE_MS);
}

/* As AWS's own runtimes do: what is called during the invocation reads it from there. */
static void set_trace_id(const char *trace_id) {
    if (trace_id[0] == '\0') {
        unsetenv("_X_AMZN_TRACE_ID");
    } else {
        setenv("_X_AMZN_TRACE_ID", trace_id, 1);
    }
}

static void count_calls(const App *app, FunctionResult *result) {
    const Aws *const clients[] = {app->aws, app->store_aws};
    for (size_t i = 0; i < sizeof clients / sizeof clients[0]; i++) {
        if (clients[i] != NULL) {
            AwsStats stats = aws_stats(clients[i]);
            result->calls += stats.attempts;
            result->throttled += stats.throttled;
        }
    }
}

static Status run_event(App *app, const RuntimeEvent *event, FunctionResult *result, Err *err) {
    OWN(event_done) Event parsed = {0};
    TRY(event_parse(buf_text(&event->text), event->text.size, &parsed, err));
    result->mode = event_mode_name(parsed.mode);
    return handler_run(app, &parsed, &result->answer, err);
}

void function_result_done(FunctionResult *result) {
    buf_done(&result->answer);
    *result = (FunctionResult){0};
}

Status function_run(Function *function, const RuntimeEvent *event, FunctionResult *ret_result,
                    Err *err) {
    OWN(settings_done) Settings settings = {0};
    App app;
    *ret_result = (FunctionResult){0};
    function->invocations++;
    set_trace_id(event->trace_id);
    TRY(settings_load(&settings, err));
    app_init(&app, &settings);
    int64_t deadline_ms = scan_deadline(event->deadline_ms);
    if (app.deadline_ms == 0 || deadline_ms < app.deadline_ms) {
        app.deadline_ms = deadline_ms;
    }
    stop_set_app(&app);
    Status status = run_event(&app, event, ret_result, err);
    count_calls(&app, ret_result);
    app_close(&app);
    stop_set_app(NULL);
    return status;
}
