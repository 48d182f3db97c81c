/* Graph: native charts over the rows of the Trend sheet. */
#ifndef REPORT_GRAPH_H
#define REPORT_GRAPH_H

#include "report/sheet.h"

/* The sheet that the charts read, and where its figures are. */
typedef struct GraphSource {
    const char *title;
    const char *query; /* that made it */
    const GridColumn *columns;
    const SheetResult *result;
} GraphSource;

typedef struct GraphPlace {
    Spot at;       /* its top left corner */
    int32_t right; /* of that corner, pixels */
    double width;  /* pixels */
    double height; /* pixels */
} GraphPlace;

/* Ratios of the environments over the runs, newest at the right; runs that were not read are gaps.
 * Nothing where there is no ratio at all. */
Status graph_put_ratios(Book *book, const GraphSource *source, const GraphPlace *place,
                        Err *err) WARN_UNUSED;
/* New and resolved findings of each run. Nothing with fewer than two runs, or
 * when nothing ever came or went. */
Status graph_put_findings(Book *book, const GraphSource *source, const GraphPlace *place,
                          Err *err) WARN_UNUSED;

#endif
