/* Export: the evaluations of a run as CSV or as JSON lines, row by row: memory does not depend on
 * how many there are. */
#ifndef APP_EXPORT_H
#define APP_EXPORT_H

#include "base/err.h"
#include "db/db.h"

#include <stdint.h>
#include <stdio.h>

typedef enum ExportFormat { EXPORT_CSV, EXPORT_JSON_LINES } ExportFormat;

Status export_evaluations(Db *history, const char *group_id, ExportFormat format, FILE *out,
                          int64_t *ret_rows, Err *err) WARN_UNUSED;

/* The same into a file, which is there whole or not at all. */
Status export_to_file(Db *history, const char *group_id, ExportFormat format, const char *path,
                      int64_t *ret_rows, Err *err) WARN_UNUSED;

#endif
