#include "report/book.h"

#include "base/clock.h"
#include "base/str.h"
#include "report/cell_text.h"
#include "report/package.h"
#include "warehouse/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Status book_check(lxw_error code, const char *doing, Err *err) {
    switch (code) {
    case LXW_NO_ERROR:
        return ST_OK;
    case LXW_ERROR_CREATING_XLSX_FILE:
    case LXW_ERROR_CREATING_TMPFILE:
    case LXW_ERROR_READING_TMPFILE:
    case LXW_ERROR_ZIP_FILE_OPERATION:
    case LXW_ERROR_ZIP_FILE_ADD:
    case LXW_ERROR_ZIP_CLOSE:
        err_set(err, ST_IO, "cannot %s the workbook: %s", doing, lxw_strerror(code));
        return err_hint(err, "check that there is room where it goes and in the folder for "
                             "temporary files (TMPDIR)");
    default:
        return err_set(err, ST_INTERNAL, "cannot %s the workbook: %s", doing, lxw_strerror(code));
    }
}

Status book_check_cancelled(const Book *book, Err *err) {
    if (book->options->cancelled != NULL && *book->options->cancelled) {
        return err_set(err, ST_CANCELLED, "the report was stopped before it was done");
    }
    return ST_OK;
}

enum { PARAMS = 5 };

/* Those that are set and that the query has; ends with DB_END. */
static void find_params(const Book *book, const QueryInfo *info, DbParam ret_params[PARAMS + 1]) {
    const ReportOptions *options = book->options;
    const char *group_id = str_is_empty(book->run.group_id) ? NULL : book->run.group_id;
    const DbParam all[PARAMS] = {
        DB_TEXT("group_id", group_id), DB_TEXT("environment", options->environment),
        DB_TEXT("account", options->account), DB_TEXT("owner", options->owner),
        DB_TEXT("since", options->since)};
    int count = 0;
    for (int i = 0; i < PARAMS; i++) {
        if (all[i].value.text != NULL && query_has_param(info, all[i].name)) {
            ret_params[count++] = all[i];
        }
    }
    ret_params[count] = DB_END;
}

Status book_query(Book *book, const char *name, Stmt **ret_stmt, Err *err) {
    QueryInfo info;
    DbParam params[PARAMS + 1];
    TRY(query_find(name, &info, err));
    find_params(book, &info, params);
    return query_prepare(book->history, &info, params, ret_stmt, err);
}

static bool needs_quotes(const char *text) {
    return text[strspn(text,
                       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.@/")] !=
               '\0' ||
           text[0] == '\0';
}

void book_append_params(const Book *book, const QueryInfo *info, Buf *out) {
    DbParam params[PARAMS + 1];
    find_params(book, info, params);
    for (const DbParam *param = params; param->name != NULL; param++) {
        const char *text = param->value.text;
        const char *quote = needs_quotes(text) ? "'" : "";
        buf_printf(out, " -p %s=%s", param->name, quote);
        for (; *text != '\0'; text++) {
            *text == '\'' ? buf_puts(out, "'\\''") : buf_putc(out, *text);
        }
        buf_puts(out, quote);
    }
}

/* Columns of sheet_run by name, so that the query may grow. */
static Cell run_cell(Stmt *stmt, const char *name) {
    int column = stmt_column_at(stmt, name);
    ASSERT(column >= 0);
    return stmt_cell(stmt, column);
}

static void run_copy(Stmt *stmt, const char *name, char *to, size_t size) {
    Cell cell = run_cell(stmt, name);
    str_copy(to, size, cell.type == CELL_TEXT ? cell.text : "");
}

static int64_t run_int(Stmt *stmt, const char *name) {
    Cell cell = run_cell(stmt, name);
    return cell.type == CELL_INT ? cell.integer : 0;
}

static void read_run(Stmt *stmt, BookRun *run) {
    run_copy(stmt, "group_id", run->group_id, sizeof run->group_id);
    run_copy(stmt, "scan_date", run->date, sizeof run->date);
    run_copy(stmt, "started_at", run->started_at, sizeof run->started_at);
    run_copy(stmt, "finished_at", run->finished_at, sizeof run->finished_at);
    run_copy(stmt, "previous_group_id", run->previous_group_id, sizeof run->previous_group_id);
    run_copy(stmt, "previous_date", run->previous_date, sizeof run->previous_date);
    run_copy(stmt, "organization_id", run->organization_id, sizeof run->organization_id);
    run_copy(stmt, "management_account", run->management_account, sizeof run->management_account);
    run->runs = run_int(stmt, "runs");
    run->accounts = run_int(stmt, "accounts");
    run->accounts_unread = run_int(stmt, "accounts_unread");
    run->scopes_planned = run_int(stmt, "scopes_planned");
    run->scopes_scanned = run_int(stmt, "scopes_scanned");
    run->scopes_denied = run_int(stmt, "scopes_denied");
    run->scopes_failed = run_int(stmt, "scopes_failed");
    run->scopes_missing = run_int(stmt, "scopes_missing");
    run->scopes_skipped = run_int(stmt, "scopes_skipped");
    run->rules_failed = run_int(stmt, "rules_failed");
    run->recorders_off = run_int(stmt, "recorders_off");
    run->shards_refused = run_int(stmt, "shards_refused");
    run->evaluations = run_int(stmt, "evaluations");
    run->findings_last_known = run_int(stmt, "findings_last_known");
}

Status book_load_run(Book *book, Err *err) {
    const char *wanted = book->options->group_id;
    if (wanted != NULL) {
        TRY(str_check_id("run", wanted, err));
        str_copy(book->run.group_id, sizeof book->run.group_id, wanted);
    }
    OWN(stmt_free_at) Stmt *stmt = NULL;
    TRY(book_query(book, "sheet_run", &stmt, err));
    bool row = false;
    TRY(stmt_step(stmt, &row, err));
    if (!row && wanted == NULL) {
        return err_set(err, ST_NOTHING, "the history has no runs to report");
    }
    if (!row) {
        err_set(err, ST_NOTHING, "the history has no run %s", wanted);
        return err_hint(err, "the query \"runs\" lists those there are");
    }
    read_run(stmt, &book->run);
    int64_t date_ms = 0;
    if (!clock_parse_date(book->run.date, &date_ms)) { /* it becomes part of a file name */
        return err_set(err, ST_CORRUPT, "the history says that run %s was on \"%s\"",
                       book->run.group_id, book->run.date);
    }
    return ST_OK;
}

static Status set_properties(Book *book, Err *err) {
    char title[80];
    char subject[160];
    char author[] = "confhouse " CONFHOUSE_VERSION;
    char category[] = "Compliance";
    char keywords[] = "AWS Config, compliance";
    snprintf(title, sizeof title, "AWS Config compliance, %s", book->run.date);
    snprintf(subject, sizeof subject, "Compliance with AWS Config rules, run %s",
             book->run.group_id);
    int64_t date_ms = 0;
    clock_parse_date(book->run.date, &date_ms);
    lxw_doc_properties properties = {
        .title = title,
        .subject = subject,
        .author = author,
        .category = category,
        .keywords = keywords,
        /* of the run, not of the moment: the same run gives the same workbook */
        .created = (time_t)(date_ms / 1000),
    };
    return book_check(workbook_set_properties(book->workbook, &properties), "describe", err);
}

Status book_open(Book *book, const char *path, Err *err) {
    char *temporary = getenv("TMPDIR");
    char fallback[] = "/tmp";
    lxw_workbook_options options = {
        .constant_memory = LXW_TRUE,
        .tmpdir = str_is_empty(temporary) ? fallback : temporary,
    };
    book->workbook = workbook_new_opt(path, &options);
    if (book->workbook == NULL || !style_make(book->workbook, book->styles)) {
        return err_set(err, ST_INTERNAL, "cannot begin the workbook %s", path);
    }
    return set_properties(book, err);
}

Status book_close(Book *book, const char *path, Err *err) {
    lxw_workbook *workbook = book->workbook;
    book->workbook = NULL; /* closing frees it, in success and failure alike */
    TRY(book_check(workbook_close(workbook), "finish", err));
    return package_check(path, err);
}

/* The library closes the files that rows wait in only when it finishes the workbook. */
static void close_row_files(lxw_workbook *workbook) {
    lxw_worksheet *sheet = NULL;
    STAILQ_FOREACH(sheet, workbook->worksheets, list_pointers) {
        fclose(sheet->optimize_tmpfile);
    }
}

void book_done(Book *book) {
    if (book->workbook != NULL) {
        close_row_files(book->workbook);
        lxw_workbook_free(book->workbook);
        book->workbook = NULL;
    }
    buf_done(&book->text);
}

/* Printed: A4, landscape, as wide as the paper. */
static Status set_page(const Book *book, lxw_worksheet *sheet, Err *err) {
    char footer[160];
    snprintf(footer, sizeof footer, "&L&8AWS Config compliance, run of %s&C&8&A&R&8Page &P of &N",
             book->run.date);
    worksheet_set_paper(sheet, 9);
    worksheet_set_landscape(sheet);
    worksheet_set_margins(sheet, 0.4, 0.4, 0.5, 0.6);
    worksheet_fit_to_pages(sheet, 1, 0);
    return book_check(worksheet_set_footer(sheet, footer), "lay out", err);
}

Status book_add_sheet(Book *book, const char *title, uint32_t tab_color, lxw_worksheet **ret_sheet,
                      Err *err) {
    lxw_worksheet *sheet = workbook_add_worksheet(book->workbook, title);
    if (sheet == NULL) {
        err_set(err, ST_IO, "cannot begin the sheet %s", title);
        return err_hint(err, "check the folder for temporary files (TMPDIR)");
    }
    worksheet_set_tab_color(sheet, tab_color);
    worksheet_gridlines(sheet, LXW_HIDE_ALL_GRIDLINES);
    *ret_sheet = sheet;
    return set_page(book, sheet, err);
}

Status book_check_sheet(const lxw_worksheet *sheet, Err *err) {
    if (ferror(sheet->optimize_tmpfile) != 0) {
        return book_check(LXW_ERROR_CREATING_TMPFILE, "store the rows of", err);
    }
    return ST_OK;
}

Status book_text(Book *book, Spot at, const char *text, Style style, Err *err) {
    cell_text_clean(&book->text, text);
    return book_check(worksheet_write_string(at.sheet, at.row, at.column, buf_text(&book->text),
                                             book->styles[style]),
                      "write a text into", err);
}

Status book_wide_text(Book *book, Spot at, uint16_t columns, const char *text, Style style,
                      Err *err) {
    if (columns <= 1) {
        return book_text(book, at, text, style, err);
    }
    cell_text_clean(&book->text, text);
    uint16_t last = (uint16_t)(at.column + columns - 1);
    return book_check(worksheet_merge_range(at.sheet, at.row, at.column, at.row, last,
                                            buf_text(&book->text), book->styles[style]),
                      "write a text into", err);
}

Status book_number(Book *book, Spot at, double number, Style style, Err *err) {
    return book_check(
        worksheet_write_number(at.sheet, at.row, at.column, number, book->styles[style]),
        "write a number into", err);
}

Status book_date(Book *book, Spot at, const char *date, Err *err) {
    enum { DAYS_TO_1970 = 25569 }; /* Excel counts from 1899-12-30 */
    int64_t time_ms = 0;
    if (!clock_parse_date(date, &time_ms)) {
        return book_text(book, at, date, STYLE_TEXT, err);
    }
    int64_t days = time_ms / ((int64_t)24 * 3600 * 1000) + DAYS_TO_1970;
    return book_number(book, at, (double)days, STYLE_DATE, err);
}

Status book_link(Book *book, Spot at, const char *url, const char *text, Err *err) {
    ASSERT(strchr(url, '"') == NULL && strchr(text, '"') == NULL);
    buf_clear(&book->text);
    buf_printf(&book->text, "=HYPERLINK(\"%s\",\"%s\")", url, text);
    return book_check(worksheet_write_formula_str(at.sheet, at.row, at.column,
                                                  buf_text(&book->text), book->styles[STYLE_LINK],
                                                  text),
                      "write a link into", err);
}

Status book_blank(Book *book, Spot at, Style style, Err *err) {
    return book_check(worksheet_write_blank(at.sheet, at.row, at.column, book->styles[style]),
                      "write into", err);
}

Status book_row_height(lxw_worksheet *sheet, uint32_t row, double points, Err *err) {
    return book_check(worksheet_set_row(sheet, row, points, NULL), "lay out", err);
}

Status book_row_lines(lxw_worksheet *sheet, uint32_t row, int lines, Err *err) {
    if (lines <= 1) {
        return ST_OK;
    }
    return book_row_height(sheet, row, (lines < BOOK_MAX_LINES ? lines : BOOK_MAX_LINES) * 13 + 3,
                           err);
}
