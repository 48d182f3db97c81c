#include "aws/source_mfa.h"

#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 64, POLL_MS = 250 };

/* One line of the terminal, without its end, as long as there is time. */
static Status read_line(const SourceContext *context, int terminal, char line[LINE_SIZE],
                        Err *err) {
    size_t size = 0;
    for (;;) {
        struct pollfd input = {.fd = terminal, .events = POLLIN};
        TRY(source_check_time(context, err));
        if (poll(&input, 1, POLL_MS) <= 0) {
            continue; /* Ctrl-C ends it above */
        }
        char c = '\0';
        ssize_t got = read(terminal, &c, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return err_set(err, ST_CREDENTIALS, "the terminal was closed before there was a code");
        }
        if (c == '\n' || c == '\r') {
            line[size] = '\0';
            return ST_OK;
        }
        if (size + 1 < LINE_SIZE) {
            line[size++] = c;
        }
    }
}

static Status ask(const SourceContext *context, int terminal, const char *serial,
                  char ret_code[SOURCE_MFA_CODE_SIZE], Err *err) {
    char prompt[400];
    snprintf(prompt, sizeof prompt, "MFA code of %.300s: ", serial);
    for (int i = 0; i < SOURCE_MFA_TRIES; i++) {
        char line[LINE_SIZE];
        TRY(file_write_all(terminal, prompt, strlen(prompt), "the terminal", err));
        TRY(read_line(context, terminal, line, err));
        char *rest = line;
        const char *code = str_split(&rest, " \t");
        if (code != NULL && strlen(code) == 6 && strspn(code, "0123456789") == 6) {
            str_copy(ret_code, SOURCE_MFA_CODE_SIZE, code);
            return ST_OK;
        }
    }
    return err_set(err, ST_CREDENTIALS, "a code of %.200s has six digits", serial);
}

Status source_ask_mfa_code(const SourceContext *context, const char *serial,
                           char ret_code[SOURCE_MFA_CODE_SIZE], Err *err) {
    if (!context->may_prompt) {
        (void)err_set(err, ST_CREDENTIALS, "another code of %.200s is needed", serial);
        return err == NULL ? ST_CREDENTIALS
                           : err_hint(err, "run it again; duration_seconds in the profile makes "
                                           "the session last longer");
    }
    OWN(file_close_at) int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0) {
        (void)err_set(err, ST_CREDENTIALS,
                      "a code of %.200s is needed, and there is no terminal to ask for it", serial);
        return err == NULL ? ST_CREDENTIALS
                           : err_hint(err, "run it in a terminal, or put the keys of a session "
                                           "into the environment");
    }
    return ask(context, terminal, serial, ret_code, err);
}
