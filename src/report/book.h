/* Book: a workbook being written. Rows go to temporary files as they come, strictly downwards in
 * each sheet, so that memory does not depend on how many there are.
 *
 * Everything that goes into a cell passes through here: texts are made harmless and written as
 * texts, whatever they look like, and no return code of the library is passed over. */
#ifndef REPORT_BOOK_H
#define REPORT_BOOK_H

#include "base/buf.h"
#include "db/db.h"
#include "report/report.h"
#include "report/style.h"
#include "warehouse/query.h"

#include <stdbool.h>
#include <stdint.h>

enum { BOOK_MAX_ROWS = 1048576 /* Excel's */, BOOK_MAX_LINES = 12 };

/* The run that the workbook is about: one row of the query sheet_run. */
typedef struct BookRun {
    char group_id[65];
    char date[11];
    char started_at[25];
    char finished_at[25];
    char previous_group_id[65]; /* "" in the first run */
    char previous_date[11];
    char organization_id[35]; /* "" = not known */
    char management_account[129];
    int64_t runs;
    int64_t accounts;
    int64_t accounts_unread;
    int64_t scopes_planned;
    int64_t scopes_scanned;
    int64_t scopes_denied;
    int64_t scopes_failed;
    int64_t scopes_missing;
    int64_t scopes_skipped;
    int64_t rules_failed;
    int64_t recorders_off;
    int64_t shards_refused;
    int64_t evaluations;
    int64_t findings_last_known; /* of what was not read */
} BookRun;

typedef struct Book {
    lxw_workbook *workbook;
    lxw_format *styles[STYLES];
    Db *history;                  /* borrowed */
    const ReportOptions *options; /* borrowed */
    BookRun run;
    int64_t rows; /* of data, over all sheets */
    Buf text;     /* scratch */
} Book;

/* A cell. */
typedef struct Spot {
    lxw_worksheet *sheet;
    uint32_t row; /* from 0 */
    uint16_t column;
} Spot;

/* `history` and `options` are set, the rest is zero. ST_NOTHING when there is no such run. */
Status book_load_run(Book *book, Err *err) WARN_UNUSED;
/* Begins the file at `path`. */
Status book_open(Book *book, const char *path, Err *err) WARN_UNUSED;
/* Finishes the file and checks that it is whole. The book is closed whatever comes. */
Status book_close(Book *book, const char *path, Err *err) WARN_UNUSED;
/* Releases everything; an unfinished file is not finished. */
void book_done(Book *book);

/* The named query, for this book's run, narrowed as its options say. */
Status book_query(Book *book, const char *name, Stmt **ret_stmt, Err *err) WARN_UNUSED;
/* Appends how the report is narrowed, as parameters of `confhouse query`: " -p owner=web". */
void book_append_params(const Book *book, const QueryInfo *info, Buf *out);
/* ST_CANCELLED once the caller's flag is up. */
Status book_check_cancelled(const Book *book, Err *err) WARN_UNUSED;
/* Turns a return code of the library into an error. */
Status book_check(lxw_error code, const char *doing, Err *err) WARN_UNUSED;

/* A new sheet, after those there are, with everything that all sheets have in common. */
Status book_add_sheet(Book *book, const char *title, uint32_t tab_color, lxw_worksheet **ret_sheet,
                      Err *err) WARN_UNUSED;
/* ST_IO when the rows of the sheet could not all be stored so far. */
Status book_check_sheet(const lxw_worksheet *sheet, Err *err) WARN_UNUSED;

Status book_text(Book *book, Spot at, const char *text, Style style, Err *err) WARN_UNUSED;
/* Over `columns` cells of a row. */
Status book_wide_text(Book *book, Spot at, uint16_t columns, const char *text, Style style,
                      Err *err) WARN_UNUSED;
Status book_number(Book *book, Spot at, double number, Style style, Err *err) WARN_UNUSED;
/* `text` that opens `url` when it is clicked: a formula, because the library would hold each real
 * link in memory. The url is ASCII without quotes, up to 255 characters; the text is ours. */
Status book_link(Book *book, Spot at, const char *url, const char *text, Err *err) WARN_UNUSED;
/* YYYY-MM-DD as a real date; what is not one stays text. */
Status book_date(Book *book, Spot at, const char *date, Err *err) WARN_UNUSED;
Status book_blank(Book *book, Spot at, Style style, Err *err) WARN_UNUSED;
Status book_row_height(lxw_worksheet *sheet, uint32_t row, double points, Err *err) WARN_UNUSED;

/* High enough for so many lines of text; up to BOOK_MAX_LINES. Before the row's cells. */
Status book_row_lines(lxw_worksheet *sheet, uint32_t row, int lines, Err *err) WARN_UNUSED;

#endif
