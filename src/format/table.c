#include "format/table.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/csv.h"
#include "format/display.h"
#include "format/json.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum { MIN_WIDTH = 3 }; /* what Markdown needs under a header */

/* A cell as it will be printed, in the formats that align. */
typedef struct Shown {
    const char *text;
    size_t width; /* in columns of a terminal */
} Shown;

typedef struct Column {
    const char *name;
    size_t width;
    bool has_text; /* so far: a column of nothing but numbers stands to the right */
    bool has_number;
} Column;

struct Table {
    FILE *out;
    TableFormat format;
    Buf line;
    size_t row_count;
    int write_errno; /* of the first write that failed */
    size_t column_count;
    Column *columns;
    Arena names;
    /* Of the formats that align: rows that wait until the widths are known. */
    Arena held_texts;
    Shown *held; /* held_count rows of column_count */
    size_t held_count;
    bool is_aligned; /* the widths are fixed and the header is out */
};

bool table_format_parse(const char *name, TableFormat *ret_format) {
    static const char *const names[] = {
        [TABLE_TEXT] = "table",
        [TABLE_CSV] = "csv",
        [TABLE_JSON] = "json",
        [TABLE_MARKDOWN] = "markdown",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (str_equal(name, names[i])) {
            *ret_format = (TableFormat)i;
            return true;
        }
    }
    return false;
}

static bool aligns(const Table *table) {
    return table->format == TABLE_TEXT || table->format == TABLE_MARKDOWN;
}

static void flush_line(Table *table) {
    errno = 0;
    size_t written = fwrite(buf_text(&table->line), 1, table->line.size, table->out);
    bool is_cut = written < table->line.size || table->line.overflowed;
    if (is_cut && table->write_errno == 0) {
        table->write_errno = errno != 0 ? errno : EIO;
    }
    buf_clear(&table->line);
}

static void write_line(Table *table) {
    buf_putc(&table->line, '\n');
    flush_line(table);
}

/* "" for NULL, and for what is no number. */
static void append_number(Buf *out, const Cell *cell) {
    if (cell->type == CELL_INT) {
        buf_printf(out, "%lld", (long long)cell->integer);
    } else if (cell->type == CELL_REAL && isfinite(cell->real)) {
        json_append_double(out, cell->real);
    }
}

static void write_csv_row(Table *table, const Cell *cells) {
    Buf *line = &table->line;
    for (size_t i = 0; i < table->column_count; i++) {
        if (i > 0) {
            buf_putc(line, ',');
        }
        if (cells[i].type == CELL_TEXT) {
            csv_append_text(line, cells[i].text);
        } else {
            append_number(line, &cells[i]);
        }
    }
    if (line->size == 0) {
        buf_puts(line, "\"\""); /* a blank line would be no row */
    }
    write_line(table);
}

static void write_json_row(Table *table, const Cell *cells) {
    buf_puts(&table->line, table->row_count == 1 ? "[\n  " : ",\n  ");
    JsonWriter json = {.out = &table->line};
    json_begin_object(&json, NULL);
    for (size_t i = 0; i < table->column_count; i++) {
        const char *name = table->columns[i].name;
        switch (cells[i].type) {
        case CELL_TEXT:
            json_put_text(&json, name, cells[i].text);
            break;
        case CELL_INT:
            json_put_int(&json, name, cells[i].integer);
            break;
        case CELL_REAL:
            json_put_double(&json, name, cells[i].real);
            break;
        case CELL_NULL:
            json_put_null(&json, name);
            break;
        }
    }
    json_end_object(&json);
    flush_line(table);
}

/* What Markdown would take for the end of a cell, of a row, or for a tag. */
static void append_markdown_text(Buf *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            buf_puts(out, "\\|");
        } else if (*text == '<') {
            buf_puts(out, "&lt;");
        } else if (*text == '\n' || *text == '\r') {
            bool is_pair = text[0] == '\r' && text[1] == '\n';
            text += is_pair ? 1 : 0;
            buf_puts(out, "<br>");
        } else {
            buf_putc(out, *text);
        }
    }
}

static Shown show_text(const Table *table, const char *text, Arena *arena) {
    OWN(buf_done) Buf escaped = {0};
    OWN(buf_done) Buf safe = {0};
    if (table->format == TABLE_MARKDOWN) {
        append_markdown_text(&escaped, text);
        text = buf_text(&escaped);
    }
    size_t width = display_append(&safe, text);
    return (Shown){.text = arena_strndup(arena, buf_text(&safe), safe.size), .width = width};
}

static Shown show_cell(const Table *table, const Cell *cell, Arena *arena) {
    if (cell->type == CELL_TEXT) {
        return show_text(table, cell->text, arena);
    }
    OWN(buf_done) Buf number = {0};
    append_number(&number, cell);
    return (Shown){.text = arena_strndup(arena, buf_text(&number), number.size),
                   .width = number.size};
}

static bool is_right(const Column *column) {
    return column->has_number && !column->has_text;
}

static void write_shown_row(Table *table, const Shown *row) {
    bool is_markdown = table->format == TABLE_MARKDOWN;
    Buf *line = &table->line;
    for (size_t i = 0; i < table->column_count; i++) {
        const Column *column = &table->columns[i];
        size_t padding = row[i].width < column->width ? column->width - row[i].width : 0;
        buf_puts(line, is_markdown ? (i == 0 ? "| " : " | ") : (i == 0 ? "" : "  "));
        if (is_right(column)) {
            buf_printf(line, "%*s", (int)padding, "");
        }
        buf_puts(line, row[i].text);
        if (!is_right(column)) {
            buf_printf(line, "%*s", (int)padding, "");
        }
    }
    if (is_markdown) {
        buf_puts(line, " |");
    }
    while (line->size > 0 && line->data[line->size - 1] == ' ') {
        line->size--;
    }
    write_line(table);
}

/* The line under the header. */
static void write_rule(Table *table) {
    bool is_markdown = table->format == TABLE_MARKDOWN;
    Buf *line = &table->line;
    for (size_t i = 0; i < table->column_count; i++) {
        const Column *column = &table->columns[i];
        buf_puts(line, is_markdown ? (i == 0 ? "| " : " | ") : (i == 0 ? "" : "  "));
        for (size_t dash = 1; dash < column->width; dash++) {
            buf_putc(line, '-');
        }
        buf_putc(line, is_markdown && is_right(column) ? ':' : '-');
    }
    if (is_markdown) {
        buf_puts(line, " |");
    }
    write_line(table);
}

/* From here on, the widths stand: prints the header and what was held back. */
static void fix_widths(Table *table) {
    OWN(mem_free_at) Shown *header = mem_array(table->column_count, sizeof *header);
    for (size_t i = 0; i < table->column_count; i++) {
        Column *column = &table->columns[i];
        header[i] = show_text(table, column->name, &table->held_texts);
        size_t least = header[i].width > MIN_WIDTH ? header[i].width : MIN_WIDTH;
        column->width = column->width > least ? column->width : least;
    }
    write_shown_row(table, header);
    write_rule(table);
    for (size_t row = 0; row < table->held_count; row++) {
        write_shown_row(table, table->held + row * table->column_count);
    }
    table->held_count = 0;
    table->is_aligned = true;
    arena_reset(&table->held_texts);
}

static void hold_row(Table *table, const Cell *cells) {
    if (table->held == NULL) {
        table->held = mem_array(TABLE_ALIGN_ROWS * table->column_count, sizeof *table->held);
    }
    Shown *row = table->held + table->held_count * table->column_count;
    for (size_t i = 0; i < table->column_count; i++) {
        Column *column = &table->columns[i];
        row[i] = show_cell(table, &cells[i], &table->held_texts);
        column->has_text = column->has_text || cells[i].type == CELL_TEXT;
        column->has_number =
            column->has_number || cells[i].type == CELL_INT || cells[i].type == CELL_REAL;
        column->width = column->width > row[i].width ? column->width : row[i].width;
    }
    table->held_count++;
    if (table->held_count == TABLE_ALIGN_ROWS) {
        fix_widths(table);
    }
}

static void write_aligned_row(Table *table, const Cell *cells) {
    Shown row[TABLE_MAX_COLUMNS];
    for (size_t i = 0; i < table->column_count; i++) {
        row[i] = show_cell(table, &cells[i], &table->held_texts);
    }
    write_shown_row(table, row);
    arena_reset(&table->held_texts);
}

static void write_csv_header(Table *table) {
    Cell header[TABLE_MAX_COLUMNS];
    for (size_t i = 0; i < table->column_count; i++) {
        header[i] = (Cell){.type = CELL_TEXT, .text = table->columns[i].name};
    }
    write_csv_row(table, header);
}

Table *table_new(FILE *out, TableFormat format, size_t column_count, const char *const *columns) {
    ASSERT(column_count >= 1 && column_count <= TABLE_MAX_COLUMNS);
    Table *table = mem_alloc(sizeof *table);
    table->out = out;
    table->format = format;
    table->column_count = column_count;
    table->columns = mem_array(column_count, sizeof *table->columns);
    for (size_t i = 0; i < column_count; i++) {
        table->columns[i].name = arena_strdup(&table->names, columns[i]);
    }
    if (format == TABLE_CSV) {
        write_csv_header(table);
    }
    return table;
}

void table_row(Table *table, const Cell *cells) {
    if (table->write_errno != 0) {
        return; /* table_finish tells */
    }
    table->row_count++;
    if (table->format == TABLE_CSV) {
        write_csv_row(table, cells);
    } else if (table->format == TABLE_JSON) {
        write_json_row(table, cells);
    } else if (table->is_aligned) {
        write_aligned_row(table, cells);
    } else {
        hold_row(table, cells);
    }
}

Status table_finish(Table *table, Err *err) {
    if (aligns(table) && !table->is_aligned) {
        fix_widths(table);
    } else if (table->format == TABLE_JSON) {
        buf_puts(&table->line, table->row_count == 0 ? "[]" : "\n]");
        write_line(table);
    }
    errno = 0;
    if (fflush(table->out) != 0 && table->write_errno == 0) {
        table->write_errno = errno != 0 ? errno : EIO;
    }
    if (table->write_errno != 0) {
        return err_set(err, ST_IO, "cannot write the rows: %s", strerror(table->write_errno));
    }
    return ST_OK;
}

void table_free(Table *table) {
    if (table != NULL) {
        buf_done(&table->line);
        arena_done(&table->names);
        arena_done(&table->held_texts);
        mem_free(table->held);
        mem_free(table->columns);
        mem_free(table);
    }
}

void table_free_at(Table **table) {
    table_free(*table);
    *table = NULL;
}
