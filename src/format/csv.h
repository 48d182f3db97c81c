/* CSV (RFC 4180): reading what users give, writing what spreadsheets open. */
#ifndef FORMAT_CSV_H
#define FORMAT_CSV_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Appends one field, without the comma behind it: quoted where needed; text that a spreadsheet
 * would take for a formula (it begins with = + - @ tab or CR) gets an apostrophe before it. */
void csv_append_text(Buf *out, const char *text);

typedef struct CsvReader {
    const char *at;
    const char *end;
    int line; /* 1-based, of the row that was read last */
    int next_line;
} CsvReader;

enum { CSV_MAX_FIELDS = 64 };

typedef struct CsvRow {
    size_t count;
    const char *fields[CSV_MAX_FIELDS]; /* in the arena */
} CsvRow;

/* A byte order mark is passed over. `text` is borrowed. */
void csv_open(CsvReader *reader, const char *text, size_t size);
/* `*ret_more` is false at the end. Blank lines are passed over. ST_INPUT names the line. */
Status csv_next(CsvReader *reader, Arena *arena, CsvRow *ret_row, bool *ret_more,
                Err *err) WARN_UNUSED;
/* Goes on at the line behind a row that csv_next refused. */
void csv_pass_row(CsvReader *reader);

#endif
