/* The log: lines for people or JSON objects for machines, on stderr. Its level and format are the
 * only global state of the program. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

typedef enum LogLevel { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG } LogLevel;
typedef enum LogFormat { LOG_TEXT, LOG_JSON } LogFormat;

/* Something to say beside the message: {"account", "123456789012"}. NULL values are left out. */
typedef struct LogField {
    const char *name;
    const char *value;
} LogField;

void log_configure(LogLevel level, LogFormat format);
bool log_enabled(LogLevel level);

void log_message(LogLevel level, const char *format, ...) PRINTF_LIKE(2, 3);

/* `fields` ends with a NULL name. */
void log_fields(LogLevel level, const LogField *fields, const char *format, ...) PRINTF_LIKE(3, 4);

/* The error with its hint; in JSON with account, region, operation, code and request id. */
void log_err(LogLevel level, const Err *err);

/* A line that is redrawn in place on a terminal and not shown anywhere else. NULL ends it. */
void log_progress(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
