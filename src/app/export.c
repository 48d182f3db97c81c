#include "app/export.h"

#include "app/lookup.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/json.h"
#include "format/table.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { MAX_COLUMNS = 64 };

typedef struct Writer {
    FILE *out;
    Table *table; /* of CSV */
    Buf line;     /* of JSON lines */
    int columns;
    const char *names[MAX_COLUMNS];
} Writer;

static void put_json_cell(JsonWriter *json, const char *name, const Cell *cell) {
    switch (cell->type) {
    case CELL_NULL:
        json_put_null(json, name);
        break;
    case CELL_TEXT:
        json_put_text(json, name, cell->text);
        break;
    case CELL_INT:
        json_put_int(json, name, cell->integer);
        break;
    case CELL_REAL:
        json_put_double(json, name, cell->real);
        break;
    }
}

static void write_row(Writer *writer, const Cell *cells) {
    if (writer->table != NULL) {
        table_row(writer->table, cells);
        return;
    }
    buf_clear(&writer->line);
    JsonWriter json = {.out = &writer->line};
    json_begin_object(&json, NULL);
    for (int i = 0; i < writer->columns; i++) {
        put_json_cell(&json, writer->names[i], &cells[i]);
    }
    json_end_object(&json);
    buf_putc(&writer->line, '\n');
    fwrite(buf_text(&writer->line), 1, writer->line.size, writer->out);
}

static Status write_rows(Writer *writer, Stmt *stmt, int64_t *ret_rows, Err *err) {
    Cell cells[MAX_COLUMNS];
    *ret_rows = 0;
    while (!ferror(writer->out)) {
        bool row = false;
        TRY(stmt_step(stmt, &row, err));
        if (!row) {
            break;
        }
        for (int i = 0; i < writer->columns; i++) {
            cells[i] = stmt_cell(stmt, i);
        }
        write_row(writer, cells);
        (*ret_rows)++;
    }
    if (writer->table != NULL) {
        return table_finish(writer->table, err);
    }
    if (fflush(writer->out) != 0 || ferror(writer->out)) {
        return err_set(err, ST_IO, "cannot write the rows: %s", strerror(errno));
    }
    return ST_OK;
}

Status export_evaluations(Db *history, const char *group_id, ExportFormat format, FILE *out,
                          int64_t *ret_rows, Err *err) {
    OWN(stmt_free_at) Stmt *stmt = NULL;
    OWN(table_free_at) Table *table = NULL;
    TRY(lookup_prepare(history, "evaluations", group_id, &stmt, err));
    Writer writer = {.out = out, .columns = stmt_column_count(stmt)};
    ASSERT(writer.columns <= MAX_COLUMNS);
    for (int i = 0; i < writer.columns; i++) {
        writer.names[i] = stmt_column_name(stmt, i);
    }
    if (format == EXPORT_CSV) {
        table = table_new(out, TABLE_CSV, (size_t)writer.columns, writer.names);
        writer.table = table;
    }
    Status status = write_rows(&writer, stmt, ret_rows, err);
    buf_done(&writer.line);
    return status;
}

static Status finish_file(FILE *file, const char *temporary, const char *path, Err *err) {
    bool written = fflush(file) == 0 && fsync(fileno(file)) == 0;
    int saved = errno;
    if (fclose(file) != 0 && written) {
        written = false;
        saved = errno;
    }
    if (!written) {
        return err_set(err, ST_IO, "cannot write %s: %s", path, strerror(saved));
    }
    if (rename(temporary, path) != 0) {
        return err_set(err, ST_IO, "cannot write %s: %s", path, strerror(errno));
    }
    return ST_OK;
}

Status export_to_file(Db *history, const char *group_id, ExportFormat format, const char *path,
                      int64_t *ret_rows, Err *err) {
    OWN(mem_free_at) char *temporary = mem_printf("%s.tmp-%ld", path, (long)getpid());
    FILE *file = fopen(temporary, "we");
    if (file == NULL) {
        return err_set(err, ST_IO, "cannot write %s: %s", path, strerror(errno));
    }
    Status status = export_evaluations(history, group_id, format, file, ret_rows, err);
    if (status == ST_OK) {
        status = finish_file(file, temporary, path, err);
    } else {
        fclose(file);
    }
    if (status != ST_OK) {
        unlink(temporary);
    }
    return status;
}
