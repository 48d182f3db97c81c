/* The token of an SSO session, as 'aws sso login' leaves it in ~/.aws/sso/cache/<SHA-1>.json, where
 * the SHA-1 is that of the session's name, or of the start URL where there is no session. A token
 * that ends within 15 minutes is renewed if the file says with what; the file is then rewritten, as
 * AWS's own tools do, because the old way of renewing it may be used up. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/understanding-sso.html */
#ifndef AWS_SOURCE_SSO_TOKEN_H
#define AWS_SOURCE_SSO_TOKEN_H

#include "aws/source.h"

typedef struct SsoSession {
    const char *profile_name; /* for messages */
    const char *name;         /* NULL: set up in the profile itself, as it used to be */
    ProfileValue region;
    ProfileValue start_url;
} SsoSession;

/* ST_CREDENTIALS, with the command to run, when there is none or it has ended. */
Status source_sso_token(const SourceContext *context, const SsoSession *session, Buf *ret_token,
                        Err *err) WARN_UNUSED;

/* "the SSO session of profile 'dev' is over", and what to do about it: ST_CREDENTIALS. */
Status source_sso_say_login(const SsoSession *session, const char *what, Err *err);

#endif
