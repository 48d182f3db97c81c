/* Flags: argv against the table of settings. */
#ifndef CLI_FLAGS_H
#define CLI_FLAGS_H

#include "app/settings.h"
#include "base/err.h"

#include <stdbool.h>

typedef struct Flags {
    bool help;
    bool version;
    bool given[SETTING_COUNT];
    int operand_count; /* the command is the first one */
    char **operands;
    Err problem;      /* the first wrong flag; ST_OK = none */
    char unknown[64]; /* the flag that nobody knows; "" = none */
} Flags;

/* Puts the flags into the settings. Goes on past what is wrong, so that help can still be given;
 * `argv` is put in another order: flags first. */
void flags_parse(int argc, char **argv, Settings *settings, Flags *ret_flags);

/* `problem`, or that a flag is not one of the command's. `bit` is its COMMAND_…, 0 = none. */
Status flags_check(const Flags *flags, const char *command, unsigned bit, Err *err) WARN_UNUSED;

#endif
