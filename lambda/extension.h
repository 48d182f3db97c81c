/* Extension: registers this process as an internal extension without events, for one reason:
 * Lambda sends SIGTERM to the processes of a function only if it has an extension, and kills them
 * otherwise. Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
 *
 * Lambda waits for each extension to ask for its next event. There never is one, so that request
 * stays open, on a connection of its own beside the one that waits for invocations, in the same
 * loop. */
#ifndef LAMBDA_EXTENSION_H
#define LAMBDA_EXTENSION_H

#include "base/err.h"
#include "http/http.h"

#include <stdbool.h>

typedef struct Extension {
    Http *http;           /* borrowed */
    HttpCall *call;       /* the request that stays open; NULL = none */
    const char *url;      /* borrowed: "http://127.0.0.1:9001" */
    char identifier[129]; /* that Lambda gave */
    volatile bool *stop;  /* borrowed: set when Lambda says that it shuts down */
} Extension;

/* Registers, and leaves a request for the next event open. Where Lambda refuses that, a warning
 * says so, and the function works without: the process is then killed without notice. ST_NETWORK
 * when the Runtime API cannot be reached at all. */
Status extension_open(Extension *extension, Http *http, const char *url, volatile bool *stop,
                      Err *err) WARN_UNUSED;
/* Before http_close. */
void extension_close(Extension *extension);

#endif
