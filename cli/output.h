/* Output: results on stdout, in the format that is set. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli.h"
#include "db/db.h"
#include "format/table.h"

#include <stdint.h>

TableFormat output_format(const Cli *cli);

/* All rows of a statement, at most `limit` of them (0 = all). `*ret_cut` says that there were
 * more. */
Status output_rows(const Cli *cli, Stmt *stmt, int64_t limit, bool *ret_cut, Err *err) WARN_UNUSED;

/* What a command has done: names and values, one below the other for people, one row with a column
 * for each otherwise. */
typedef struct OutputField {
    const char *name;
    Cell value;
} OutputField;
#define FIELD_TEXT(name_, text_)  ((OutputField){name_, {.type = CELL_TEXT, .text = (text_)}})
#define FIELD_INT(name_, number_) ((OutputField){name_, {.type = CELL_INT, .integer = (number_)}})
#define FIELD_END                 ((OutputField){0})
enum { OUTPUT_MAX_FIELDS = 48 };

/* `fields` ends with FIELD_END. */
Status output_record(const Cli *cli, const OutputField *fields, Err *err) WARN_UNUSED;

Status output_text(const char *text, Err *err) WARN_UNUSED;

/* Columns of the terminal that stdout is; else what COLUMNS says, or 80. */
size_t output_width(void);
/* Whether stdout is a terminal that shows colours, and nobody asked for none (NO_COLOR). */
bool output_has_color(void);

/* Flushes. ST_IO when stdout could not take it all. */
Status output_finish(Err *err) WARN_UNUSED;

/* Whoever read our output has seen enough, and closed it. */
bool output_is_closed(void);

#endif
