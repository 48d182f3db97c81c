#include "function.h"

#include "base/log.h"
#include "base/str.h"

#include <stdlib.h>

/* The mode of an event that names none, by the handler's name. */
static EventDefaults defaults_of(const char *handler) {
    static const struct {
        const char *handler;
        EventDefaults defaults;
    } handlers[] = {
        {"plan", {EVENT_PLAN, EVENT_PLAN}},  {"scan", {EVENT_BATCH, EVENT_RUN}},
        {"merge", {EVENT_MERGE, EVENT_RUN}}, {"report", {EVENT_REPORT, EVENT_RUN}},
        {"run", {EVENT_RUN, EVENT_RUN}},
    };
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        if (str_equal(handler, handlers[i].handler)) {
            return handlers[i].defaults;
        }
    }
    log_message(LOG_INFO,
                "the handler '%.60s' is not one of plan, scan, merge, report and run: an event "
                "without a mode is a batch",
                handler == NULL ? "" : handler);
    return event_defaults;
}

/* Without a store that is set, results would go to a folder below /var/task, where nothing can be
 * written. */
static Status check_store(const Settings *settings, Err *err) {
    if (settings_is_set(settings, SETTING_STORE)) {
        return ST_OK;
    }
    err_set(err, ST_USAGE, "REPORT_BUCKET is not set");
    return err_hint(err, "set this variable of the function to the name of the bucket that keeps "
                         "the reports, and REPORT_PREFIX to the prefix of their keys, if any");
}

Status function_open(Function *function, const char *handler, Err *err) {
    function->defaults = defaults_of(handler);
    TRY(settings_load(&function->settings, err));
    settings_warn_of_variables();
    return check_store(&function->settings, err);
}

void function_close(Function *function) {
    connections_close(&function->connections);
    settings_done(&function->settings);
}

/* As AWS's own runtimes do: calls to AWS read it from there. */
static void set_trace_id(const char *trace_id) {
    if (trace_id[0] == '\0') {
        unsetenv("_X_AMZN_TRACE_ID");
    } else {
        setenv("_X_AMZN_TRACE_ID", trace_id, 1);
    }
}

Status function_run(Function *function, const RuntimeEvent *event, InvocationResult *ret_result,
                    Err *err) {
    const InvocationRequest request = {
        .text = buf_text(&event->text),
        .size = event->text.size,
        .defaults = function->defaults,
        .end_ms = event->deadline_ms,
    };
    function->invocations++;
    set_trace_id(event->trace_id);
    return invocation_run(&function->connections, &function->settings, &request, ret_result, err);
}
