#include "report/summary.h"

#include "report/cell_text.h"
#include "report/grid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DASH "\xE2\x80\x93"

/* All tables of this sheet share these columns, from B on; A is a margin. The table of findings
 * leaves the last ones to the chart, and is followed by empty rows as far as that reaches. */
enum {
    FIRST_COLUMN = 1,
    COLUMNS = 10,
    ALL_WIDTH = 158,
    CHART_COLUMN = FIRST_COLUMN + 6,
    CHART_ROWS = 12,
};
static const double widths[COLUMNS] = {34, 14, 13, 13, 12, 12, 12, 12, 12, 24};

static const GridColumn environment_columns[] = {
    {"environment", "Environment", 34, GRID_WORD, 0, NULL, 0},
    {"accounts", "Accounts", 14, GRID_COUNT, GRID_TOTAL_SUM, NULL, 0},
    {"compliant", "Compliant", 13, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"non_compliant", "Non-compliant", 13, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"waived", "Waived of these", 12, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"not_applicable", "Not applicable", 12, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"ratio", "Ratio, as found", 12, GRID_RATIO, GRID_TOTAL_RATIO, DASH, 0},
    {"ratio_after_waivers", "Ratio after waivers", 12, GRID_RATIO, GRID_TOTAL_RATIO_AFTER, DASH, 0},
    {"change", "Change, like for like", 12, GRID_POINTS, 0, DASH, 0},
    {"ratio", "Status, as found", 24, GRID_STATUS, 0, NULL, 0},
    {0},
};

static const GridColumn finding_columns[] = {
    {"environment", "Environment", 34, GRID_WORD, 0, NULL, 0},
    {"non_compliant", "Open now", 14, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"new_findings", "New since last run", 13, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"reopened_findings", "Reopened since", 13, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"resolved_findings", "Resolved since", 12, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"gone_findings", "No longer reported", 12, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {0},
};

static const GridColumn rule_columns[] = {
    {"rule_group", "Rule", 34, GRID_TEXT, 0, NULL, 0},
    {"prod", "Open in Prod", 14, GRID_COUNT, 0, DASH, 0},
    {"nonprod", "Open in Non-Prod", 13, GRID_COUNT, 0, DASH, 0},
    {"unclassified", "Open in Unclassified", 13, GRID_COUNT, 0, DASH, 0},
    {"non_compliant", "Open in all", 12, GRID_COUNT, 0, NULL, 0},
    {"waived", "Waived besides", 12, GRID_COUNT, 0, NULL, 0},
    {"new_findings", "New or reopened", 12, GRID_COUNT, 0, DASH, 0},
    {"ratio", "Ratio, as found", 12, GRID_RATIO, 0, DASH, 0},
    {"ratio_after_waivers", "Ratio after waivers", 12, GRID_RATIO, 0, DASH, 0},
    {"ratio", "Status, as found", 24, GRID_STATUS, 0, NULL, 0},
    {0},
};

static const GridColumn account_columns[] = {
    {"account_name", "Account name", 34, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 14, GRID_TEXT, 0, NULL, 0},
    {"environment", "Environment", 13, GRID_WORD, 0, NULL, 0},
    {"non_compliant", "Open findings", 13, GRID_COUNT, 0, NULL, 0},
    {"waived", "Waived besides", 12, GRID_COUNT, 0, NULL, 0},
    {"new_findings", "New or reopened", 12, GRID_COUNT, 0, DASH, 0},
    {"resolved_findings", "Resolved since", 12, GRID_COUNT, 0, DASH, 0},
    {"ratio", "Ratio, as found", 12, GRID_RATIO, 0, DASH, 0},
    {"ratio_after_waivers", "Ratio after waivers", 12, GRID_RATIO, 0, DASH, 0},
    {"ratio", "Status, as found", 24, GRID_STATUS, 0, NULL, 0},
    {0},
};

static const GridColumn missing_columns[] = {
    {"missing", "What", 34, GRID_WORD, 0, NULL, 0},
    {"items", "How many", 14, GRID_COUNT, 0, NULL, 0},
    {"accounts", "Accounts", 13, GRID_COUNT, 0, DASH, 0},
    {"example", "For example", 49, GRID_TEXT, 0, NULL, 4},
    {"what_to_do", "What to do", 48, GRID_TEXT, 0, NULL, 3},
    {0},
};

typedef struct Section {
    const char *title;
    const char *query;
    const GridColumn *columns;
    const char *total;
    const char *when_empty;
    const char *when_unread;  /* instead, when nothing was read; may be NULL */
    const char *when_partial; /* instead, when some was not read; may be NULL */
    bool beside_chart;
} Section;

static const Section sections[] = {
    {"Compliance by environment", "sheet_environments", environment_columns, "All", "", NULL, NULL,
     false},
    {"Findings", "sheet_environments", finding_columns, "All", "", NULL, NULL, true},
    {"Rules that need attention most", "sheet_attention_rules", rule_columns, NULL,
     "No rule has an open finding that is not waived.", "Not known: no rule was read.",
     "No rule that was read has an open finding that is not waived; not all were read.", false},
    {"Accounts that need attention most", "sheet_attention_accounts", account_columns, NULL,
     "No account has an open finding that is not waived.", "Not known: no account was read.",
     "No open finding that is not waived in what was read; not all was read.", false},
    {"What is missing", "sheet_missing", missing_columns, NULL,
     "Nothing: all that should be read was read.", "Nothing should have been read.", NULL, false},
};

static const char *const queries[] = {"sheet_run", "sheet_environments", "sheet_attention_rules",
                                      "sheet_attention_accounts", "sheet_missing"};

const char *summary_query(size_t index) {
    return index < sizeof queries / sizeof queries[0] ? queries[index] : NULL;
}

bool summary_is_complete(const BookRun *run) {
    return run->scopes_scanned > 0 &&
           run->scopes_scanned + run->scopes_skipped == run->scopes_planned &&
           run->rules_failed == 0 && run->shards_refused == 0;
}

static void say(Buf *text, int64_t count, const char *one, const char *many) {
    if (count > 0) {
        buf_printf(text, "; %" PRId64 " %s", count, count == 1 ? one : many);
    }
}

void summary_describe_coverage(const BookRun *run, Buf *ret_text) {
    int64_t wanted = run->scopes_planned - run->scopes_skipped;
    if (wanted == 0) {
        buf_puts(ret_text, "There was nothing to read: the run has no scopes (accounts by region)");
    } else if (run->scopes_scanned == wanted) {
        buf_printf(ret_text,
                   wanted == 1 ? "The only scope (an account in a region) was read"
                               : "All %" PRId64 " scopes (accounts by region) were read",
                   wanted);
    } else {
        buf_printf(ret_text, "%" PRId64 " of %" PRId64 " scopes (accounts by region) were read",
                   run->scopes_scanned, wanted);
    }
    say(ret_text, run->accounts_unread, "account could not be read at all",
        "accounts could not be read at all");
    say(ret_text, run->rules_failed, "rule could not be read", "rules could not be read");
    say(ret_text, run->findings_last_known, "finding was open there when last read",
        "findings were open there when last read");
    say(ret_text, run->recorders_off, "scope has AWS Config switched off",
        "scopes have AWS Config switched off");
    say(ret_text, run->shards_refused, "result file was damaged", "result files were damaged");
    say(ret_text, run->scopes_skipped, "scope was left out on purpose",
        "scopes were left out on purpose");
    buf_putc(ret_text, '.');
}

static void describe_run(const BookRun *run, Buf *text) {
    buf_printf(text, "Run of %s", run->date);
    if (strcmp(run->group_id, run->date) != 0) {
        buf_printf(text, " (%s)", run->group_id);
    }
    if (run->previous_date[0] != '\0') {
        buf_printf(text, ", compared with the run of %s", run->previous_date);
    } else {
        buf_puts(text, ", the first one: there is nothing to compare it with");
    }
    if (run->organization_id[0] != '\0') {
        buf_printf(text, ". Organization %s of %s", run->organization_id, run->management_account);
    }
}

static void say_only(Buf *text, const char *what, const char *which) {
    if (which != NULL) {
        buf_printf(text, "%s%s %s", text->size == 0 ? "" : ", ", what,
                   which[0] == '\0' ? "nobody" : which);
    }
}

void summary_describe_narrowing(const ReportOptions *options, Buf *ret_text) {
    OWN(buf_done) Buf only = {0};
    const CellWord *word =
        options->environment == NULL ? NULL : cell_text_word(options->environment);
    say_only(&only, "the environment", word == NULL ? options->environment : word->word);
    say_only(&only, "the account", options->account);
    say_only(&only, "what is owned by", options->owner);
    if (only.size > 0) {
        buf_printf(ret_text, "Only %s: all other accounts, rules and findings are left out.",
                   buf_text(&only));
    }
    if (options->owner != NULL) {
        buf_puts(ret_text, " Rules that could not be read are counted whoever owns them: whose "
                           "findings they have is not known.");
    }
    if (options->since != NULL) {
        buf_printf(ret_text,
                   "%sThe trend begins on %s, and only findings first seen since then are listed.",
                   ret_text->size > 0 ? " " : "", options->since);
    }
}

/* A sentence over the whole width. */
static Status put_sentence(Book *book, lxw_worksheet *sheet, uint32_t *row, const char *text,
                           Style style, Err *err) {
    TRY(book_row_lines(sheet, *row, cell_text_lines(text, ALL_WIDTH * 0.9), err));
    TRY(book_wide_text(book, (Spot){sheet, *row, FIRST_COLUMN}, COLUMNS, text, style, err));
    (*row)++;
    return ST_OK;
}

/* What a reader must know before reading a figure. */
static Status put_remarks(Book *book, lxw_worksheet *sheet, uint32_t *row, Err *err) {
    const BookRun *run = &book->run;
    bool complete = summary_is_complete(run);
    OWN(buf_done) Buf coverage = {0};
    OWN(buf_done) Buf narrowing = {0};
    buf_puts(&coverage, complete ? "\xE2\x97\x8F " : "\xE2\x96\xB2 ");
    summary_describe_coverage(run, &coverage);
    TRY(put_sentence(book, sheet, row, buf_text(&coverage),
                     complete ? STYLE_LINE_GREEN : STYLE_LINE_YELLOW, err));
    if (!complete) {
        TRY(put_sentence(
            book, sheet, row,
            "All figures are of what was read. What was not read counts neither as "
            "compliant nor as resolved. A ratio may differ because of it; the change by "
            "environment, like for like, is only of what both runs read.",
            STYLE_NOTE, err));
    }
    if (report_is_narrowed(book->options)) {
        buf_puts(&narrowing, "\xE2\x97\x86 ");
        summary_describe_narrowing(book->options, &narrowing);
        TRY(put_sentence(book, sheet, row, buf_text(&narrowing), STYLE_LINE_YELLOW, err));
    }
    return ST_OK;
}

static Status put_head(Book *book, lxw_worksheet *sheet, uint32_t *row, Err *err) {
    OWN(buf_done) Buf subtitle = {0};
    TRY(book_row_height(sheet, 0, 30, err));
    TRY(book_text(book, (Spot){sheet, 0, FIRST_COLUMN}, "AWS Config compliance", STYLE_TITLE, err));
    describe_run(&book->run, &subtitle);
    TRY(book_text(book, (Spot){sheet, 1, FIRST_COLUMN}, buf_text(&subtitle), STYLE_SUBTITLE, err));
    *row = 2;
    return put_remarks(book, sheet, row, err);
}

/* Nothing was found: of what was read, if not all was. */
static const char *words_for_nothing(const Section *section, const BookRun *run) {
    if (section->when_unread != NULL && run->scopes_scanned == 0) {
        return section->when_unread;
    }
    return section->when_partial != NULL && !summary_is_complete(run) ? section->when_partial
                                                                      : section->when_empty;
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
        return book_text(book, at, words_for_nothing(section, &book->run), STYLE_NOTE, err);
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
    return ST_OK;
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
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        uint32_t begun = row + 1;
        if (put_section(book, sheet, &sections[i], &row, err) != ST_OK) {
            return err_wrap(err, "the sheet %s", SUMMARY_TITLE);
        }
        if (sections[i].beside_chart) {
            ret_result->chart = (Spot){sheet, begun, CHART_COLUMN};
            row = row > begun + CHART_ROWS ? row : begun + CHART_ROWS;
        }
    }
    return ST_OK;
}
