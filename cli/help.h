/* Help texts, made from the tables of commands and settings. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"
#include "cli.h"

void help_append_overview(Buf *out);
void help_append_command(Buf *out, const Command *command);
void help_append_settings(Buf *out);

/* "CONFHOUSE_ROLE_NAME" */
void help_append_variable(Buf *out, const Setting *info);

#endif
