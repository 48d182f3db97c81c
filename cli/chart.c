#include "chart.h"

#include "base/mem.h"
#include "base/str.h"
#include "format/display.h"

#include <stdio.h>
#include <string.h>

enum { RATIO_WIDTH = 8 /* "● 91.5%" and a blank */, GAP = 2, BAR_MIN = 4, BAR_MAX = 40 };

static const char *const titles[CHART_LINES] = {"Prod", "Non-Prod", "Unclassified"};

void chart_add_run(Chart *chart, const char *name, const Cell ratios[CHART_LINES]) {
    if (chart->runs == NULL) {
        chart->runs = mem_alloc(CHART_MAX_RUNS * sizeof *chart->runs);
    }
    if (chart->count == CHART_MAX_RUNS) {
        memmove(chart->runs, chart->runs + 1, (CHART_MAX_RUNS - 1) * sizeof *chart->runs);
        chart->count--;
    }
    ChartRun *run = &chart->runs[chart->count++];
    str_copy(run->name, sizeof run->name, name);
    memcpy(run->ratios, ratios, sizeof run->ratios);
    chart->seen++;
}

void chart_done(Chart *chart) {
    mem_free(chart->runs);
    chart->runs = NULL;
}

static double ratio_of(const Cell *cell) {
    return cell->type == CELL_INT ? (double)cell->integer : cell->real;
}

/* An environment of which no run knows anything has no column. */
static bool is_shown(const Chart *chart, int line) {
    for (size_t i = 0; i < chart->count; i++) {
        if (chart->runs[i].ratios[line].type != CELL_NULL) {
            return true;
        }
    }
    return false;
}

bool chart_is_empty(const Chart *chart) {
    for (int line = 0; line < CHART_LINES; line++) {
        if (is_shown(chart, line)) {
            return false;
        }
    }
    return true;
}

typedef struct Level {
    const char *sign;
    const char *color;
} Level;

static Level level_of(const Chart *chart, double ratio) {
    if (ratio >= chart->green_from) {
        return (Level){"\xE2\x97\x8F", "\x1b[32m"};
    }
    if (ratio >= chart->yellow_from) {
        return (Level){"\xE2\x96\xB2", "\x1b[33m"};
    }
    return (Level){"\xE2\x96\xBC", "\x1b[31m"};
}

static void put_blanks(Buf *out, size_t count) {
    while (count-- > 0) {
        buf_putc(out, ' ');
    }
}

/* Whole blocks, then one in eighths. */
static void put_bar(double ratio, size_t width, Buf *out) {
    static const char *const parts[] = {"",
                                        "\xE2\x96\x8F",
                                        "\xE2\x96\x8E",
                                        "\xE2\x96\x8D",
                                        "\xE2\x96\x8C",
                                        "\xE2\x96\x8B",
                                        "\xE2\x96\x8A",
                                        "\xE2\x96\x89"};
    size_t eighths = (size_t)(ratio * (double)width * 8 + 0.5);
    size_t used = eighths / 8 + (eighths % 8 > 0);
    for (size_t i = 0; i < eighths / 8; i++) {
        buf_puts(out, "\xE2\x96\x88");
    }
    buf_puts(out, parts[eighths % 8]);
    put_blanks(out, width - used);
}

static void put_cell(const Chart *chart, const Cell *cell, size_t bar, bool is_colored, Buf *out) {
    if (cell->type == CELL_NULL) {
        buf_puts(out, "- not known");
        size_t width = RATIO_WIDTH + bar;
        put_blanks(out, width > strlen("- not known") ? width - strlen("- not known") : 0);
        return;
    }
    double ratio = ratio_of(cell);
    ratio = ratio < 0 ? 0 : ratio > 1 ? 1 : ratio;
    Level level = level_of(chart, ratio);
    char number[16];
    snprintf(number, sizeof number, "%5.1f%%", ratio * 100);
    buf_printf(out, "%s%s%s ", is_colored ? level.color : "", level.sign, number);
    put_bar(ratio, bar, out);
    buf_puts(out, is_colored ? "\x1b[0m" : "");
}

/* The lowest is the lowest block, the highest the highest: small changes can be seen. */
static void put_sparkline(const Chart *chart, int line, Buf *out) {
    double low = 1;
    double high = 0;
    for (size_t i = 0; i < chart->count; i++) {
        const Cell *cell = &chart->runs[i].ratios[line];
        double ratio = ratio_of(cell);
        low = cell->type != CELL_NULL && ratio < low ? ratio : low;
        high = cell->type != CELL_NULL && ratio > high ? ratio : high;
    }
    for (size_t i = 0; i < chart->count; i++) {
        const Cell *cell = &chart->runs[i].ratios[line];
        double share = high > low ? (ratio_of(cell) - low) / (high - low) : 1;
        unsigned block = cell->type == CELL_NULL ? 0 : (unsigned)(share * 7 + 0.5);
        if (cell->type == CELL_NULL) {
            buf_putc(out, ' ');
        } else { /* U+2581 to U+2588 */
            buf_printf(out, "\xE2\x96%c", (int)(0x81 + block));
        }
    }
    buf_printf(out, "  %.1f%% to %.1f%%\n", low * 100, high * 100);
}

static void put_sparklines(const Chart *chart, Buf *out) {
    buf_putc(out, '\n');
    for (int line = 0; line < CHART_LINES; line++) {
        if (is_shown(chart, line)) {
            buf_printf(out, "%-12s  ", titles[line]);
            put_sparkline(chart, line, out);
        }
    }
}

static void put_header(const Chart *chart, size_t name_width, size_t bar, Buf *out) {
    buf_puts(out, "run");
    put_blanks(out, name_width - strlen("run"));
    for (int line = 0; line < CHART_LINES; line++) {
        if (is_shown(chart, line)) {
            put_blanks(out, GAP);
            buf_puts(out, titles[line]);
            put_blanks(out, RATIO_WIDTH + bar - strlen(titles[line]));
        }
    }
    while (out->size > 0 && out->data[out->size - 1] == ' ') {
        out->data[--out->size] = '\0';
    }
    buf_putc(out, '\n');
}

static void put_run(const Chart *chart, const ChartRun *run, size_t widths[2], bool is_colored,
                    Buf *out) {
    size_t name = display_append(out, run->name);
    put_blanks(out, name < widths[0] ? widths[0] - name : 0);
    for (int line = 0; line < CHART_LINES; line++) {
        if (is_shown(chart, line)) {
            put_blanks(out, GAP);
            put_cell(chart, &run->ratios[line], widths[1], is_colored, out);
        }
    }
    buf_putc(out, '\n');
}

static size_t find_name_width(const Chart *chart) {
    size_t width = strlen("run");
    for (size_t i = 0; i < chart->count; i++) {
        OWN(buf_done) Buf name = {0};
        size_t used = display_append(&name, chart->runs[i].name);
        width = used > width ? used : width;
    }
    return width;
}

void chart_draw(const Chart *chart, size_t width, bool is_colored, Buf *out) {
    size_t lines = 0;
    for (int line = 0; line < CHART_LINES; line++) {
        lines += is_shown(chart, line);
    }
    if (lines == 0) {
        return;
    }
    size_t widths[2] = {find_name_width(chart), BAR_MIN};
    size_t taken = widths[0] + lines * (GAP + RATIO_WIDTH);
    size_t bar = width > taken ? (width - taken) / lines : BAR_MIN;
    widths[1] = bar < BAR_MIN ? BAR_MIN : bar > BAR_MAX ? BAR_MAX : bar;
    if (chart->seen > chart->count) {
        buf_printf(out, "The newest %zu of %zu runs; --format csv has them all.\n\n", chart->count,
                   chart->seen);
    }
    put_header(chart, widths[0], widths[1], out);
    for (size_t i = 0; i < chart->count; i++) {
        put_run(chart, &chart->runs[i], widths, is_colored, out);
    }
    if (chart->count > 1) {
        put_sparklines(chart, out);
    }
}
