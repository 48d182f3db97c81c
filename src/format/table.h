/* Rows for people and scripts: one printer for all commands, in four formats.
 *
 * table and markdown align columns, so they hold rows back up to TABLE_ALIGN_ROWS and then keep
 * those widths; csv and json stream from the first row on. json is one array of objects. */
#ifndef FORMAT_TABLE_H
#define FORMAT_TABLE_H

#include "base/err.h"

#include <stdint.h>
#include <stdio.h>

typedef enum TableFormat { TABLE_TEXT, TABLE_CSV, TABLE_JSON, TABLE_MARKDOWN } TableFormat;
enum { TABLE_MAX_COLUMNS = 128, TABLE_ALIGN_ROWS = 1000 };

typedef enum CellType { CELL_NULL, CELL_TEXT, CELL_INT, CELL_REAL } CellType;
typedef struct Cell {
    CellType type;
    const char *text; /* CELL_TEXT: borrowed during the call */
    int64_t integer;  /* CELL_INT */
    double real;      /* CELL_REAL */
} Cell;

typedef struct Table Table;

/* "table", "csv", "json", "markdown". */
bool table_format_parse(const char *name, TableFormat *ret_format);

/* Column names are copied. `out` is borrowed. */
Table *table_new(FILE *out, TableFormat format, size_t column_count, const char *const *columns);
void table_row(Table *table, const Cell *cells); /* column_count of them */
/* Prints what is held back. ST_IO when `out` could not take it all. */
Status table_finish(Table *table, Err *err) WARN_UNUSED;
void table_free(Table *table);
void table_free_at(Table **table);

#endif
