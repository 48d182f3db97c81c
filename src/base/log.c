#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    LogLevel level;
    LogFormat format;
    bool progress_shown;
    bool is_lambda;
    char invocation[64];
} log_state = {.level = LOG_INFO, .format = LOG_TEXT};

static const char *const level_names[] = {"fatal", "error", "warning", "info", "debug"};
static const char *const lambda_level_names[] = {"FATAL", "ERROR", "WARN", "INFO", "DEBUG"};

void log_configure(LogLevel level, LogFormat format) {
    log_state.level = level;
    log_state.format = format;
}

void log_use_lambda(void) {
    log_state.is_lambda = true;
}

void log_set_invocation(const char *request_id) {
    str_copy(log_state.invocation, sizeof log_state.invocation,
             request_id == NULL ? "" : request_id);
}

const char *log_lambda_level(LogLevel level) {
    return lambda_level_names[level];
}

void log_format_now(char ret_text[LOG_TIME_SIZE]) {
    int64_t now_ms = clock_now_ms();
    char seconds[CLOCK_TIME_SIZE];
    clock_format_time(now_ms, seconds);
    seconds[strcspn(seconds, "Z")] = '\0';
    snprintf(ret_text, LOG_TIME_SIZE, "%s.%03dZ", seconds, (int)(now_ms % 1000));
}

bool log_enabled(LogLevel level) {
    return level <= log_state.level;
}

/* As a JSON string. This layer knows no JSON library, and a log line needs no more than this. What
 * is no UTF-8 (a text cut within a character, bytes from anywhere) becomes U+FFFD. */
static void append_json_text(Buf *line, const char *text) {
    buf_putc(line, '"');
    const unsigned char *c = (const unsigned char *)text;
    size_t valid = str_valid_utf8(text, strlen(text));
    for (; *c != '\0'; c++) {
        if (valid == 0) {
            buf_puts(line, "\xEF\xBF\xBD");
            valid = str_valid_utf8((const char *)c + 1, strlen((const char *)c + 1));
            continue;
        }
        valid--;
        if (*c == '"' || *c == '\\') {
            buf_printf(line, "\\%c", *c);
        } else if (*c < 0x20) {
            buf_printf(line, "\\u%04x", *c);
        } else {
            buf_putc(line, (char)*c);
        }
    }
    buf_putc(line, '"');
}

/* Control characters would let data drive the terminal or forge a line. */
static void append_plain_text(Buf *line, const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        buf_putc(line, *c < 0x20 || *c == 0x7F ? ' ' : (char)*c);
    }
}

static void append_json_field(Buf *line, const char *name, const char *value) {
    if (value != NULL && value[0] != '\0') {
        buf_putc(line, ',');
        append_json_text(line, name);
        buf_putc(line, ':');
        append_json_text(line, value);
    }
}

static void write_line(Buf *line) {
    log_progress(NULL);
    buf_putc(line, '\n');
    FILE *out = log_state.is_lambda ? stdout : stderr;
    fwrite(buf_text(line), 1, line->size, out);
    fflush(out);
}

static void begin_json(Buf *line, LogLevel level) {
    if (log_state.is_lambda) {
        char now[LOG_TIME_SIZE];
        log_format_now(now);
        buf_printf(line, "{\"timestamp\":\"%s\",\"level\":\"%s\"", now, lambda_level_names[level]);
        append_json_field(line, "requestId", log_state.invocation);
    } else {
        char now[CLOCK_TIME_SIZE];
        clock_format_time(clock_now_ms(), now);
        buf_printf(line, "{\"time\":\"%s\",\"level\":\"%s\"", now, level_names[level]);
    }
}

static void write_json(LogLevel level, const char *message, const LogField *fields) {
    OWN(buf_done) Buf line = {0};
    begin_json(&line, level);
    buf_puts(&line, ",\"message\":");
    append_json_text(&line, message);
    for (; fields != NULL && fields->name != NULL; fields++) {
        append_json_field(&line, fields->name, fields->value);
    }
    buf_putc(&line, '}');
    write_line(&line);
}

static void write_text(LogLevel level, const char *message, const LogField *fields) {
    OWN(buf_done) Buf line = {0};
    buf_puts(&line, "confhouse: ");
    if (level <= LOG_WARN) {
        buf_printf(&line, "%s: ", level_names[level]);
    }
    append_plain_text(&line, message);
    const char *open = " (";
    for (; fields != NULL && fields->name != NULL; fields++) {
        if (fields->value != NULL && fields->value[0] != '\0') {
            buf_printf(&line, "%s%s ", open, fields->name);
            append_plain_text(&line, fields->value);
            open = ", ";
        }
    }
    if (open[0] == ',') {
        buf_putc(&line, ')');
    }
    write_line(&line);
}

static void write_message(LogLevel level, const char *message, const LogField *fields) {
    if (log_state.format == LOG_JSON) {
        write_json(level, message, fields);
    } else {
        write_text(level, message, fields);
    }
}

void log_message(LogLevel level, const char *format, ...) {
    if (!log_enabled(level)) {
        return;
    }
    OWN(buf_done) Buf message = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&message, format, args);
    va_end(args);
    write_message(level, buf_text(&message), NULL);
}

void log_fields(LogLevel level, const LogField *fields, const char *format, ...) {
    if (!log_enabled(level)) {
        return;
    }
    OWN(buf_done) Buf message = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&message, format, args);
    va_end(args);
    write_message(level, buf_text(&message), fields);
}

void log_err(LogLevel level, const Err *err) {
    if (!log_enabled(level)) {
        return;
    }
    if (log_state.format == LOG_JSON) {
        const LogField fields[] = {
            {"kind", status_word(err->status)}, {"hint", err->hint},
            {"account", err->account},          {"region", err->region},
            {"operation", err->operation},      {"code", err->code},
            {"request_id", err->request_id},    {NULL, NULL},
        };
        write_json(level, err->message, fields);
        return;
    }
    OWN(buf_done) Buf message = {0};
    buf_puts(&message, err->message);
    if (err->hint[0] != '\0') {
        buf_printf(&message, " (%s)", err->hint);
    }
    write_text(level, buf_text(&message), NULL);
}

void log_progress(const char *format, ...) {
    if (format == NULL) {
        if (log_state.progress_shown) {
            fputs("\r\033[K", stderr);
            log_state.progress_shown = false;
        }
        return;
    }
    if (log_state.format != LOG_TEXT || !log_enabled(LOG_INFO) || !isatty(STDERR_FILENO)) {
        return;
    }
    fputs("\r\033[K", stderr);
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fflush(stderr);
    log_state.progress_shown = true;
}
