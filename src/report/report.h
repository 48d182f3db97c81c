/* Report: renders the workbook of a run from the history's views. Each sheet is declared in one
 * table: title, query, columns with header, width and format. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/err.h"
#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct ReportOptions {
    const char *group_id;       /* the run; NULL = the newest */
    double green_from;          /* ratio from which a cell is green: 0.95 */
    double yellow_from;         /* … yellow: 0.80; red below */
    const char *history_sha256; /* for the About sheet; "" when not known */
    int64_t max_rows;           /* of a sheet, before it goes on in another; 0 = Excel's limit */
    const bool *cancelled;      /* may be NULL */
    /* Narrow it; NULL = all. */
    const char *environment; /* prod, nonprod or unclassified */
    const char *account;     /* an id, or a name in that run */
    const char *owner;       /* "" = what nobody owns */
    const char *since;       /* YYYY-MM-DD: where the trend begins, and the findings listed */
} ReportOptions;

bool report_is_narrowed(const ReportOptions *options);

typedef struct ReportResult {
    char group_id[65];
    char date[11]; /* of the run: the workbook is named after it */
    int64_t rows;  /* written, over all sheets */
} ReportResult;

/* Writes the workbook to `path`: under a temporary name beside it first, so that there is a whole
 * one or none. ST_NOTHING when there is no such run, ST_IO when it cannot be written. Rows wait in
 * $TMPDIR (or /tmp); memory does not depend on their number. */
Status report_write(Db *history, const ReportOptions *options, const char *path,
                    ReportResult *ret_result, Err *err) WARN_UNUSED;

#endif
