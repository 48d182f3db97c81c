#include "output.h"

#include "base/str.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

TableFormat output_format(const Cli *cli) {
    TableFormat format = TABLE_TEXT;
    ASSERT(table_format_parse(settings_text(&cli->settings, SETTING_FORMAT), &format));
    return format;
}

/* Text alone can be shown in every format; what is not would be cut where its first zero is. */
static Status take_cells(Stmt *stmt, int columns, Cell *ret_cells, Err *err) {
    for (int i = 0; i < columns; i++) {
        if (stmt_is_binary(stmt, i)) {
            err_set(err, ST_USAGE, "the column %s holds bytes that are not text",
                    stmt_column_name(stmt, i));
            return err_hint(err, "hex() shows them");
        }
        ret_cells[i] = stmt_cell(stmt, i);
    }
    return ST_OK;
}

static Status print_rows(Table *table, Stmt *stmt, int64_t limit, bool *ret_cut, Err *err) {
    Cell cells[TABLE_MAX_COLUMNS];
    int columns = stmt_column_count(stmt);
    for (int64_t rows = 0; !ferror(stdout); rows++) {
        bool row = false;
        TRY(stmt_step(stmt, &row, err));
        *ret_cut = row && limit > 0 && rows == limit;
        if (!row || *ret_cut) {
            break;
        }
        TRY(take_cells(stmt, columns, cells, err));
        table_row(table, cells);
    }
    return ST_OK;
}

Status output_rows(const Cli *cli, Stmt *stmt, int64_t limit, bool *ret_cut, Err *err) {
    OWN(table_free_at) Table *table = NULL;
    const char *names[TABLE_MAX_COLUMNS];
    int columns = stmt_column_count(stmt);
    *ret_cut = false;
    if (columns > TABLE_MAX_COLUMNS) {
        return err_set(err, ST_LIMIT, "the result has more than %d columns", TABLE_MAX_COLUMNS);
    }
    for (int i = 0; i < columns; i++) {
        names[i] = stmt_column_name(stmt, i);
    }
    table = table_new(stdout, output_format(cli), (size_t)columns, names);
    /* After an error the result stays open, so that nobody takes it for whole. */
    TRY(print_rows(table, stmt, limit, ret_cut, err));
    return table_finish(table, err);
}

static void print_field(const OutputField *field, int width) {
    const Cell *value = &field->value;
    printf("%-*s", width, field->name);
    if (value->type == CELL_INT) {
        printf("%lld\n", (long long)value->integer);
    } else {
        printf("%s\n", value->text == NULL ? "" : value->text);
    }
}

static void print_fields(const OutputField *fields) {
    size_t width = 0;
    for (const OutputField *field = fields; field->name != NULL; field++) {
        width = strlen(field->name) > width ? strlen(field->name) : width;
    }
    for (const OutputField *field = fields; field->name != NULL; field++) {
        print_field(field, (int)width + 2);
    }
}

Status output_record(const Cli *cli, const OutputField *fields, Err *err) {
    const char *names[OUTPUT_MAX_FIELDS];
    Cell cells[OUTPUT_MAX_FIELDS];
    size_t count = 0;
    if (output_format(cli) == TABLE_TEXT) {
        print_fields(fields);
        return output_finish(err);
    }
    for (const OutputField *field = fields; field->name != NULL; field++) {
        ASSERT(count < OUTPUT_MAX_FIELDS);
        names[count] = field->name;
        cells[count++] = field->value;
    }
    OWN(table_free_at) Table *table = table_new(stdout, output_format(cli), count, names);
    table_row(table, cells);
    return table_finish(table, err);
}

Status output_text(const char *text, Err *err) {
    errno = 0;
    fputs(text, stdout);
    return output_finish(err);
}

size_t output_width(void) {
    struct winsize size;
    int64_t columns = 80;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    const char *wanted = getenv("COLUMNS");
    return wanted != NULL && str_parse_int(wanted, 20, 1000, &columns) ? (size_t)columns : 80;
}

/* https://no-color.org */
bool output_has_color(void) {
    return isatty(STDOUT_FILENO) == 1 && str_is_empty(getenv("NO_COLOR")) &&
           !str_equal(getenv("TERM"), "dumb");
}

Status output_finish(Err *err) {
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return ST_OK;
    }
    return err_set(err, ST_IO, "cannot write the results: %s",
                   errno == 0 ? "standard output takes no more" : strerror(errno));
}

bool output_is_closed(void) {
    struct pollfd pipe = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return ferror(stdout) && poll(&pipe, 1, 0) == 1 && (pipe.revents & (POLLERR | POLLHUP)) != 0;
}
