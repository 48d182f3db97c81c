/* Stop: SIGTERM. Lambda sends it when it ends the process, and kills what is left half a second
 * later. The handler sets a flag, wakes the loop that waits for an event, cancels the invocation
 * under way, and starts a timer. When that fires, the process has not ended in order: it removes
 * the scratch folder and ends with status 0. */
#ifndef LAMBDA_STOP_H
#define LAMBDA_STOP_H

#include "base/err.h"
#include "http/http.h"

#include <stdbool.h>

/* From now on SIGTERM and SIGINT stop the process. `http` is the loop to wake; it must live as long
 * as the process. To be called once. */
Status stop_watch(Http *http, Err *err) WARN_UNUSED;

/* True once the process has been told to stop. Others may set it too. */
volatile bool *stop_flag(void);

#endif
