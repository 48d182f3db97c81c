#include "app/invocation.h"

#include "app/app.h"
#include "app/handler.h"

static void add_calls(const Aws *aws, AwsStats *calls) {
    if (aws != NULL) {
        AwsStats stats = aws_stats(aws);
        calls->attempts += stats.attempts;
        calls->throttled += stats.throttled;
        calls->retried += stats.retried;
    }
}

Status invocation_run(Connections *connections, const Settings *settings,
                      const InvocationRequest *request, InvocationResult *ret_result, Err *err) {
    OWN(event_done) Event event = {0};
    *ret_result = (InvocationResult){.mode = request->defaults.mode};
    TRY(event_parse(request->text, request->size, &request->defaults, &event, err));
    ret_result->mode = event.mode;
    App app;
    app_init(&app, connections, settings);
    if (request->end_ms != 0) {
        app_limit(&app, request->end_ms);
    }
    app_set_current(&app);
    Status status = handler_run(&app, &event, &ret_result->answer, err);
    app_set_current(NULL);
    add_calls(app.aws, &ret_result->calls);
    add_calls(app.store_aws, &ret_result->calls);
    app_close(&app);
    return status;
}

void invocation_done(InvocationResult *result) {
    buf_done(&result->answer);
    *result = (InvocationResult){0};
}

void invocation_cancel(void) {
    app_cancel();
}
