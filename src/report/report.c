#include "report/report.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "report/about.h"
#include "report/graph.h"
#include "report/sheet.h"
#include "report/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define DASH "\xE2\x80\x93"

static const GridColumn rule_columns[] = {
    {"rule_group", "Rule", 44, GRID_TEXT, 0, NULL, 0},
    {"prod_ratio", "Prod ratio", 12, GRID_RATIO, 0, DASH, 0},
    {"nonprod_ratio", "Non-Prod ratio", 12, GRID_RATIO, 0, DASH, 0},
    {"unclassified_ratio", "Unclassified ratio", 13, GRID_RATIO, 0, DASH, 0},
    {"compliant", "Compliant", 12, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"non_compliant", "Non-compliant", 12, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"not_applicable", "Not applicable", 12, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"ratio", "Ratio", 10, GRID_RATIO, GRID_TOTAL_RATIO, DASH, 0},
    {"change", "Change since last run", 13, GRID_POINTS, 0, DASH, 0},
    {"ratio", "Status", 25, GRID_STATUS, 0, NULL, 0},
    {"failed", "Scopes where not read", 13, GRID_COUNT, 0, NULL, 0},
    {"no_data", "Scopes with no data yet", 13, GRID_COUNT, 0, NULL, 0},
    {0},
};

static const GridColumn account_columns[] = {
    {"account_name", "Account name", 32, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 15, GRID_TEXT, 0, NULL, 0},
    {"environment", "Environment", 14, GRID_WORD, 0, NULL, 0},
    {"scopes_wanted", "Regions", 10, GRID_COUNT, GRID_TOTAL_SUM, NULL, 0},
    {"scopes_scanned", "Regions read", 10, GRID_COUNT, GRID_TOTAL_SUM, NULL, 0},
    {"compliant", "Compliant", 12, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"non_compliant", "Non-compliant", 12, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"not_applicable", "Not applicable", 12, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"ratio", "Ratio", 10, GRID_RATIO, GRID_TOTAL_RATIO, DASH, 0},
    {"change", "Change since last run", 13, GRID_POINTS, 0, DASH, 0},
    {"ratio", "Status", 25, GRID_STATUS, 0, NULL, 0},
    {"new_findings", "New findings", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {"resolved_findings", "Resolved findings", 10, GRID_COUNT, GRID_TOTAL_SUM, DASH, 0},
    {0},
};

static const GridColumn finding_columns[] = {
    {"environment", "Environment", 12, GRID_WORD, 0, NULL, 0},
    {"account_name", "Account name", 23, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 14, GRID_TEXT, 0, NULL, 0},
    {"region", "Region", 14, GRID_TEXT, 0, NULL, 0},
    {"rule_group", "Rule", 30, GRID_TEXT, 0, NULL, 0},
    {"resource_type", "Resource type", 21, GRID_TEXT, 0, NULL, 0},
    {"resource_id", "Resource ID", 30, GRID_TEXT, 0, NULL, 0},
    {"annotation", "Why", 38, GRID_TEXT, 0, NULL, 0},
    {"owner", "Owner", 15, GRID_TEXT, 0, "no owner", 0},
    {"since", "First seen", 12, GRID_DATE, 0, NULL, 0},
    {"age_days", "Days open", 8, GRID_COUNT, 0, NULL, 0},
    {"age_runs", "Runs open", 8, GRID_COUNT, 0, NULL, 0},
    {"rule_name", "Rule name in AWS", 34, GRID_TEXT, 0, NULL, 0},
    {0},
};

static const GridColumn change_columns[] = {
    {"change", "Change", 19, GRID_WORD, 0, NULL, 0},
    {"environment", "Environment", 13, GRID_WORD, 0, NULL, 0},
    {"account_name", "Account name", 26, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 15, GRID_TEXT, 0, NULL, 0},
    {"region", "Region", 14, GRID_TEXT, 0, NULL, 0},
    {"rule_group", "Rule", 36, GRID_TEXT, 0, NULL, 0},
    {"resource_type", "Resource type", 24, GRID_TEXT, 0, NULL, 0},
    {"resource_id", "Resource ID", 36, GRID_TEXT, 0, NULL, 0},
    {"compliance_before", "Before", 15, GRID_WORD, 0, "not reported", 0},
    {"compliance_after", "Now", 15, GRID_WORD, 0, "not reported", 0},
    {"rule_name", "Rule name in AWS", 46, GRID_TEXT, 0, NULL, 0},
    {0},
};

/* The ratios stay empty where nothing was read: a text would be drawn as zero. */
static const GridColumn trend_columns[] = {
    {"scan_date", "Date", 12, GRID_DATE, 0, NULL, 0},
    {"group_id", "Run", 22, GRID_TEXT, 0, NULL, 0},
    {"prod_ratio", "Prod ratio", 12, GRID_RATIO, 0, "", 0},
    {"nonprod_ratio", "Non-Prod ratio", 12, GRID_RATIO, 0, "", 0},
    {"unclassified_ratio", "Unclassified ratio", 13, GRID_RATIO, 0, "", 0},
    {"open_findings", "Open findings", 11, GRID_COUNT, 0, "", 0},
    {"new_findings", "New findings", 11, GRID_COUNT, 0, "", 0},
    {"resolved_findings", "Resolved findings", 11, GRID_COUNT, 0, "", 0},
    {"scopes_planned", "Scopes", 10, GRID_COUNT, 0, NULL, 0},
    {"scopes_scanned", "Scopes read", 10, GRID_COUNT, 0, NULL, 0},
    {"note", "Remark", 27, GRID_TEXT, 0, NULL, 0},
    {0},
};

static const GridColumn coverage_columns[] = {
    {"outcome", "Outcome", 20, GRID_WORD, 0, NULL, 0},
    {"account_name", "Account name", 28, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 15, GRID_TEXT, 0, NULL, 0},
    {"environment", "Environment", 13, GRID_WORD, 0, NULL, 0},
    {"region", "Region", 14, GRID_TEXT, 0, NULL, 0},
    {"message", "Why", 52, GRID_TEXT, 0, NULL, 0},
    {"error_code", "Error code", 24, GRID_TEXT, 0, NULL, 0},
    {"what_to_do", "What to do", 46, GRID_TEXT, 0, NULL, 0},
    {"recorder", "AWS Config recorder", 12, GRID_WORD, 0, "not known", 0},
    {"rules", "Rules", 9, GRID_COUNT, 0, DASH, 0},
    {"rules_failed", "Rules not read", 9, GRID_COUNT, 0, DASH, 0},
    {"evaluations", "Evaluations", 12, GRID_COUNT, 0, DASH, 0},
    {"last_scanned", "Last read", 12, GRID_DATE, 0, "never", 0},
    {0},
};

static const GridColumn unread_columns[] = {
    {"outcome", "Outcome", 14, GRID_WORD, 0, NULL, 0},
    {"rule_group", "Rule", 40, GRID_TEXT, 0, NULL, 0},
    {"account_name", "Account name", 28, GRID_TEXT, 0, NULL, 0},
    {"account_id", "Account ID", 15, GRID_TEXT, 0, NULL, 0},
    {"environment", "Environment", 13, GRID_WORD, 0, NULL, 0},
    {"region", "Region", 14, GRID_TEXT, 0, NULL, 0},
    {"error_code", "Error code", 24, GRID_TEXT, 0, NULL, 0},
    {"message", "Why", 50, GRID_TEXT, 0, NULL, 0},
    {"rule_name", "Rule name in AWS", 46, GRID_TEXT, 0, NULL, 0},
    {0},
};

#define TREND_TITLE "Trend"

/* The sheets between Summary and About, in their order. A new one is a row here and a query. */
static const SheetSpec sheets[] = {
    {"Rules", "sheet_rules",
     "One row is a rule over all accounts and regions; the rules with the most findings come "
     "first.",
     "No rule was read in this run.", COLOR_BLUE, rule_columns, "Total"},
    {"Accounts", "sheet_accounts",
     "One row is an account; in each environment, accounts that were not read and low ratios come "
     "first.",
     "This run has no accounts.", COLOR_BLUE, account_columns, "Total"},
    {"Non-compliant", "sheet_noncompliant",
     "One row is an open finding: a resource that does not obey a rule.",
     "No open findings in what was read.", COLOR_RED, finding_columns, NULL},
    {"Changes", "sheet_changes",
     "One row is a finding that differs from the run before. What could not be read has not "
     "changed.",
     "Nothing has changed since the run before, or there is none.", COLOR_ORANGE, change_columns,
     NULL},
    {TREND_TITLE, "sheet_trend",
     "One row is a run, up to this one. Empty ratios: nothing was read, or there was nothing to "
     "rate.",
     "There are no runs.", COLOR_GREEN, trend_columns, NULL},
    {"Coverage", "sheet_coverage",
     "One row is a scope, an account in a region: whether it was read, and if not, why and what to "
     "do. Those that need a hand come first.",
     "This run has no scopes.", COLOR_GREY, coverage_columns, NULL},
    {"Rules not read", "sheet_rules_unread",
     "One row is a rule, in a scope that was read, which told nothing: it failed, or has no data "
     "yet.",
     "Every rule of the scopes that were read could be read.", COLOR_GREY, unread_columns, NULL},
};
enum { SHEETS = sizeof sheets / sizeof sheets[0] };

/* Beside the rows of the Trend sheet, and on the Summary. */
static Status put_graphs(Book *book, const SheetResult *trend, const SummaryResult *summary,
                         Err *err) {
    GraphSource source = {TREND_TITLE, "sheet_trend", trend_columns, trend};
    uint16_t beside = (uint16_t)(grid_width(trend_columns) + 1);
    GraphPlace ratios = {{trend->sheet, 1, beside}, 640, 320};
    GraphPlace findings = {{trend->sheet, 18, beside}, 640, 280};
    GraphPlace first = {summary->chart, 470, 330};
    TRY(graph_put_ratios(book, &source, &ratios, err));
    TRY(graph_put_findings(book, &source, &findings, err));
    return graph_put_ratios(book, &source, &first, err);
}

static Status write_sheets(Book *book, Err *err) {
    SummaryResult summary = {0};
    AboutSheet about[SHEETS + 1] = {0};
    TRY(summary_write(book, &summary, err));
    for (int i = 0; i < SHEETS; i++) {
        SheetResult result;
        TRY(sheet_write(book, &sheets[i], &result, err));
        if (str_equal(sheets[i].title, TREND_TITLE)) {
            TRY(put_graphs(book, &result, &summary, err));
        }
        about[i] = (AboutSheet){sheets[i].title, sheets[i].query, result.rows};
    }
    return about_write(book, about, err);
}

/* The temporary file beside the target, so that the later rename stays on one disk. */
static Status make_file(const char *path, const char *temporary, Err *err) {
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        err_set(err, ST_IO, "cannot write %s: %s", path, strerror(errno));
        return err_hint(err, "check that the folder is there and who may write in it");
    }
    close(fd);
    return ST_OK;
}

static Status write_file(Book *book, const char *path, const char *temporary, Err *err) {
    TRY(book_open(book, temporary, err));
    TRY(write_sheets(book, err));
    TRY(book_check_cancelled(book, err));
    TRY(book_close(book, temporary, err));
    TRY(file_sync(temporary, err));
    if (rename(temporary, path) != 0) {
        return err_set(err, ST_IO, "cannot write %s: %s", path, strerror(errno));
    }
    return file_sync_parent(path, err);
}

Status report_write(Db *history, const ReportOptions *options, const char *path,
                    ReportResult *ret_result, Err *err) {
    *ret_result = (ReportResult){0};
    OWN(book_done) Book book = {.history = history, .options = options};
    TRY(book_load_run(&book, err));
    OWN(mem_free_at) char *temporary = mem_printf("%s.tmp-%ld", path, (long)getpid());
    TRY(make_file(path, temporary, err));
    Status status = write_file(&book, path, temporary, err);
    if (status != ST_OK) {
        unlink(temporary);
        return err_wrap(err, "the workbook of run %s", book.run.group_id);
    }
    str_copy(ret_result->group_id, sizeof ret_result->group_id, book.run.group_id);
    str_copy(ret_result->date, sizeof ret_result->date, book.run.date);
    ret_result->rows = book.rows;
    return ST_OK;
}
