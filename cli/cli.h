/* The command line: a table of commands, the flags of each, and how results are shown. Results go
 * to stdout, everything else to stderr. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "app/app.h"
#include "app/settings.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct Command Command;

/* A command at work. */
typedef struct Cli {
    const Command *command;
    Settings settings; /* of help and man: without more than the flags */
    Connections connections;
    App app;
    int operand_count;
    char **operands; /* without the command itself */
} Cli;

struct Command {
    const char *name;
    const char *operands; /* as the usage line shows them; "" = none */
    const char *summary;  /* one line */
    const char *details;  /* paragraphs, separated by empty lines; "" = none */
    const char *examples; /* lines; "" = none */
    Status (*run)(Cli *cli, Err *err);
    unsigned bit; /* COMMAND_…: which settings it has; 0 = none, and settings are not read */
    int min_operands;
    int max_operands;
    bool is_hidden;
};

extern const Command command_table[]; /* ends with a NULL name */

/* ST_USAGE, with the one that was likely meant. */
Status command_find(const char *name, const Command **ret_command, Err *err) WARN_UNUSED;

/* The exit statuses and what they mean, for help and manual. Ends with a NULL text. */
typedef struct ExitMeaning {
    int status;
    const char *text;
} ExitMeaning;
extern const ExitMeaning exit_meanings[];

Status cmd_diff(Cli *cli, Err *err);
Status cmd_export(Cli *cli, Err *err);
Status cmd_help(Cli *cli, Err *err);
Status cmd_history(Cli *cli, Err *err);
Status cmd_invoke(Cli *cli, Err *err);
Status cmd_man(Cli *cli, Err *err);
Status cmd_merge(Cli *cli, Err *err);
Status cmd_plan(Cli *cli, Err *err);
Status cmd_pull(Cli *cli, Err *err);
Status cmd_query(Cli *cli, Err *err);
Status cmd_report(Cli *cli, Err *err);
Status cmd_run(Cli *cli, Err *err);
Status cmd_scan(Cli *cli, Err *err);
Status cmd_trend(Cli *cli, Err *err);
Status cmd_whoami(Cli *cli, Err *err);

#endif
