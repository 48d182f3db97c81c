/* A call that is waited for. */
#include "aws/call.h"

typedef struct WaitedCall {
    void *context;
    AwsParse *parse;
    bool finished;
    Err failure;
} WaitedCall;

static Status parse_waited(void *context, const HttpAnswer *answer, Err *err) {
    WaitedCall *waited = context;
    return waited->parse == NULL ? ST_OK : waited->parse(waited->context, answer, err);
}

static void on_waited(void *context, const HttpAnswer *answer, const Err *failure) {
    (void)answer;
    WaitedCall *waited = context;
    waited->finished = true;
    if (failure != NULL) {
        waited->failure = *failure;
    }
}

Status call_run(Aws *aws, const AwsRequest *request, void *context, Err *err) {
    WaitedCall waited = {.context = context, .parse = request->parse};
    AwsRequest own = *request;
    AwsCall *call = NULL;
    own.parse = parse_waited;
    TRY(call_start(aws, &own, on_waited, &waited, &call, err));
    Status status = aws_wait(aws, &waited.finished, err);
    if (!waited.finished) {
        call_drop(call);
        return status;
    }
    if (waited.failure.status != ST_OK && err != NULL) {
        *err = waited.failure;
    }
    return waited.failure.status;
}
