/* Sessions: what AssumeRole hands out. Nothing is remembered of them: the token itself says whose
 * they are and until when, and a MAC with a key made from the seed says that it was issued here.
 * The secret is derived from it, too. */
#ifndef SIM_SESSION_H
#define SIM_SESSION_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum { SESSION_TOKEN_MAX_BYTES = 1024 };

typedef struct Session {
    char account_id[13];
    char role[65];
    char name[65];
    int64_t expires_ms; /* wall clock */
    uint64_t nonce;     /* so that no two are the same */
    /* Derived by session_issue and session_read. */
    char key_id[24];
    char secret[48];
} Session;

typedef struct SessionKey {
    uint8_t bytes[32];
} SessionKey;
void session_key_init(SessionKey *key, int64_t seed);

/* Fills in what is derived and appends the token. */
void session_issue(const SessionKey *key, Session *session, Buf *ret_token);

/* False when it was not issued with this key, or for another key id. Expiry is not looked at. */
bool session_read(const SessionKey *key, const char *key_id, const char *token,
                  Session *ret_session);

#endif
