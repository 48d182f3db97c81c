/* Sources: the places where credentials may be, within the aws layer. One search (source_find) goes
 * through them in the order of AWS's own tools and takes the first that is set up:
 *
 *     1. the environment's keys, unless a profile was named for this program in particular
 *     2. the profile's role_arn, with source_profile or credential_source
 *     3. a web identity token: of the environment (as 1), or the profile's
 *     4. the profile's SSO session, signed in with 'aws sso login'
 *     5. the profile's keys in the credentials file
 *     6. the profile's credential_process
 *     7. the profile's keys in the config file
 *     8. the container's endpoint
 *     9. the EC2 instance's metadata, version 2 alone
 *
 * What is set up and does not work ends the search: going on would take keys that nobody meant.
 * Nothing is remembered between two searches; whoever needs new keys searches again. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html */
#ifndef AWS_SOURCE_H
#define AWS_SOURCE_H

#include "aws/aws.h"
#include "base/buf.h"
#include "format/json.h"

typedef struct SourceContext {
    const Profile *profile;
    const char *region; /* where STS is asked */
    const char *ca_bundle;
    const char *user_agent;
    const bool *cancelled;
    int64_t deadline_ms; /* wall clock: nothing new is begun after that */
    bool may_prompt;
} SourceContext;

enum { SOURCE_WORDS_SIZE = 640 };

typedef struct SourceKeys {
    AwsKeys keys;
    char words[SOURCE_WORDS_SIZE]; /* where they come from */
} SourceKeys;
void source_wipe(SourceKeys *found);

/* ST_CREDENTIALS lists what was tried, and why it was not that. */
Status source_find(const SourceContext *context, SourceKeys *ret_found, Err *err) WARN_UNUSED;

/* One place each. ST_NOTHING: it is not set up; the message says what is missing. `name` is that of
 * a profile. */
Status source_environment(SourceKeys *ret_found, Err *err) WARN_UNUSED;
Status source_role(const SourceContext *context, const char *name, SourceKeys *ret_found,
                   Err *err) WARN_UNUSED;
Status source_environment_token(const SourceContext *context, SourceKeys *ret_found,
                                Err *err) WARN_UNUSED;
Status source_profile_token(const SourceContext *context, const char *name, SourceKeys *ret_found,
                            Err *err) WARN_UNUSED;
Status source_sso(const SourceContext *context, const char *name, SourceKeys *ret_found,
                  Err *err) WARN_UNUSED;
Status source_process(const SourceContext *context, const char *name, SourceKeys *ret_found,
                      Err *err) WARN_UNUSED;
Status source_container(const SourceContext *context, SourceKeys *ret_found, Err *err) WARN_UNUSED;
Status source_instance(const SourceContext *context, SourceKeys *ret_found, Err *err) WARN_UNUSED;

/* Places 3 to 7 of a profile that another one names as its source_profile. */
Status source_of_profile(const SourceContext *context, const char *name, SourceKeys *ret_found,
                         Err *err) WARN_UNUSED;

/* --- What they share --- */

/* ST_CANCELLED or ST_DEADLINE when there is no time to begin anything. */
Status source_check_time(const SourceContext *context, Err *err) WARN_UNUSED;

/* A client of its own, with a loop of its own; without keys it can only ask unsigned. */
typedef struct SourceClient {
    Http *http;
    Aws *aws;
} SourceClient;
Status source_client_open(const SourceContext *context, const AwsKeys *keys, const char *region,
                          SourceClient *ret_client, Err *err) WARN_UNUSED;
void source_client_close(SourceClient *client);

/* One request to what is not AWS: an endpoint on this machine or beside it. */
typedef struct SourceFetch {
    const char *method;
    const char *url;
    const char *header; /* "Name: value"; NULL = none */
    int timeout_ms;     /* of the connection, and of all of it */
} SourceFetch;
/* Any HTTP status is an answer. `ret_body` is cleared first. */
Status source_fetch(const SourceContext *context, const SourceFetch *fetch, int *ret_status,
                    Buf *ret_body, Err *err) WARN_UNUSED;

/* {"AccessKeyId", "SecretAccessKey", `token_name`, "Expiration"}; the last two may be absent. */
Status source_read_keys(const Json *root, const char *token_name, AwsKeys *ret_keys,
                        Err *err) WARN_UNUSED;

/* Wipes what may hold a secret, then frees it: for OWN(). */
void source_wipe_text(Buf *text);

#endif
