#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    int exit_status;
    Retry retry;
    const char *error_type;
} status_table[] = {
#define X(name, word, exit_status, retry, error_type)                                              \
    [name] = {word, exit_status, retry, error_type},
    STATUS_TABLE(X)
#undef X
};

Status err_set(Err *err, Status status, const char *format, ...) {
    if (err == NULL) {
        return status;
    }
    /* The arguments may point into err itself, so the message is built beside it first. */
    char message[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    memset(err, 0, sizeof *err);
    memcpy(err->message, message, sizeof message);
    err->status = status;
    return status;
}

Status err_hint(Err *err, const char *format, ...) {
    ASSERT(err != NULL);
    char hint[sizeof err->hint];
    va_list args;
    va_start(args, format);
    vsnprintf(hint, sizeof hint, format, args);
    va_end(args);
    memcpy(err->hint, hint, sizeof hint);
    return err->status;
}

Status err_wrap(Err *err, const char *format, ...) {
    if (err == NULL) {
        return ST_INTERNAL;
    }
    char message[2 * sizeof err->message];
    va_list args;
    va_start(args, format);
    int prefix = vsnprintf(message, sizeof err->message, format, args);
    va_end(args);
    size_t at = prefix < 0 ? 0 : (size_t)prefix;
    if (at >= sizeof err->message) {
        at = sizeof err->message - 1;
    }
    snprintf(message + at, sizeof message - at, ": %s", err->message);
    message[sizeof err->message - 1] = '\0';
    memcpy(err->message, message, sizeof err->message);
    return err->status;
}

void err_assert_failed(const char *condition, const char *file, int line) {
    fprintf(stderr, "confhouse: %s:%d: this should hold and does not: %s\n", file, line, condition);
    abort();
}

const char *status_word(Status status) {
    return status_table[status].word;
}

int status_exit(Status status) {
    return status_table[status].exit_status;
}

Retry status_retry(Status status) {
    return status_table[status].retry;
}

const char *status_error_type(Status status) {
    return status_table[status].error_type;
}
