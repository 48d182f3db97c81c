/* Connections: what a process keeps between invocations: the profile of AWS's own tools, the HTTP
 * loop with its open connections, and the keys. Each is opened when first asked for.
 *
 * What belongs to one invocation hangs off an App (app/app.h), which borrows these. AWS clients do
 * too: each App opens its own over the same loop and keys, which takes microseconds and no
 * connection, and gives it a deadline, a pace and counts of its own. */
#ifndef APP_CONNECTIONS_H
#define APP_CONNECTIONS_H

#include "aws/aws.h"
#include "aws/credentials.h"
#include "aws/profile.h"
#include "base/err.h"
#include "http/http.h"

#include <stdbool.h>

typedef struct Connections {
    Profile *profile;
    Http *http;
    Credentials *credentials;
    char region[AWS_REGION_SIZE]; /* that the credentials were opened with */
} Connections;                    /* all zero = nothing is open */

/* No App may be open over it any more. */
void connections_close(Connections *connections);

/* The profile that is named, or the one in use when `name` is NULL. The name counts the first time
 * only: it is a setting of the process. */
Status connections_profile(Connections *connections, const char *name, Err *err) WARN_UNUSED;

/* The loop and the keys, for clients of this region; the profile must be open. `max_connections`
 * counts the first time only. Keys that were opened for another region (STS is asked there) are
 * closed and opened anew. `*cancelled` ends the search for keys; it is borrowed until
 * connections_forget_flag. */
typedef struct ConnectionsOptions {
    const char *region;
    int max_connections;
    const bool *cancelled;
} ConnectionsOptions;
Status connections_open(Connections *connections, const ConnectionsOptions *options,
                        Err *err) WARN_UNUSED;
void connections_forget_flag(Connections *connections);

#endif
