/* Session: the keys of a role in one account, taken when they are first needed and renewed before
 * they run out, also in the middle of a scan. The account that we are in ourselves is read with our
 * own keys when it has no such role. */
#ifndef WAREHOUSE_SESSION_H
#define WAREHOUSE_SESSION_H

#include "aws/aws.h"
#include "aws/sts.h"

typedef struct Session Session;

/* Texts are borrowed and outlive the session. `own_account_id` is ours, "" when not known. */
Session *session_new(Aws *aws, const StsAssumeRole *role, const char *own_account_id);
void session_free(Session *session); /* when nobody waits any more; wipes the keys */

/* Calls `ready` as soon as the keys are valid, at once when they are. `failure` is NULL then; else
 * it says why there are none. `waiter` is the caller's and in use until `ready` has run. */
typedef void SessionReady(void *context, const Err *failure);
typedef struct SessionWaiter {
    SessionReady *ready;
    void *context;
    struct SessionWaiter *next;
} SessionWaiter;
void session_use(Session *session, SessionWaiter *waiter);

/* The service says that the keys have expired: the next use renews them. */
void session_expire(Session *session);

/* NULL = our own. To be asked for again after each session_use. */
const AwsKeys *session_keys(const Session *session);

#endif
