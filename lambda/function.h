/* Function: what this process is for Lambda: its settings, the mode that its handler's name stands
 * for, and what stays warm between two invocations. */
#ifndef LAMBDA_FUNCTION_H
#define LAMBDA_FUNCTION_H

#include "app/connections.h"
#include "app/invocation.h"
#include "app/settings.h"
#include "base/err.h"
#include "runtime.h"

#include <stdint.h>

typedef struct Function {
    Settings settings; /* of the process: the environment, the settings file, the defaults */
    Connections connections;
    EventDefaults defaults;
    int64_t invocations; /* begun so far */
} Function;              /* all zero before function_open */

/* Reads the settings. `handler` is $_HANDLER: plan, scan, merge, report or run; with any other
 * name, an event without a mode is a batch. ST_USAGE when a setting is wrong, or when none says
 * where the store is: each event would fail for that, so Lambda learns it before the first. */
Status function_open(Function *function, const char *handler, Err *err) WARN_UNUSED;
void function_close(Function *function);

/* Runs one invocation: see invocation_run. invocation_done afterwards. */
Status function_run(Function *function, const RuntimeEvent *event, InvocationResult *ret_result,
                    Err *err) WARN_UNUSED;

#endif
