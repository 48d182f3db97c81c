/* Error types: what callers of the function and state machines tell errors apart by. */
#ifndef LAMBDA_ERROR_TYPE_H
#define LAMBDA_ERROR_TYPE_H

#include "base/err.h"

/* "Throttled" */
const char *error_type(Status status);

#endif
