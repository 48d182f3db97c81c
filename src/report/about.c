#include "report/about.h"

#include "base/str.h"
#include "report/cell_text.h"
#include "report/summary.h"
#include "warehouse/query.h"

#include <inttypes.h>
#include <stdio.h>

enum { LABEL_COLUMN = 0, TEXT_COLUMN = 1, LABEL_WIDTH = 24, TEXT_WIDTH = 110 };

typedef struct Page {
    Book *book;
    lxw_worksheet *sheet;
    uint32_t row;
} Page;

typedef struct Term {
    const char *word;
    const char *meaning;
} Term;

static const Term terms[] = {
    {"Ratio", "Compliant evaluations divided by compliant and non-compliant ones. Evaluations that "
              "are not applicable count for nothing, and so does what could not be read."},
    {"Change, like for like",
     "Of a ratio, by environment, since the run before: only of the scopes and rules that both "
     "runs read. What only one of them read makes ratios differ, but is no change."},
    {"Finding", "A non-compliant evaluation: one rule that one resource does not obey."},
    {"New", "A finding that was not there in the run before; one that came back is \"Reopened\"."},
    {"Resolved", "A finding of the run before that is compliant or not applicable now."},
    {"No longer reported", "A finding of the run before of which AWS Config reports nothing any "
                           "more, for example because the resource is gone. Not the same as "
                           "resolved."},
    {"Waived",
     "A finding that somebody accepts until a day, by a line of waivers.csv in the store. It "
     "stays a finding: ratios are as found, and beside them, after waivers, with waived "
     "findings counted as compliant. The two are never mixed."},
    {"Not read", "It could not be asked, so nothing is known about it: it is neither compliant nor "
                 "resolved. The sheets Coverage and Rules not read say why, and how many findings "
                 "were open when it was last read (last known); these are in no other figure."},
    {"Scope", "One account in one region: the unit that is read, or not."},
    {"Unclassified", "An account of which neither its name nor the settings say whether it is Prod "
                     "or Non-Prod."},
    {"Owner",
     "What the owner tag of the resource says, or else that of the rule (mox.owner, unless "
     "the settings name another)."},
    {"First seen", "The date of the run in which the finding was first there. It may be older than "
                   "the history."},
    {"Open",
     "In the sheets Changes and Non-compliant: opens the resource's timeline in AWS Config, "
     "in the console of the account to which you are signed in. The first 65,530 rows of a "
     "sheet have such a link; after these the address stands there as text."},
    {"pp", "Percentage points: the difference of two ratios."},
};

static Status put_section(Page *page, const char *title, Err *err) {
    page->row++;
    TRY(book_row_height(page->sheet, page->row, 20, err));
    TRY(book_text(page->book, (Spot){page->sheet, page->row, LABEL_COLUMN}, title, STYLE_SECTION,
                  err));
    page->row++;
    return ST_OK;
}

static Status put_line(Page *page, const char *label, const char *text, Err *err) {
    TRY(book_row_lines(page->sheet, page->row, cell_text_lines(text, TEXT_WIDTH), err));
    TRY(book_text(page->book, (Spot){page->sheet, page->row, LABEL_COLUMN}, label, STYLE_LABEL,
                  err));
    TRY(book_text(page->book, (Spot){page->sheet, page->row, TEXT_COLUMN}, text, STYLE_PLAIN, err));
    page->row++;
    return ST_OK;
}

static Status put_run(Page *page, Err *err) {
    const BookRun *run = &page->book->run;
    char text[256];
    TRY(put_section(page, "This run", err));
    TRY(put_line(page, "Run", run->group_id, err));
    TRY(put_line(page, "Date", run->date, err));
    snprintf(text, sizeof text, "%s to %s (UTC)",
             run->started_at[0] != '\0' ? run->started_at : "not known",
             run->finished_at[0] != '\0' ? run->finished_at : "not known");
    TRY(put_line(page, "Collected", text, err));
    TRY(put_line(page, "Compared with",
                 run->previous_group_id[0] != '\0' ? run->previous_group_id
                                                   : "nothing: it is the first run",
                 err));
    OWN(buf_done) Buf coverage = {0};
    summary_describe_coverage(run, &coverage);
    TRY(put_line(page, "Coverage", buf_text(&coverage), err));
    snprintf(text, sizeof text, "%" PRId64 " in %" PRId64 " accounts", run->evaluations,
             run->accounts);
    TRY(put_line(page, "Evaluations", text, err));
    snprintf(text, sizeof text, "%" PRId64 " up to this one", run->runs);
    TRY(put_line(page, "Runs", text, err));
    const char *sha256 = page->book->options->history_sha256;
    TRY(put_line(page, "History (SHA-256)", str_is_empty(sha256) ? "not known" : sha256, err));
    return put_line(page, "Made by", "confhouse " CONFHOUSE_VERSION, err);
}

static Status put_colors(Page *page, Err *err) {
    const ReportOptions *options = page->book->options;
    char text[96];
    TRY(put_section(page, "Colours", err));
    snprintf(text, sizeof text, "Ratio of %.6g%% or more (green)", options->green_from * 100);
    TRY(put_line(page, "\xE2\x97\x8F On target", text, err));
    snprintf(text, sizeof text, "Ratio of %.6g%% or more (yellow)", options->yellow_from * 100);
    TRY(put_line(page, "\xE2\x96\xB2 Watch", text, err));
    TRY(put_line(page, "\xE2\x96\xBC Act", "Ratio below that (red)", err));
    TRY(put_line(page, "\xE2\x97\x8B Not read", "Nothing is known (grey)", err));
    return put_line(page, "partly read",
                    "The ratio is of what was read; some of its regions or rules were not.", err);
}

static Status put_terms(Page *page, Err *err) {
    TRY(put_section(page, "Words", err));
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        TRY(put_line(page, terms[i].word, terms[i].meaning, err));
    }
    return ST_OK;
}

/* `rows` is -1 where nobody counted them. */
static Status put_query(Page *page, const char *title, const char *query, int64_t rows, Err *err) {
    QueryInfo info;
    char count[32] = "";
    TRY(query_find(query, &info, err));
    if (rows >= 0) {
        snprintf(count, sizeof count, " %" PRId64 " %s.", rows, rows == 1 ? "row" : "rows");
    }
    OWN(buf_done) Buf text = {0};
    buf_printf(&text, "%s%s\nconfhouse query %s", info.summary, count, query);
    book_append_params(page->book, &info, &text);
    return put_line(page, title, buf_text(&text), err);
}

/* Each figure can be followed to a query that anyone can run. */
static Status put_sheets(Page *page, const AboutSheet *sheets, Err *err) {
    TRY(put_section(page, "Where the figures come from", err));
    for (size_t i = 0; summary_query(i) != NULL; i++) {
        TRY(put_query(page, SUMMARY_TITLE, summary_query(i), -1, err));
    }
    for (; sheets->query != NULL; sheets++) {
        TRY(put_query(page, sheets->title, sheets->query, sheets->rows, err));
    }
    return ST_OK;
}

Status about_write(Book *book, const AboutSheet *sheets, Err *err) {
    Page page = {.book = book};
    TRY(book_add_sheet(book, "About", COLOR_GREY, &page.sheet, err));
    TRY(book_check(worksheet_set_column(page.sheet, LABEL_COLUMN, LABEL_COLUMN, LABEL_WIDTH, NULL),
                   "lay out", err));
    TRY(book_check(worksheet_set_column(page.sheet, TEXT_COLUMN, TEXT_COLUMN, TEXT_WIDTH, NULL),
                   "lay out", err));
    TRY(book_row_height(page.sheet, 0, 30, err));
    TRY(book_text(book, (Spot){page.sheet, 0, LABEL_COLUMN}, "About this workbook", STYLE_TITLE,
                  err));
    TRY(put_run(&page, err));
    TRY(put_colors(&page, err));
    TRY(put_terms(&page, err));
    TRY(put_sheets(&page, sheets, err));
    return book_check_sheet(page.sheet, err);
}
