#include "report/report.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "report/about.h"
#include "report/graph.h"
#include "report/sheets.h"
#include "report/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Beside the rows of the Trend sheet, and on the Summary. */
enum { GRAPH_COLUMNS = 11, LAST_GRAPH_ROW = 34 };

static Status put_graphs(Book *book, const SheetSpec *spec, const SheetResult *trend,
                         const SummaryResult *summary, Err *err) {
    GraphSource source = {spec->title, spec->query, spec->columns, trend};
    uint16_t beside = (uint16_t)(grid_width(spec->columns) + 1);
    GraphPlace ratios = {{trend->sheet, 1, beside}, 0, 640, 320};
    GraphPlace findings = {{trend->sheet, 18, beside}, 0, 640, 280};
    /* LibreOffice would cut the last chart where the cells end */
    uint32_t last_row = trend->last_row > LAST_GRAPH_ROW ? trend->last_row : LAST_GRAPH_ROW;
    TRY(book_check(worksheet_print_area(trend->sheet, 0, 0, last_row + 1,
                                        (uint16_t)(beside + GRAPH_COLUMNS - 1)),
                   "lay out", err));
    GraphPlace first = {summary->chart, 14, 424, 244};
    TRY(graph_put_ratios(book, &source, &ratios, err));
    TRY(graph_put_findings(book, &source, &findings, err));
    return graph_put_ratios(book, &source, &first, err);
}

static Status write_sheets(Book *book, Err *err) {
    SummaryResult summary = {0};
    AboutSheet about[SHEETS_COUNT + 1] = {0};
    TRY(summary_write(book, &summary, err));
    for (int i = 0; i < SHEETS_COUNT; i++) {
        const SheetSpec *spec = &sheets_table[i];
        SheetResult result;
        TRY(sheet_write(book, spec, &result, err));
        if (str_equal(spec->title, SHEETS_TREND)) {
            TRY(put_graphs(book, spec, &result, &summary, err));
        }
        about[i] = (AboutSheet){spec->title, spec->query, result.rows};
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

/* A name that is misspelt would give a workbook that says all is well. */
static Status check_narrowing(Book *book, Err *err) {
    const ReportOptions *options = book->options;
    bool row = true;
    if ((options->account != NULL || options->environment != NULL) && book->run.accounts == 0) {
        row = false;
    } else if (options->owner != NULL) {
        OWN(stmt_free_at) Stmt *stmt = NULL;
        TRY(book_query(book, "sheet_owners", &stmt, err));
        TRY(stmt_step(stmt, &row, err));
    }
    if (row) {
        return ST_OK;
    }
    OWN(buf_done) Buf narrowing = {0};
    summary_describe_narrowing(options, &narrowing);
    err_set(err, ST_NOTHING, "the run %s has nothing of what is asked for. %s", book->run.group_id,
            buf_text(&narrowing));
    return err_hint(err, "'confhouse query accounts' and 'confhouse query owners' list those there "
                         "are; an account is its id, or its name in that run");
}

bool report_is_narrowed(const ReportOptions *options) {
    return options->environment != NULL || options->account != NULL || options->owner != NULL ||
           options->since != NULL;
}

Status report_write(Db *history, const ReportOptions *options, const char *path,
                    ReportResult *ret_result, Err *err) {
    *ret_result = (ReportResult){0};
    OWN(book_done) Book book = {.history = history, .options = options};
    TRY(book_load_run(&book, err));
    TRY(check_narrowing(&book, err));
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
