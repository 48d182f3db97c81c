/* Sheet: a query as a sheet of its own, with a line that says what it is, a header that stays in
 * sight and can be filtered, and as many parts as Excel's row limit asks for. */
#ifndef REPORT_SHEET_H
#define REPORT_SHEET_H

#include "report/grid.h"

typedef struct SheetSpec {
    const char *title; /* up to 25 characters: " (12)" may follow */
    const char *query; /* in queries/, without .sql */
    const char *intro; /* what one row is */
    const char *when_empty;
    uint32_t tab_color;
    const GridColumn *columns;
    const char *total;      /* label of a last row with sums; NULL = none */
    uint16_t print_columns; /* the first ones, that fit on paper; 0 = all */
} SheetSpec;

/* Where its rows went: for charts and for the list of sheets. */
typedef struct SheetResult {
    lxw_worksheet *sheet; /* the last part */
    uint32_t first_row;   /* of data in that part */
    uint32_t last_row;
    int64_t rows; /* of data, over all parts */
    int parts;
} SheetResult;

Status sheet_write(Book *book, const SheetSpec *spec, SheetResult *ret_result,
                   Err *err) WARN_UNUSED;

#endif
