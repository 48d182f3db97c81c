/* The log: lines for people or JSON objects for machines, on stderr, or as Lambda reads them, on
 * stdout. Its level, format and invocation are the only global state of the program. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

typedef enum LogLevel { LOG_FATAL, LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG } LogLevel;
typedef enum LogFormat { LOG_TEXT, LOG_JSON } LogFormat;

/* Something to say beside the message: {"account", "123456789012"}. NULL values are left out. */
typedef struct LogField {
    const char *name;
    const char *value;
} LogField;

void log_configure(LogLevel level, LogFormat format);

/* From now on lines go to stdout, one write each. JSON has the names that Lambda looks at:
 * `timestamp` (RFC 3339, UTC, with milliseconds) and `level` (FATAL, ERROR, WARN, INFO, DEBUG).
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html */
void log_use_lambda(void);

/* The id that Lambda gave the invocation under way, `requestId` of each JSON line. Copied; NULL =
 * there is none. */
void log_set_invocation(const char *request_id);

/* "WARN": the level as Lambda calls it. */
const char *log_lambda_level(LogLevel level);

/* The current time as Lambda wants it: 2026-11-22T06:00:00.123Z */
enum { LOG_TIME_SIZE = 32 };
void log_format_now(char ret_text[LOG_TIME_SIZE]);

bool log_enabled(LogLevel level);

void log_message(LogLevel level, const char *format, ...) PRINTF_LIKE(2, 3);

/* `fields` ends with a NULL name. */
void log_fields(LogLevel level, const LogField *fields, const char *format, ...) PRINTF_LIKE(3, 4);

/* The error with its hint; in JSON with account, region, operation, code and request id. */
void log_err(LogLevel level, const Err *err);

/* A line that is redrawn in place on a terminal and not shown anywhere else. NULL ends it. */
void log_progress(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
