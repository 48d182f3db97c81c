#include "warehouse/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

enum { RENEW_BEFORE_MS = 5 * 60 * 1000 };

struct Session {
    Aws *aws;
    StsAssumeRole role;
    const char *own_account_id;
    bool uses_own; /* there is no such role in our own account */
    AwsKeys keys;
    int64_t renew_at_ms; /* 0 = there are no keys */
    bool asking;
    SessionWaiter *waiters;
};

Session *session_new(Aws *aws, const StsAssumeRole *role, const char *own_account_id) {
    Session *session = mem_alloc(sizeof *session);
    session->aws = aws;
    session->role = *role;
    session->own_account_id = own_account_id;
    return session;
}

void session_free(Session *session) {
    if (session != NULL) {
        ASSERT(!session->asking);
        credentials_wipe(&session->keys);
        mem_free(session);
    }
}

const AwsKeys *session_keys(const Session *session) {
    return session->uses_own ? NULL : &session->keys;
}

void session_expire(Session *session) {
    session->renew_at_ms = 0;
}

/* The waiters are taken off first: what they do may make them wait again. */
static void wake_all(Session *session, const Err *failure) {
    SessionWaiter *waiter = session->waiters;
    session->waiters = NULL;
    while (waiter != NULL) {
        SessionWaiter *next = waiter->next;
        waiter->ready(waiter->context, failure);
        waiter = next;
    }
}

/* Short sessions are renewed when three quarters of them are over. */
static int64_t renewal_time(const AwsKeys *keys) {
    if (keys->expires_ms == 0) {
        return INT64_MAX;
    }
    int64_t now_ms = clock_now_ms();
    int64_t margin_ms = (keys->expires_ms - now_ms) / 4;
    return keys->expires_ms - (margin_ms < RENEW_BEFORE_MS ? margin_ms : RENEW_BEFORE_MS);
}

static void use_own(Session *session) {
    log_message(LOG_INFO, "%s is our own account, and has no role %s for us: our own keys are used",
                session->own_account_id, session->role.role_name);
    session->uses_own = true;
    session->renew_at_ms = INT64_MAX;
    wake_all(session, NULL);
}

static void on_keys(void *context, const AwsKeys *keys, const Err *failure) {
    Session *session = context;
    session->asking = false;
    if (failure != NULL && failure->status == ST_DENIED &&
        str_equal(session->role.account_id, session->own_account_id)) {
        use_own(session);
        return;
    }
    if (failure == NULL) {
        session->keys = *keys;
        session->renew_at_ms = renewal_time(keys);
    }
    wake_all(session, failure);
}

void session_use(Session *session, SessionWaiter *waiter) {
    if (session->renew_at_ms > clock_now_ms()) {
        waiter->ready(waiter->context, NULL);
        return;
    }
    waiter->next = session->waiters;
    session->waiters = waiter;
    if (session->asking) {
        return;
    }
    Err err = {0};
    session->asking = true;
    if (sts_assume_role(session->aws, &session->role, on_keys, session, &err) != ST_OK) {
        session->asking = false;
        wake_all(session, &err);
    }
}
