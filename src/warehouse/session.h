/* Session: the keys of a role in one account, taken when they are first needed and renewed before
 * they run out, also in the middle of a scan. */
#ifndef WAREHOUSE_SESSION_H
#define WAREHOUSE_SESSION_H

#include "aws/aws.h"
#include "aws/sts.h"

typedef struct Session Session;

/* Texts are borrowed and outlive the session. */
Session *session_new(Aws *aws, const StsAssumeRole *role);
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

/* The same address for the session's whole life. */
const AwsKeys *session_keys(const Session *session);

#endif
