#include "format/csv.h"

#include "base/str.h"

#include <string.h>

void csv_append_text(Buf *out, const char *text) {
    bool is_formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    bool is_quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (is_quoted) {
        buf_putc(out, '"');
    }
    if (is_formula) {
        buf_putc(out, '\'');
    }
    for (const char *quote = strchr(text, '"'); quote != NULL; quote = strchr(text, '"')) {
        buf_append(out, text, (size_t)(quote - text));
        buf_puts(out, "\"\"");
        text = quote + 1;
    }
    buf_puts(out, text);
    if (is_quoted) {
        buf_putc(out, '"');
    }
}

void csv_open(CsvReader *reader, const char *text, size_t size) {
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        size -= 3;
    }
    *reader = (CsvReader){.at = text, .end = text + size, .line = 0, .next_line = 1};
}

static bool at_line_end(const CsvReader *reader) {
    return reader->at == reader->end || *reader->at == '\n' || *reader->at == '\r';
}

/* LF, CR LF or CR. */
static void pass_line_end(CsvReader *reader) {
    if (reader->at < reader->end) {
        if (*reader->at++ == '\r' && reader->at < reader->end && *reader->at == '\n') {
            reader->at++;
        }
        reader->next_line++;
    }
}

/* False at the end of the text. */
static bool pass_blank_lines(CsvReader *reader) {
    while (reader->at < reader->end) {
        const char *row = reader->at;
        while (!at_line_end(reader) && (*reader->at == ' ' || *reader->at == '\t')) {
            reader->at++;
        }
        if (!at_line_end(reader)) {
            reader->at = row;
            return true;
        }
        pass_line_end(reader);
    }
    return false;
}

static Status bad_row(const CsvReader *reader, const char *why, Err *err) {
    return err_set(err, ST_INPUT, "line %d: %s", reader->line, why);
}

static Status read_quoted(CsvReader *reader, Buf *field, Err *err) {
    reader->at++;
    for (;;) {
        const char *quote = memchr(reader->at, '"', (size_t)(reader->end - reader->at));
        if (quote == NULL) {
            return bad_row(reader, "a quoted field does not end", err);
        }
        for (const char *at = reader->at; at < quote; at++) {
            bool is_lone_cr = at[0] == '\r' && at[1] != '\n';
            reader->next_line += *at == '\n' || is_lone_cr;
        }
        buf_append(field, reader->at, (size_t)(quote - reader->at));
        reader->at = quote + 1;
        if (reader->at == reader->end || *reader->at != '"') {
            break;
        }
        buf_putc(field, '"');
        reader->at++;
    }
    if (!at_line_end(reader) && *reader->at != ',') {
        return bad_row(reader, "text follows the closing quote of a field", err);
    }
    return ST_OK;
}

static void read_plain(CsvReader *reader, Buf *field) {
    const char *start = reader->at;
    while (!at_line_end(reader) && *reader->at != ',') {
        reader->at++;
    }
    buf_append(field, start, (size_t)(reader->at - start));
}

static Status read_field(CsvReader *reader, Buf *field, Err *err) {
    buf_clear(field);
    if (reader->at < reader->end && *reader->at == '"') {
        TRY(read_quoted(reader, field, err));
    } else {
        read_plain(reader, field);
    }
    if (field->overflowed) {
        return bad_row(reader, "a field is too large", err);
    }
    if (field->size > 0 && memchr(field->data, '\0', field->size) != NULL) {
        return bad_row(reader, "it holds a NUL byte", err);
    }
    if (str_valid_utf8(buf_text(field), field->size) != field->size) {
        return bad_row(reader, "it is not UTF-8", err);
    }
    return ST_OK;
}

Status csv_next(CsvReader *reader, Arena *arena, CsvRow *ret_row, bool *ret_more, Err *err) {
    ret_row->count = 0;
    *ret_more = pass_blank_lines(reader);
    if (!*ret_more) {
        return ST_OK;
    }
    reader->line = reader->next_line;
    OWN(buf_done) Buf field = {0};
    for (;;) {
        if (ret_row->count == CSV_MAX_FIELDS) {
            return bad_row(reader, "it has too many fields", err);
        }
        TRY(read_field(reader, &field, err));
        ret_row->fields[ret_row->count++] = arena_strndup(arena, buf_text(&field), field.size);
        if (at_line_end(reader)) {
            break;
        }
        reader->at++; /* the comma */
    }
    pass_line_end(reader);
    return ST_OK;
}

void csv_pass_row(CsvReader *reader) {
    while (!at_line_end(reader)) {
        reader->at++;
    }
    pass_line_end(reader);
}
