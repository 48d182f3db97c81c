/* The code of a multi-factor device, asked for on the terminal. It is good for half a minute and
 * once, so it may be seen. */
#ifndef AWS_SOURCE_MFA_H
#define AWS_SOURCE_MFA_H

#include "aws/source.h"

enum { SOURCE_MFA_CODE_SIZE = 7, SOURCE_MFA_TRIES = 3 };

/* Six digits. ST_CREDENTIALS when there is no terminal, when it may not be asked for now (in the
 * middle of a scan), or when what was typed is no code, three times. */
Status source_ask_mfa_code(const SourceContext *context, const char *serial,
                           char ret_code[SOURCE_MFA_CODE_SIZE], Err *err) WARN_UNUSED;

#endif
