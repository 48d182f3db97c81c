/* Summary: the first sheet, which says on one screen how it stands and what needs attention. */
#ifndef REPORT_SUMMARY_H
#define REPORT_SUMMARY_H

#include "report/book.h"

#define SUMMARY_TITLE "Summary"

/* Where the chart goes, once the Trend sheet has been written. */
typedef struct SummaryResult {
    Spot chart;
} SummaryResult;

/* The queries that its figures come from; NULL after the last. */
const char *summary_query(size_t index);

Status summary_write(Book *book, SummaryResult *ret_result, Err *err) WARN_UNUSED;

/* How much of the organization was read, in a sentence: "46 of 48 scopes were read; …". */
void summary_describe_coverage(const BookRun *run, Buf *ret_text);

/* What is left out, in a sentence; `options` narrow the report. Appends. */
void summary_describe_narrowing(const ReportOptions *options, Buf *ret_text);

/* Whether everything that should have been read was read. */
bool summary_is_complete(const BookRun *run);

#endif
