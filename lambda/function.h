/* Function: what Lambda knows this process as, and one invocation: the text of an event becomes the
 * text of an answer, or an error. Nothing of an invocation outlives it but open connections. */
#ifndef LAMBDA_FUNCTION_H
#define LAMBDA_FUNCTION_H

#include "app/settings.h"
#include "base/buf.h"
#include "base/err.h"
#include "runtime.h"

#include <stdint.h>

typedef struct Function {
    Settings settings;   /* of the process: the environment, the settings file, the defaults */
    int64_t invocations; /* begun so far */
} Function;              /* all zero before function_open */

/* Reads the settings. ST_USAGE when one is wrong, or when there is no store. */
Status function_open(Function *function, Err *err) WARN_UNUSED;
void function_close(Function *function);

typedef struct FunctionResult {
    Buf answer;       /* JSON; empty when the invocation failed */
    const char *mode; /* "batch", …; NULL when the event did not tell. A constant */
    int64_t calls;    /* requests sent to AWS, repeated ones too */
    int64_t throttled;
} FunctionResult;
void function_result_done(FunctionResult *result);

/* Runs one invocation. ST_OK and ST_PARTIAL: there is an answer. The counts and the mode are those
 * of failed invocations, too. function_result_done afterwards. */
Status function_run(Function *function, const RuntimeEvent *event, FunctionResult *ret_result,
                    Err *err) WARN_UNUSED;

#endif
