/* Invocation: one event from its text to its answer, in a process that serves many of them.
 *
 *     Connections connections = {0};              // once: they stay warm
 *     TRY(settings_load(&settings, err));         // once: flags, environment, file, defaults
 *     for each event:
 *         const InvocationRequest request = {.text = text, .size = size,
 *                                            .defaults = {EVENT_BATCH, EVENT_RUN},
 *                                            .end_ms = lambda_deadline_ms};
 *         InvocationResult result = {0};
 *         Status status = invocation_run(&connections, &settings, &request, &result, err);
 *         ... buf_text(&result.answer), or err and status_error_type(status) ...
 *         invocation_done(&result);
 *     connections_close(&connections);
 *
 * An invocation answers as a new process would: it changes neither the settings of the process nor
 * anything else that the next one sees, but open connections and keys. However it ends, its scratch
 * folder, its handles and its calls in flight are gone when invocation_run returns. */
#ifndef APP_INVOCATION_H
#define APP_INVOCATION_H

#include "app/connections.h"
#include "app/event.h"
#include "app/settings.h"
#include "aws/aws.h"
#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

typedef struct InvocationRequest {
    const char *text; /* the event; borrowed, need not end with NUL */
    size_t size;
    EventDefaults defaults; /* what an event that names no mode does */
    int64_t end_ms;         /* wall clock: the caller needs the answer by then; 0 = no limit. What
                               is kept before is kept in time: see app_limit */
} InvocationRequest;

typedef struct InvocationResult {
    Buf answer;     /* JSON (app/handler.h), with ST_OK and ST_PARTIAL; else empty */
    EventMode mode; /* what was done; the default where the event could not be read */
    AwsStats calls; /* of this invocation, over all services */
} InvocationResult;

/* ST_OK; ST_PARTIAL with an answer and with what is missing in `err`; ST_EVENT when the event is
 * refused: then nothing was asked and nothing written; else what went wrong. */
Status invocation_run(Connections *connections, const Settings *settings,
                      const InvocationRequest *request, InvocationResult *ret_result,
                      Err *err) WARN_UNUSED;
void invocation_done(InvocationResult *result);

/* Ends the invocation that runs, if one does: it keeps what it has read and returns within some
 * seconds. Async-signal-safe. */
void invocation_cancel(void);

#endif
