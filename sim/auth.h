/* Auth: who calls. Each request's signature is computed again with the secret that belongs to its
 * key id, over what really came in, and compared; then the session's end is looked at. */
#ifndef SIM_AUTH_H
#define SIM_AUTH_H

#include "exchange.h"
#include "session.h"

typedef struct Auth Auth;

typedef struct AuthOptions {
    const char *key_id; /* of the management account; copied */
    const char *secret;
    int64_t seed;
} AuthOptions;

Auth *auth_new(const AuthOptions *options);
void auth_free(Auth *auth);
const SessionKey *auth_session_key(const Auth *auth);

/* From the credential scope if there is one, else from the looks of the request. */
Protocol auth_protocol(const Request *request);

/* Fills request.caller, or the reply with the error that AWS would give. */
bool auth_check(Auth *auth, Exchange *exchange);

/* Signs a piece of an aws-chunked body; `ret_hex` is its signature. */
void auth_sign_text(Auth *auth, const Caller *caller, const char *text, size_t size,
                    char ret_hex[SHA256_HEX_SIZE]);

#endif
