#include "report/sheet.h"

#include "base/str.h"

#include <stdio.h>

enum { INTRO_ROW = 0, HEADER_ROW = 1, FIRST_ROW = 2 };

static uint32_t max_rows(const Book *book) {
    int64_t limit = book->options->max_rows;
    /* at least an intro, a header, a row, and the line that says where it goes on */
    return limit >= 4 && limit < BOOK_MAX_ROWS ? (uint32_t)limit : BOOK_MAX_ROWS;
}

static void part_title(const SheetSpec *spec, int part, char *ret_title, size_t size) {
    if (part == 1) {
        str_copy(ret_title, size, spec->title);
    } else {
        snprintf(ret_title, size, "%s (%d)", spec->title, part);
    }
}

static Status set_columns(const Grid *grid, lxw_worksheet *sheet, Err *err) {
    for (uint16_t i = 0; i < grid->count; i++) {
        TRY(book_check(worksheet_set_column(sheet, i, i, grid->columns[i].width, NULL), "lay out",
                       err));
    }
    return ST_OK;
}

/* Account ids look like numbers that somebody forgot to convert; they are not. */
static Status ignore_number_warnings(lxw_worksheet *sheet, Err *err) {
    return book_check(
        worksheet_ignore_errors(sheet, LXW_IGNORE_NUMBER_STORED_AS_TEXT, "A1:XFD1048576"),
        "lay out", err);
}

static Status begin_part(Grid *grid, const SheetSpec *spec, SheetResult *result, Err *err) {
    char title[40];
    char intro[320];
    str_copy(intro, sizeof intro, spec->intro);
    if (result->parts > 0) {
        part_title(spec, result->parts, title, sizeof title);
        snprintf(intro, sizeof intro, "Continued from the sheet \xE2\x80\x9C%s\xE2\x80\x9D. %s",
                 title, spec->intro);
    }
    result->parts++;
    part_title(spec, result->parts, title, sizeof title);
    TRY(book_add_sheet(grid->book, title, spec->tab_color, &result->sheet, err));
    TRY(set_columns(grid, result->sheet, err));
    TRY(ignore_number_warnings(result->sheet, err));
    TRY(book_row_height(result->sheet, INTRO_ROW, 18, err));
    TRY(book_text(grid->book, (Spot){result->sheet, INTRO_ROW, 0}, intro, STYLE_NOTE, err));
    TRY(grid_put_header(grid, (Spot){result->sheet, HEADER_ROW, 0}, err));
    worksheet_freeze_panes(result->sheet, FIRST_ROW, 0);
    return book_check(worksheet_repeat_rows(result->sheet, INTRO_ROW, HEADER_ROW), "lay out", err);
}

/* What is of no use on paper stands at the right and stays off it: the rest can be read. */
static Status set_print_area(const SheetSpec *spec, const SheetResult *result, Err *err) {
    if (spec->print_columns == 0) {
        return ST_OK;
    }
    uint32_t last = result->last_row + 1; /* where it may say that it goes on */
    return book_check(worksheet_print_area(result->sheet, INTRO_ROW, 0, last,
                                           (uint16_t)(spec->print_columns - 1)),
                      "lay out", err);
}

static Status end_part(const Grid *grid, const SheetSpec *spec, SheetResult *result, Err *err) {
    uint16_t last_column = (uint16_t)(grid_width(grid->columns) - 1);
    result->first_row = FIRST_ROW;
    result->last_row = grid->next.row - 1;
    TRY(grid_color_ratios(grid, err));
    TRY(set_print_area(spec, result, err));
    TRY(book_check_sheet(result->sheet, err));
    return book_check(
        worksheet_autofilter(result->sheet, HEADER_ROW, 0, result->last_row, last_column),
        "lay out", err);
}

/* The last row of a full sheet says where the rest is. */
static Status put_continuation(Grid *grid, const SheetSpec *spec, const SheetResult *result,
                               Err *err) {
    char title[40];
    char text[96];
    part_title(spec, result->parts + 1, title, sizeof title);
    snprintf(text, sizeof text,
             "This sheet is full: it goes on in the sheet \xE2\x80\x9C%s\xE2\x80\x9D.", title);
    return book_text(grid->book, grid->next, text, STYLE_NOTE, err);
}

static Status put_rows(Grid *grid, const SheetSpec *spec, SheetResult *result, Err *err) {
    uint32_t full_at = max_rows(grid->book) - 1;
    for (;;) {
        bool row = false;
        TRY(grid_next(grid, &row, err));
        if (!row) {
            return ST_OK;
        }
        if (grid->next.row >= full_at) {
            TRY(end_part(grid, spec, result, err));
            TRY(put_continuation(grid, spec, result, err));
            TRY(begin_part(grid, spec, result, err));
        }
        if (grid->rows % 4096 == 0) {
            TRY(book_check_sheet(result->sheet, err));
        }
        TRY(grid_put_row(grid, err));
    }
}

static Status put_end(Grid *grid, const SheetSpec *spec, SheetResult *result, Err *err) {
    if (grid->rows == 0) {
        return book_text(grid->book, grid->next, spec->when_empty, STYLE_NOTE, err);
    }
    TRY(end_part(grid, spec, result, err));
    return spec->total == NULL ? ST_OK : grid_put_totals(grid, spec->total, err);
}

Status sheet_write(Book *book, const SheetSpec *spec, SheetResult *ret_result, Err *err) {
    *ret_result = (SheetResult){0};
    OWN(grid_close) Grid grid = {0};
    TRY(grid_open(book, spec->query, spec->columns, &grid, err));
    Status status = begin_part(&grid, spec, ret_result, err);
    if (status == ST_OK) {
        status = put_rows(&grid, spec, ret_result, err);
    }
    if (status == ST_OK) {
        status = put_end(&grid, spec, ret_result, err);
    }
    if (status != ST_OK) {
        return err_wrap(err, "the sheet %s", spec->title);
    }
    ret_result->rows = grid.rows;
    return ST_OK;
}
