#include "report/grid.h"

#include "base/str.h"
#include "report/cell_text.h"
#include "report/console.h"

#include <stdio.h>
#include <string.h>

static uint16_t span_of(const GridColumn *column) {
    return column->span > 1 ? column->span : 1;
}

uint16_t grid_width(const GridColumn *columns) {
    uint16_t width = 0;
    for (; columns->name != NULL; columns++) {
        width = (uint16_t)(width + span_of(columns));
    }
    return width;
}

uint16_t grid_column_at(const GridColumn *columns, const char *name) {
    uint16_t at = 0;
    for (; columns->name != NULL && !str_equal(columns->name, name); columns++) {
        at = (uint16_t)(at + span_of(columns));
    }
    ASSERT(columns->name != NULL);
    return at;
}

void grid_close(Grid *grid) {
    stmt_free_at(&grid->stmt);
}

Status grid_open(Book *book, const char *query, const GridColumn *columns, Grid *ret_grid,
                 Err *err) {
    *ret_grid = (Grid){.book = book, .columns = columns};
    TRY(book_query(book, query, &ret_grid->stmt, err));
    for (; columns[ret_grid->count].name != NULL; ret_grid->count++) {
        ASSERT(ret_grid->count < GRID_MAX_COLUMNS);
        const char *name = columns[ret_grid->count].name;
        int source = stmt_column_at(ret_grid->stmt, name);
        if (source < 0) {
            return err_set(err, ST_INTERNAL, "the query %s has no column %s", query, name);
        }
        ret_grid->source[ret_grid->count] = source;
    }
    ret_grid->reading = stmt_column_at(ret_grid->stmt, "reading");
    static const char *const link_sources[GRID_LINK_SOURCES] = {"region", "resource_type",
                                                                "resource_id", "rule_name"};
    for (int i = 0; i < GRID_LINK_SOURCES; i++) {
        ret_grid->link[i] = stmt_column_at(ret_grid->stmt, link_sources[i]);
    }
    return ST_OK;
}

static bool is_numeric(GridKind kind) {
    return kind == GRID_COUNT || kind == GRID_RATIO || kind == GRID_POINTS;
}

Status grid_put_header(Grid *grid, Spot at, Err *err) {
    int lines = 1;
    for (int i = 0; i < grid->count; i++) {
        const GridColumn *column = &grid->columns[i];
        int needed = cell_text_lines(column->header, column->width * 0.95 - 1.6); /* bold is wide */
        lines = needed > lines ? needed : lines;
    }
    TRY(book_row_height(at.sheet, at.row, lines * 13 + 5, err));
    grid->header = at;
    grid->links = 0;
    for (int i = 0; i < grid->count; i++) {
        const GridColumn *column = &grid->columns[i];
        Style style = is_numeric(column->kind) ? STYLE_HEADER_NUMBER : STYLE_HEADER;
        TRY(book_wide_text(grid->book, at, span_of(column), column->header, style, err));
        at.column = (uint16_t)(at.column + span_of(column));
    }
    grid->next = grid->header;
    grid->next.row++;
    return ST_OK;
}

Status grid_next(Grid *grid, bool *ret_row, Err *err) {
    if (grid->rows % 512 == 0) {
        TRY(book_check_cancelled(grid->book, err));
    }
    return stmt_step(grid->stmt, ret_row, err);
}

static bool reading_is(const Grid *grid, const char *what) {
    return grid->reading >= 0 && str_equal(stmt_text(grid->stmt, grid->reading), what);
}

static Status put_absent(Grid *grid, Spot at, const GridColumn *column, Err *err) {
    const char *text = column->absent;
    if (column->kind == GRID_RATIO && reading_is(grid, "none")) {
        text = "not read";
    } else if (column->kind == GRID_RATIO && reading_is(grid, "out")) {
        text = "left out";
    }
    if (text == NULL) {
        return book_blank(grid->book, at, STYLE_TEXT, err);
    }
    Style style = is_numeric(column->kind) ? STYLE_ABSENT_NUMBER : STYLE_ABSENT;
    if (text[0] == '\0') { /* not known, but a chart reads the cell: it must be empty */
        return book_blank(grid->book, at, style, err);
    }
    return book_text(grid->book, at, text, style, err);
}

/* Most texts are those of the row above: they are not measured again. */
static int measure(GridMeasured *above, const char *text, double width) {
    if (above->lines > 0 && strcmp(above->text, text) == 0) {
        return above->lines;
    }
    int lines = cell_text_lines(text, width);
    bool is_kept = strlen(text) < sizeof above->text;
    str_copy(above->text, sizeof above->text, text);
    above->lines = is_kept ? lines : 0;
    return lines;
}

/* Lines that a cell needs; a text longer than a row can be high stays in one. */
static int lines_of(Grid *grid, int i, const Cell *cell) {
    const GridColumn *column = &grid->columns[i];
    if (column->kind != GRID_TEXT || cell->type != CELL_TEXT) {
        return 1;
    }
    int lines = measure(&grid->measured[i], cell->text, column->width - 1);
    return lines <= BOOK_MAX_LINES ? lines : 1;
}

static Status put_text(Grid *grid, Spot at, int i, const char *text, Err *err) {
    Style style = grid->lines[i] > 1 ? STYLE_WRAP : STYLE_TEXT;
    return book_wide_text(grid->book, at, span_of(&grid->columns[i]), text, style, err);
}

static Status put_word(Grid *grid, Spot at, int i, const char *text, Err *err) {
    const CellWord *word = cell_text_word(text);
    if (word == NULL) {
        return put_text(grid, at, i, text, err);
    }
    return book_wide_text(grid->book, at, span_of(&grid->columns[i]), word->word, word->style, err);
}

/* A word and a sign beside the colour: for print, and for those who do not see it. */
static Status put_status(Grid *grid, Spot at, const Cell *ratio, Err *err) {
    const ReportOptions *options = grid->book->options;
    if (ratio->type == CELL_NULL) {
        const char *text = reading_is(grid, "none")    ? "\xE2\x97\x8B Not read"
                           : reading_is(grid, "out")   ? "Left out on purpose"
                           : reading_is(grid, "empty") ? "No accounts"
                                                       : "Nothing to rate";
        return book_text(grid->book, at, text, STYLE_ABSENT, err);
    }
    double value = ratio->type == CELL_INT ? (double)ratio->integer : ratio->real;
    const char *text = "\xE2\x96\xBC Act";
    Style style = STYLE_RED;
    if (value >= options->green_from) {
        text = "\xE2\x97\x8F On target";
        style = STYLE_GREEN;
    } else if (value >= options->yellow_from) {
        text = "\xE2\x96\xB2 Watch";
        style = STYLE_YELLOW;
    }
    char partly[48];
    snprintf(partly, sizeof partly, "%s%s", text, reading_is(grid, "part") ? ", partly read" : "");
    return book_text(grid->book, at, partly, style, err);
}

static Status put_number(Grid *grid, Spot at, GridKind kind, const Cell *cell, Err *err) {
    double number = cell->type == CELL_INT ? (double)cell->integer : cell->real;
    switch (kind) {
    case GRID_RATIO:
        return book_number(grid->book, at, number, STYLE_RATIO, err);
    case GRID_POINTS:
        return book_number(grid->book, at, number * 100, STYLE_POINTS, err);
    default:
        return book_number(grid->book, at, number, STYLE_COUNT, err);
    }
}

static const char *link_text(const Grid *grid, int source) {
    const char *text = grid->link[source] < 0 ? NULL : stmt_text(grid->stmt, grid->link[source]);
    return text == NULL ? "" : text;
}

/* Past as many links as a sheet may have, the address itself, to be copied. */
static Status put_link(Grid *grid, Spot at, const GridColumn *column, Err *err) {
    const ConsoleFinding finding = {.region = link_text(grid, 0),
                                    .resource_type = link_text(grid, 1),
                                    .resource_id = link_text(grid, 2),
                                    .rule_name = link_text(grid, 3)};
    char url[CONSOLE_LINK_SIZE];
    if (!console_link_finding(&finding, url)) {
        return put_absent(grid, at, column, err);
    }
    if (grid->links == GRID_MAX_LINKS) {
        return book_text(grid->book, at, url, STYLE_TEXT, err);
    }
    grid->links++;
    return book_link(grid->book, at, url, "Open", err);
}

static Status put_cell(Grid *grid, Spot at, int i, const Cell *cell, Err *err) {
    const GridColumn *column = &grid->columns[i];
    if (column->kind == GRID_STATUS) {
        return put_status(grid, at, cell, err);
    }
    if (column->kind == GRID_LINK) {
        return put_link(grid, at, column, err);
    }
    if (cell->type == CELL_NULL) {
        return put_absent(grid, at, column, err);
    }
    if (cell->type != CELL_TEXT) {
        return put_number(grid, at, column->kind, cell, err);
    }
    switch (column->kind) {
    case GRID_WORD:
        return put_word(grid, at, i, cell->text, err);
    case GRID_DATE:
        return book_date(grid->book, at, cell->text, err);
    default:
        return put_text(grid, at, i, cell->text, err);
    }
}

Status grid_put_row(Grid *grid, Err *err) {
    Spot at = grid->next;
    Cell cells[GRID_MAX_COLUMNS];
    int lines = 1;
    for (int i = 0; i < grid->count; i++) {
        cells[i] = stmt_cell(grid->stmt, grid->source[i]);
        grid->lines[i] = lines_of(grid, i, &cells[i]);
        lines = grid->lines[i] > lines ? grid->lines[i] : lines;
    }
    TRY(book_row_lines(at.sheet, at.row, lines, err));
    for (int i = 0; i < grid->count; i++) {
        const GridColumn *column = &grid->columns[i];
        TRY(put_cell(grid, at, i, &cells[i], err));
        grid->sums[i] += cells[i].type == CELL_INT ? cells[i].integer : 0;
        grid->known[i] = grid->known[i] || cells[i].type != CELL_NULL;
        at.column = (uint16_t)(at.column + span_of(column));
    }
    grid->next.row++;
    grid->rows++;
    grid->book->rows++;
    return ST_OK;
}

static int64_t sum_of(const Grid *grid, const char *name) {
    for (int i = 0; i < grid->count; i++) {
        if (str_equal(grid->columns[i].name, name)) {
            return grid->sums[i];
        }
    }
    return 0;
}

static Status put_total(Grid *grid, Spot at, int i, Err *err) {
    const GridColumn *column = &grid->columns[i];
    double compliant = (double)sum_of(grid, "compliant");
    double rated = compliant + (double)sum_of(grid, "non_compliant");
    double waived = column->total == GRID_TOTAL_RATIO_AFTER ? (double)sum_of(grid, "waived") : 0;
    if (column->total == GRID_TOTAL_SUM && grid->known[i]) {
        return book_number(grid->book, at, (double)grid->sums[i], STYLE_TOTAL_COUNT, err);
    }
    if (column->total >= GRID_TOTAL_RATIO && rated > 0) {
        return book_number(grid->book, at, (compliant + waived) / rated, STYLE_TOTAL_RATIO, err);
    }
    return book_blank(grid->book, at, STYLE_TOTAL, err);
}

Status grid_put_totals(Grid *grid, const char *label, Err *err) {
    Spot at = grid->next;
    for (int i = 0; i < grid->count; i++) {
        if (i == 0) {
            TRY(book_wide_text(grid->book, at, span_of(&grid->columns[i]), label, STYLE_TOTAL,
                               err));
        } else {
            TRY(put_total(grid, at, i, err));
        }
        at.column = (uint16_t)(at.column + span_of(&grid->columns[i]));
    }
    grid->next.row++;
    return ST_OK;
}

/* One rule of three for a column of ratios. A formula and not a plain comparison: for Excel any
 * text is more than any number, and "not read" must not turn green. */
static Status color_column(const Grid *grid, uint16_t column, int which, Err *err) {
    const ReportOptions *options = grid->book->options;
    char cell[LXW_MAX_CELL_NAME_LENGTH];
    lxw_rowcol_to_cell(cell, grid->header.row + 1, column);
    char formula[128];
    if (which == 0) {
        snprintf(formula, sizeof formula, "=AND(ISNUMBER(%s),%s>=%.6f)", cell, cell,
                 options->green_from);
    } else if (which == 1) {
        snprintf(formula, sizeof formula, "=AND(ISNUMBER(%s),%s>=%.6f)", cell, cell,
                 options->yellow_from);
    } else {
        snprintf(formula, sizeof formula, "=ISNUMBER(%s)", cell);
    }
    static const Style fills[] = {STYLE_FILL_GREEN, STYLE_FILL_YELLOW, STYLE_FILL_RED};
    lxw_conditional_format format = {
        .type = LXW_CONDITIONAL_TYPE_FORMULA,
        .value_string = formula,
        .format = grid->book->styles[fills[which]],
        .stop_if_true = LXW_TRUE,
    };
    return book_check(worksheet_conditional_format_range(grid->header.sheet, grid->header.row + 1,
                                                         column, grid->next.row - 1, column,
                                                         &format),
                      "colour", err);
}

Status grid_color_ratios(const Grid *grid, Err *err) {
    if (grid->next.row == grid->header.row + 1) {
        return ST_OK;
    }
    uint16_t at = grid->header.column;
    for (int i = 0; i < grid->count; i++) {
        for (int which = 0; grid->columns[i].kind == GRID_RATIO && which < 3; which++) {
            TRY(color_column(grid, at, which, err));
        }
        at = (uint16_t)(at + span_of(&grid->columns[i]));
    }
    return ST_OK;
}
