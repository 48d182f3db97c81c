#include "base/str.h"
#include "cli.h"
#include "help.h"
#include "output.h"
#include "warehouse/query.h"

static void append_docs(Buf *out, const QueryInfo *info, const char *kind, const char *title) {
    QueryDoc doc;
    for (size_t i = 0; query_doc(info, kind, i, &doc); i++) {
        if (i == 0) {
            buf_printf(out, "\n%s:\n", title);
        }
        buf_printf(out, "  %-20s  %s\n", doc.name, doc.text);
    }
}

static Status help_query(const char *name, Err *err) {
    OWN(buf_done) Buf text = {0};
    QueryInfo info;
    TRY(query_find(name, &info, err));
    buf_printf(&text, "confhouse query %s: %s\n", info.name, info.summary);
    append_docs(&text, &info, "param", "Parameters (-p NAME=VALUE)");
    append_docs(&text, &info, "column", "Columns");
    return output_text(buf_text(&text), err);
}

Status cmd_help(Cli *cli, Err *err) {
    OWN(buf_done) Buf text = {0};
    const Command *command = NULL;
    if (cli->operand_count == 0) {
        help_append_overview(&text);
    } else if (cli->operand_count == 2) {
        if (!str_equal(cli->operands[0], "query")) {
            return err_set(err, ST_USAGE, "'confhouse help %s' takes nothing more",
                           cli->operands[0]);
        }
        return help_query(cli->operands[1], err);
    } else if (str_equal(cli->operands[0], "settings")) {
        help_append_settings(&text);
    } else {
        TRY(command_find(cli->operands[0], &command, err));
        help_append_command(&text, command);
    }
    return output_text(buf_text(&text), err);
}
