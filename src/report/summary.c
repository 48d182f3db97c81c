#include "report/summary.h"

#include "report/cell_text.h"
#include "report/grid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DASH "\xE2\x80\x93"

/* All tables of this sheet share these columns, from B on; A is a margin. */
enum {
    FIRST_COLUMN = 1,
    COLUMNS = 8,
    CHART_COLUMN = FIRST_COLUMN + COLUMNS + 1, /* a narrow one is between */
    CHART_COLUMNS = 7,
    CHART_COLUMN_WIDTH = 9,
    ALL_COLUMNS = COLUMNS + 1 + CHART_COLUMNS,
    ALL_WIDTH = 190,
};
static const double widths[COLUMNS] = {34, 14, 13, 13, 13, 13, 13, 24};

static const GridColumn environment_columns[] = {
    {"environment", "Environment", 34, GRID_WORD, 0, NULL, 0},
    {"accounts", "Accounts", 14, GRID_COUNT, GRID_TOTAL_SUM, NULL, 0},
    {"compliant", "Compliant", 13, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"non_compliant", "Non-compliant", 13, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"not_applicable", "Not applicable", 13, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"ratio", "Ratio", 13, GRID_RATIO, GRID_TOTAL_RATIO, DASH, 0},
    {"change", "Change since last run", 13, GRID_POINTS, 0, DASH, 0},
    {"ratio", "Status", 24, GRID_STATUS, 0, NULL, 0},
    {0},
};

static const GridColumn finding_columns[] = {
    {"environment", "Environment", 34, GRID_WORD, 0, NULL, 0},
    {"non_compliant", "Open now", 14, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"new_findings", "New since last run", 13, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"resolved_findings", "Resolved since", 13, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"gone_findings", "No longer reported", 13, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {0},
};

static const GridColumn rule_columns[] = {
    {"rule_group", "Rule", 34, GRID_TEXT, 0, NULL, 0},
    {"prod", "Open in Prod", 14, GRID_COUNT, 0, DASH, 0},
    {"nonprod", "Open in Non-Prod", 13, GRID_COUNT, 0, DASH, 0},
    {"unclassified", "Open in Unclassified", 13, GRID_COUNT, 0, DASH, 0},
    {"non_compliant", "Open in all", 13, GRID_COUNT, 0, NULL, 0},
    {"new_findings", "New since last run", 13, GRID_COUNT, 0, DASH, 0},
    {"ratio", "Ratio", 13, GRID_RATIO, 0, DASH, 0},
    {"ratio", "Status", 24, GRID_STATUS, 0, NULL, 0},
    {0},
};

static const GridColumn account_columns[] = {
    {"account_name", "Account name", 34, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 14, GRID_TEXT, 0, NULL, 0},
    {"environment", "Environment", 13, GRID_WORD, 0, NULL, 0},
    {"non_compliant", "Open findings", 13, GRID_COUNT, 0, NULL, 0},
    {"new_findings", "New since last run", 13, GRID_COUNT, 0, DASH, 0},
    {"resolved_findings", "Resolved since", 13, GRID_COUNT, 0, DASH, 0},
    {"ratio", "Ratio", 13, GRID_RATIO, 0, DASH, 0},
    {"ratio", "Status", 24, GRID_STATUS, 0, NULL, 0},
    {0},
};

/* Its last columns reach under the chart. */
static const GridColumn missing_columns[] = {
    {"missing", "What", 34, GRID_WORD, 0, NULL, 0},
    {"items", "How many", 14, GRID_COUNT, 0, NULL, 0},
    {"accounts", "Accounts", 13, GRID_COUNT, 0, DASH, 0},
    {"example", "For example", 76, GRID_TEXT, 0, NULL, 5},
    {"what_to_do", "What to do", 63, GRID_TEXT, 0, NULL, 8},
    {0},
};

typedef struct Section {
    const char *title;
    const char *query;
    const GridColumn *columns;
    const char *total;
    const char *when_empty;
} Section;

static const Section sections[] = {
    {"Compliance by environment", "sheet_environments", environment_columns, "All", ""},
    {"Findings", "sheet_environments", finding_columns, "All", ""},
    {"Rules with the most open findings", "sheet_attention_rules", rule_columns, NULL,
     "No rule has an open finding."},
    {"Accounts with the most open findings", "sheet_attention_accounts", account_columns, NULL,
     "No account has an open finding."},
    {"What is missing", "sheet_missing", missing_columns, NULL,
     "Nothing: all that should be read was read."},
};

static const char *const queries[] = {"sheet_run", "sheet_environments", "sheet_attention_rules",
                                      "sheet_attention_accounts", "sheet_missing"};

const char *summary_query(size_t index) {
    return index < sizeof queries / sizeof queries[0] ? queries[index] : NULL;
}

bool summary_is_complete(const BookRun *run) {
    return run->scopes_scanned + run->scopes_skipped == run->scopes_planned &&
           run->rules_failed == 0 && run->shards_refused == 0;
}

static void say(Buf *text, int64_t count, const char *one, const char *many) {
    if (count > 0) {
        buf_printf(text, "; %" PRId64 " %s", count, count == 1 ? one : many);
    }
}

void summary_describe_coverage(const BookRun *run, Buf *ret_text) {
    int64_t wanted = run->scopes_planned - run->scopes_skipped;
    if (run->scopes_scanned == wanted) {
        buf_printf(ret_text, "All %" PRId64 " scopes (accounts by region) were read", wanted);
    } else {
        buf_printf(ret_text, "%" PRId64 " of %" PRId64 " scopes (accounts by region) were read",
                   run->scopes_scanned, wanted);
    }
    say(ret_text, run->accounts_unread, "account could not be read at all",
        "accounts could not be read at all");
    say(ret_text, run->rules_failed, "rule could not be read", "rules could not be read");
    say(ret_text, run->recorders_off, "scope has AWS Config switched off",
        "scopes have AWS Config switched off");
    say(ret_text, run->shards_refused, "result file was damaged", "result files were damaged");
    say(ret_text, run->scopes_skipped, "scope was left out on purpose",
        "scopes were left out on purpose");
    buf_putc(ret_text, '.');
}

static Status put_head(Book *book, lxw_worksheet *sheet, uint32_t *row, Err *err) {
    const BookRun *run = &book->run;
    char text[256];
    TRY(book_row_height(sheet, 0, 30, err));
    TRY(book_text(book, (Spot){sheet, 0, FIRST_COLUMN}, "AWS Config compliance", STYLE_TITLE, err));
    bool named = strcmp(run->group_id, run->date) != 0;
    int size = snprintf(text, sizeof text, "Run of %s%s%s%s", run->date, named ? " (" : "",
                        named ? run->group_id : "", named ? ")" : "");
    if (run->previous_date[0] != '\0') {
        snprintf(text + size, sizeof text - (size_t)size, ", compared with the run of %s",
                 run->previous_date);
    } else {
        snprintf(text + size, sizeof text - (size_t)size,
                 ", the first one: there is nothing to compare it with");
    }
    TRY(book_text(book, (Spot){sheet, 1, FIRST_COLUMN}, text, STYLE_SUBTITLE, err));
    bool complete = summary_is_complete(run);
    OWN(buf_done) Buf sentence = {0};
    buf_puts(&sentence, complete ? "\xE2\x97\x8F " : "\xE2\x96\xB2 ");
    summary_describe_coverage(run, &sentence);
    TRY(book_row_lines(sheet, 2, cell_text_lines(buf_text(&sentence), ALL_WIDTH * 0.9), err));
    TRY(book_wide_text(book, (Spot){sheet, 2, FIRST_COLUMN}, ALL_COLUMNS, buf_text(&sentence),
                       complete ? STYLE_LINE_GREEN : STYLE_LINE_YELLOW, err));
    *row = 3;
    if (!complete) {
        TRY(book_text(book, (Spot){sheet, 3, FIRST_COLUMN},
                      "All figures are of what was read. What was not read counts neither as "
                      "compliant nor as resolved, but a ratio may move because of it.",
                      STYLE_NOTE, err));
        *row = 4;
    }
    return ST_OK;
}

static Status put_section(Book *book, lxw_worksheet *sheet, const Section *section, uint32_t *row,
                          Err *err) {
    OWN(grid_close) Grid grid = {0};
    TRY(grid_open(book, section->query, section->columns, &grid, err));
    TRY(book_row_height(sheet, *row, 8, err)); /* a gap */
    Spot at = {sheet, *row + 1, FIRST_COLUMN};
    TRY(book_row_height(sheet, at.row, 20, err));
    TRY(book_text(book, at, section->title, STYLE_SECTION, err));
    at.row++;
    bool more = false;
    TRY(grid_next(&grid, &more, err));
    if (!more) {
        *row = at.row + 1;
        return book_text(book, at, section->when_empty, STYLE_NOTE, err);
    }
    TRY(grid_put_header(&grid, at, err));
    while (more) {
        TRY(grid_put_row(&grid, err));
        TRY(grid_next(&grid, &more, err));
    }
    TRY(grid_color_ratios(&grid, err));
    if (section->total != NULL) {
        TRY(grid_put_totals(&grid, section->total, err));
    }
    *row = grid.next.row;
    return ST_OK;
}

static Status set_columns(lxw_worksheet *sheet, Err *err) {
    TRY(book_check(worksheet_set_column(sheet, 0, 0, 2, NULL), "lay out", err));
    for (int i = 0; i < COLUMNS; i++) {
        uint16_t column = (uint16_t)(FIRST_COLUMN + i);
        TRY(book_check(worksheet_set_column(sheet, column, column, widths[i], NULL), "lay out",
                       err));
    }
    TRY(book_check(worksheet_set_column(sheet, CHART_COLUMN - 1, CHART_COLUMN - 1, 2, NULL),
                   "lay out", err));
    return book_check(worksheet_set_column(sheet, CHART_COLUMN, CHART_COLUMN + CHART_COLUMNS - 1,
                                           CHART_COLUMN_WIDTH, NULL),
                      "lay out", err);
}

Status summary_write(Book *book, SummaryResult *ret_result, Err *err) {
    lxw_worksheet *sheet = NULL;
    uint32_t row = 0;
    TRY(book_add_sheet(book, SUMMARY_TITLE, COLOR_NAVY, &sheet, err));
    worksheet_activate(sheet);
    worksheet_fit_to_pages(sheet, 1, 1);
    TRY(set_columns(sheet, err));
    TRY(book_check(worksheet_ignore_errors(sheet, LXW_IGNORE_NUMBER_STORED_AS_TEXT, "A1:Z200"),
                   "lay out", err));
    TRY(put_head(book, sheet, &row, err));
    ret_result->chart = (Spot){sheet, row + 1, CHART_COLUMN};
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        if (put_section(book, sheet, &sections[i], &row, err) != ST_OK) {
            return err_wrap(err, "the sheet %s", SUMMARY_TITLE);
        }
    }
    return ST_OK;
}
