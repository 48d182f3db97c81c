/* Credentials: who asks. A CredentialsSource gives the keys that are valid now; callers ask it for
 * every attempt, so that keys can be renewed in the middle of a scan. */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "base/err.h"

#include <stdint.h>

typedef struct AwsKeys {
    char access_key_id[129];
    char secret_key[129];
    char session_token[8193]; /* "" = none */
    int64_t expires_ms;       /* 0 = never */
} AwsKeys;

/* From AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. ST_CREDENTIALS with a hint
 * when they are absent or not well-formed. */
Status credentials_from_environment(AwsKeys *ret_keys, Err *err) WARN_UNUSED;

/* For a destructor: leaves no secret behind in memory. */
void credentials_wipe(AwsKeys *keys);

#endif
