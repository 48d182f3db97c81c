#include "base/str.h"
#include "format/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT_CHARACTER "\xEF\xBF\xBD"

static void append_escape(Buf *out, unsigned char c) {
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: the byte, its letter */
    for (size_t i = 0; i < sizeof named - 1; i += 2) {
        if ((unsigned char)named[i] == c) {
            char escape[2] = {'\\', named[i + 1]};
            buf_append(out, escape, sizeof escape);
            return;
        }
    }
    buf_printf(out, "\\u%04x", c);
}

static void append_escaped(Buf *out, const char *text, size_t size) {
    size_t done = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
            continue;
        }
        buf_append(out, text + done, i - done);
        append_escape(out, c);
        done = i + 1;
    }
    buf_append(out, text + done, size - done);
}

void json_append_quoted(Buf *out, const char *text, size_t size) {
    buf_putc(out, '"');
    while (size > 0) {
        size_t valid = str_valid_utf8(text, size);
        append_escaped(out, text, valid);
        text += valid;
        size -= valid;
        if (size > 0) {
            buf_puts(out, REPLACEMENT_CHARACTER);
            text++;
            size--;
        }
    }
    buf_putc(out, '"');
}

void json_append_double(Buf *out, double number) {
    if (!isfinite(number)) {
        buf_puts(out, "null");
        return;
    }
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    buf_puts(out, text);
}

/* What stands before every value: the comma behind its predecessor, and its name. */
static void start_value(JsonWriter *json, const char *name) {
    if (json->needs_comma) {
        buf_putc(json->out, ',');
    }
    if (name != NULL) {
        json_append_quoted(json->out, name, strlen(name));
        buf_putc(json->out, ':');
    }
    json->needs_comma = true;
}

static void begin(JsonWriter *json, const char *name, char bracket) {
    start_value(json, name);
    buf_putc(json->out, bracket);
    json->needs_comma = false;
}

static void end(JsonWriter *json, char bracket) {
    buf_putc(json->out, bracket);
    json->needs_comma = true;
}

void json_begin_object(JsonWriter *json, const char *name) {
    begin(json, name, '{');
}

void json_end_object(JsonWriter *json) {
    end(json, '}');
}

void json_begin_array(JsonWriter *json, const char *name) {
    begin(json, name, '[');
}

void json_end_array(JsonWriter *json) {
    end(json, ']');
}

void json_put_text(JsonWriter *json, const char *name, const char *text) {
    start_value(json, name);
    if (text == NULL) {
        buf_puts(json->out, "null");
    } else {
        json_append_quoted(json->out, text, strlen(text));
    }
}

void json_put_int(JsonWriter *json, const char *name, int64_t number) {
    start_value(json, name);
    buf_printf(json->out, "%lld", (long long)number);
}

void json_put_double(JsonWriter *json, const char *name, double number) {
    start_value(json, name);
    json_append_double(json->out, number);
}

void json_put_bool(JsonWriter *json, const char *name, bool value) {
    start_value(json, name);
    buf_puts(json->out, value ? "true" : "false");
}

void json_put_null(JsonWriter *json, const char *name) {
    start_value(json, name);
    buf_puts(json->out, "null");
}
