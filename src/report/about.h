/* About: the last sheet: what the workbook is, how its figures come about, and where each can be
 * followed. */
#ifndef REPORT_ABOUT_H
#define REPORT_ABOUT_H

#include "report/sheet.h"

typedef struct AboutSheet {
    const char *title;
    const char *query; /* NULL ends a list */
    int64_t rows;
} AboutSheet;

Status about_write(Book *book, const AboutSheet *sheets, Err *err) WARN_UNUSED;

#endif
