/* Grid: the rows of a query as a table of cells, row by row.
 *
 * Columns are found by their name in the query. What is NULL is shown as absent, never as a number.
 * Two columns of a query have a meaning of their own: `reading` (whole, part, none, out: left
 * out on purpose, empty: there is nothing to read) says how much was read of what the row is about,
 * and `compliant` and `non_compliant` make the ratio of a total. */
#ifndef REPORT_GRID_H
#define REPORT_GRID_H

#include "report/book.h"

typedef enum GridKind {
    GRID_TEXT,
    GRID_WORD,   /* a code, shown as people say it */
    GRID_COUNT,  /* #,##0 */
    GRID_RATIO,  /* 0 to 1, shown as 0.0% and coloured by the thresholds */
    GRID_POINTS, /* a difference of ratios, shown in percentage points */
    GRID_DATE,
    GRID_STATUS, /* what a ratio means, as a word and a colour */
    GRID_LINK,   /* to the finding in the AWS console: needs region, resource_type, resource_id and
                    rule_name in the query */
} GridKind;

typedef enum GridTotal {
    GRID_TOTAL_NONE,
    GRID_TOTAL_SUM,
    GRID_TOTAL_RATIO,       /* of the sums of compliant and non_compliant */
    GRID_TOTAL_RATIO_AFTER, /* the same, with the sum of waived counted as compliant */
} GridTotal;

typedef struct GridColumn {
    const char *name; /* of the query's column; NULL ends the list */
    const char *header;
    double width; /* in digits: of the sheet's column, or of the cells spanned */
    GridKind kind;
    GridTotal total;
    const char *absent; /* shown for NULL; NULL = an empty cell */
    uint16_t span;      /* cells taken up in a row; 0 = 1 */
} GridColumn;

/* Excel's limit for links of a sheet is kept, though these are formulas. */
enum { GRID_MAX_COLUMNS = 24, GRID_MAX_LINKS = 65530, GRID_LINK_SOURCES = 4 };

/* A text as it was measured last. */
typedef struct GridMeasured {
    char text[112];
    int lines; /* 0 = nothing measured, or too long to be kept */
} GridMeasured;

typedef struct Grid {
    Book *book;                /* borrowed */
    const GridColumn *columns; /* borrowed */
    int count;
    Stmt *stmt;
    int source[GRID_MAX_COLUMNS]; /* the query's column */
    int reading;                  /* the query's column, -1 when it has none */
    int link[GRID_LINK_SOURCES];  /* the query's columns that make a link */
    int links;                    /* below the last header */
    int64_t sums[GRID_MAX_COLUMNS];
    bool known[GRID_MAX_COLUMNS]; /* a row so far had something in the column */
    int lines[GRID_MAX_COLUMNS];  /* of text in the row at hand */
    GridMeasured measured[GRID_MAX_COLUMNS];
    int64_t rows;
    Spot header; /* the first cell of the header written last */
    Spot next;   /* the first cell of the next row */
} Grid;

/* ST_INTERNAL when the query lacks a column. */
Status grid_open(Book *book, const char *query, const GridColumn *columns, Grid *ret_grid,
                 Err *err) WARN_UNUSED;
void grid_close(Grid *grid);

/* Writes the header at a place; rows follow below it. */
Status grid_put_header(Grid *grid, Spot at, Err *err) WARN_UNUSED;
/* Steps to the next row of the query; it is written by grid_put_row, below the one before. */
Status grid_next(Grid *grid, bool *ret_row, Err *err) WARN_UNUSED;
Status grid_put_row(Grid *grid, Err *err) WARN_UNUSED;
/* The sums of all rows so far, under `label`, over all headers. */
Status grid_put_totals(Grid *grid, const char *label, Err *err) WARN_UNUSED;
/* Colours ratios from the last header down to the last row. */
Status grid_color_ratios(const Grid *grid, Err *err) WARN_UNUSED;

/* Cells a row takes up. */
uint16_t grid_width(const GridColumn *columns);
/* The first cell of the query's column in a row that begins at column 0. */
uint16_t grid_column_at(const GridColumn *columns, const char *name);

#endif
