/* Chart: ratios from run to run as bars of a terminal, one column for each environment. */
#ifndef CLI_CHART_H
#define CLI_CHART_H

#include "base/buf.h"
#include "format/table.h"

#include <stdbool.h>

enum { CHART_LINES = 3, CHART_MAX_RUNS = 104 };

typedef struct ChartRun {
    char name[65];
    Cell ratios[CHART_LINES]; /* Prod, Non-Prod, Unclassified; CELL_NULL = not known */
} ChartRun;

typedef struct Chart {
    double green_from;
    double yellow_from;
    ChartRun *runs; /* the newest CHART_MAX_RUNS */
    size_t count;
    size_t seen;
} Chart;

/* Runs come oldest first. */
void chart_add_run(Chart *chart, const char *name, const Cell ratios[CHART_LINES]);
void chart_done(Chart *chart);

/* No run has a ratio: there is nothing to draw. */
bool chart_is_empty(const Chart *chart);

/* At most `width` columns wide, if there is room for anything. The sign before a ratio says what
 * its colour does. What is not known is no bar of length zero, but said. */
void chart_draw(const Chart *chart, size_t width, bool is_colored, Buf *out);

#endif
