#include "report/graph.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdio.h>

/* The newest runs, about two years of them: more would not be legible. */
enum { GRAPH_MAX_RUNS = 104, GRAPH_MARKED_RUNS = 30, GRAPH_MAX_LINES = 4 };

typedef struct Line {
    const char *column; /* of the query */
    const char *label;
    uint32_t color;
} Line;

static const Line ratio_lines[] = {{"prod_ratio", "Prod", COLOR_BLUE},
                                   {"nonprod_ratio", "Non-Prod", COLOR_ORANGE},
                                   {"unclassified_ratio", "Unclassified", COLOR_GREY},
                                   {NULL, NULL, 0}};
static const Line finding_bars[] = {{"new_findings", "New findings", COLOR_RED},
                                    {"resolved_findings", "Resolved findings", COLOR_GREEN},
                                    {NULL, NULL, 0}};
static const char category_column[] = "group_id";

static char font_name[] = STYLE_FONT;
static const lxw_chart_font label_font = {.name = font_name, .size = 9, .color = 0x4B5563};

typedef struct Run {
    char group_id[65];
    Cell values[GRAPH_MAX_LINES];
} Run;

/* What the chart shows, kept beside the cells that it refers to: programs that show a workbook
 * without calculating it draw charts from their own copy, and the library cannot make one when
 * rows are not held in memory. */
typedef struct Figures {
    const Line *lines;
    Run runs[GRAPH_MAX_RUNS]; /* a ring: the run of place n is at n % GRAPH_MAX_RUNS */
    uint32_t seen;
    double low; /* of all values, at most 1 */
    double high;
    bool any[GRAPH_MAX_LINES]; /* something is known in the runs kept */
} Figures;

static uint32_t figures_kept(const Figures *figures) {
    return figures->seen < GRAPH_MAX_RUNS ? figures->seen : GRAPH_MAX_RUNS;
}

/* From 0, the oldest of those kept. */
static const Run *figures_run(const Figures *figures, uint32_t index) {
    uint32_t first = figures->seen - figures_kept(figures);
    return &figures->runs[(first + index) % GRAPH_MAX_RUNS];
}

static void read_figures(Stmt *stmt, Figures *figures) {
    Run *run = &figures->runs[figures->seen % GRAPH_MAX_RUNS];
    const char *group_id = stmt_text(stmt, stmt_column_at(stmt, category_column));
    str_copy(run->group_id, sizeof run->group_id, group_id == NULL ? "" : group_id);
    for (int i = 0; figures->lines[i].column != NULL; i++) {
        run->values[i] = stmt_cell(stmt, stmt_column_at(stmt, figures->lines[i].column));
    }
    figures->seen++;
}

static double number_of(const Cell *cell) {
    return cell->type == CELL_INT ? (double)cell->integer : cell->real;
}

static Status load_figures(Book *book, const GraphSource *source, Figures *figures, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    TRY(book_query(book, source->query, &stmt, err));
    for (bool row = true; row;) {
        TRY(stmt_step(stmt, &row, err));
        if (row) {
            read_figures(stmt, figures);
        }
    }
    figures->low = 1;
    for (uint32_t run = 0; run < figures_kept(figures); run++) {
        for (int i = 0; figures->lines[i].column != NULL; i++) {
            const Cell *value = &figures_run(figures, run)->values[i];
            double number = number_of(value);
            bool known = value->type != CELL_NULL;
            figures->any[i] = figures->any[i] || known;
            figures->low = known && number < figures->low ? number : figures->low;
            figures->high = known && number > figures->high ? number : figures->high;
        }
    }
    return ST_OK;
}

static void set_look(lxw_chart *chart, const char *title) {
    lxw_chart_font title_font = {
        .name = font_name, .size = 11, .bold = LXW_TRUE, .color = COLOR_NAVY};
    lxw_chart_font font = label_font;
    lxw_chart_line faint = {.color = COLOR_LINE, .width = 0.75F};
    chart_title_set_name(chart, title);
    chart_title_set_name_font(chart, &title_font);
    chart_legend_set_position(chart, LXW_CHART_LEGEND_BOTTOM);
    chart_legend_set_font(chart, &font);
    chart_axis_set_num_font(chart->x_axis, &font);
    chart_axis_set_num_font(chart->y_axis, &font);
    chart_axis_set_label_position(chart->x_axis, LXW_CHART_AXIS_LABEL_POSITION_LOW);
    chart_axis_set_line(chart->x_axis, &faint);
    chart_axis_major_gridlines_set_line(chart->y_axis, &faint);
    chart_chartarea_set_line(chart, &faint);
    chart_show_blanks_as(chart, LXW_CHART_BLANKS_AS_GAP);
}

/* The library frees what is added here, with the chart. */
static void add_point(lxw_series_range *range, const char *text, const Cell *value) {
    lxw_series_data_point *point = mem_alloc(sizeof *point);
    if (text != NULL) {
        point->is_string = LXW_TRUE;
        point->string = mem_strdup(text);
        range->has_string_cache = LXW_TRUE;
    } else if (value->type == CELL_NULL) {
        point->no_data = LXW_TRUE;
    } else {
        point->number = number_of(value);
    }
    STAILQ_INSERT_TAIL(range->data_cache, point, list_pointers);
    range->num_data_points++;
}

static void fill_series(lxw_chart_series *series, const Figures *figures, int line) {
    series->categories->ignore_cache = LXW_TRUE; /* it is filled here */
    series->values->ignore_cache = LXW_TRUE;
    for (uint32_t i = 0; i < figures_kept(figures); i++) {
        const Run *run = figures_run(figures, i);
        add_point(series->categories, run->group_id, NULL);
        add_point(series->values, NULL, &run->values[line]);
    }
}

/* Dates that have no room side by side are turned, and where that is not enough, thinned out. */
static void set_dates(lxw_chart *chart, const Figures *figures, const GraphPlace *place) {
    enum { LABEL_WIDTH = 68, LABEL_HEIGHT = 20, BESIDE = 60 }; /* pixels */
    uint32_t kept = figures_kept(figures);
    uint32_t room = (uint32_t)(place->width - BESIDE);
    if (kept <= room / LABEL_WIDTH) {
        return;
    }
    uint32_t turned = room / LABEL_HEIGHT;
    lxw_chart_font font = label_font;
    font.rotation = -45;
    chart_axis_set_num_font(chart->x_axis, &font);
    chart_axis_set_interval_unit(chart->x_axis, (uint16_t)((kept + turned - 1) / turned));
}

static lxw_chart_series *add_series(lxw_chart *chart, const GraphSource *source,
                                    const Figures *figures, int line) {
    lxw_chart_series *series = chart_add_series(chart, NULL, NULL);
    if (series == NULL) {
        return NULL;
    }
    uint32_t last = source->result->last_row;
    uint32_t kept = figures_kept(figures);
    uint32_t rows = last - source->result->first_row + 1; /* of the last part of the sheet */
    uint32_t first = last + 1 - (kept < rows ? kept : rows);
    uint16_t names = grid_column_at(source->columns, category_column);
    uint16_t values = grid_column_at(source->columns, figures->lines[line].column);
    chart_series_set_categories(series, source->title, first, names, last, names);
    chart_series_set_values(series, source->title, first, values, last, values);
    chart_series_set_name(series, figures->lines[line].label);
    fill_series(series, figures, line);
    return series;
}

static Status insert(const GraphPlace *place, lxw_chart *chart, const char *description, Err *err) {
    char alt[160];
    str_copy(alt, sizeof alt, description);
    lxw_chart_options options = {
        .x_offset = place->right,
        .x_scale = place->width / 480, /* the size that a chart has by default */
        .y_scale = place->height / 288,
        .object_position = LXW_OBJECT_MOVE_DONT_SIZE,
        .description = alt,
    };
    return book_check(worksheet_insert_chart_opt(place->at.sheet, place->at.row, place->at.column,
                                                 chart, &options),
                      "put a chart into", err);
}

static Status no_memory(Err *err) {
    return err_set(err, ST_INTERNAL, "cannot make a chart");
}

static void look_like_line(lxw_chart_series *series, uint32_t color, const Figures *figures) {
    lxw_chart_line stroke = {.color = color, .width = 2.25F};
    lxw_chart_line rim = {.color = color, .width = 0.75F};
    lxw_chart_fill fill = {.color = color};
    chart_series_set_line(series, &stroke);
    chart_series_set_marker_type(series, LXW_CHART_MARKER_CIRCLE);
    chart_series_set_marker_size(series, figures_kept(figures) > GRAPH_MARKED_RUNS ? 3 : 5);
    chart_series_set_marker_fill(series, &fill);
    chart_series_set_marker_line(series, &rim);
}

Status graph_put_ratios(Book *book, const GraphSource *source, const GraphPlace *place, Err *err) {
    Figures figures = {.lines = ratio_lines};
    TRY(load_figures(book, source, &figures, err));
    if (!figures.any[0] && !figures.any[1] && !figures.any[2]) {
        return ST_OK;
    }
    lxw_chart *chart = workbook_add_chart(book->workbook, LXW_CHART_LINE);
    if (chart == NULL) {
        return no_memory(err);
    }
    set_look(chart, "Compliance ratio by run, as found");
    set_dates(chart, &figures, place);
    chart_axis_set_num_format(chart->y_axis, "0%");
    chart_axis_set_max(chart->y_axis, 1.0);
    /* a tenth below the lowest figure, so that a change can be seen */
    int tenths = (int)(figures.low * 10 - 0.5);
    chart_axis_set_min(chart->y_axis, tenths / 10.0);
    for (int i = 0; ratio_lines[i].column != NULL; i++) {
        lxw_chart_series *series = figures.any[i] ? add_series(chart, source, &figures, i) : NULL;
        if (figures.any[i] && series == NULL) {
            return no_memory(err);
        }
        if (series != NULL) {
            look_like_line(series, ratio_lines[i].color, &figures);
        }
    }
    return insert(place, chart, "Line chart: the compliance ratio of each environment by run", err);
}

Status graph_put_findings(Book *book, const GraphSource *source, const GraphPlace *place,
                          Err *err) {
    Figures figures = {.lines = finding_bars};
    TRY(load_figures(book, source, &figures, err));
    if (figures.seen < 2 || figures.high == 0) {
        return ST_OK;
    }
    lxw_chart *chart = workbook_add_chart(book->workbook, LXW_CHART_COLUMN);
    if (chart == NULL) {
        return no_memory(err);
    }
    set_look(chart, "Findings that came and went");
    set_dates(chart, &figures, place);
    chart_axis_set_num_format(chart->y_axis, "#,##0");
    for (int i = 0; finding_bars[i].column != NULL; i++) {
        lxw_chart_series *series = add_series(chart, source, &figures, i);
        if (series == NULL) {
            return no_memory(err);
        }
        lxw_chart_fill fill = {.color = finding_bars[i].color};
        chart_series_set_fill(series, &fill);
    }
    return insert(place, chart, "Column chart: new and resolved findings by run", err);
}
