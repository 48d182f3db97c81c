/* Credentials: whose keys the client signs with. They are looked for where AWS's own tools look, in
 * their order (aws/source.h), and renewed before they run out, also in the middle of a scan.
 *
 * A client asks for every attempt (credentials_get). Finding keys, the first time and again, is a
 * plain sequence of waiting steps over HTTP connections and a loop of its own, made for it and
 * closed after it: a profile may lead through several services, files and programs, and nothing can
 * be signed before that has ended. So a renewal in the middle of a scan holds the scan's loop up
 * for as long as it takes: usually one call of some 100 ms every hour, and at most the budgets
 * below. What is in flight meanwhile waits in the kernel's buffers.
 *
 * Keys are renewed when less than 15 minutes, or a quarter of the time they had, are left: one try
 * of at most 10 s, and again a minute later when it fails. When less than 10 minutes, or a sixth,
 * are left, they must be: each try may take 30 s, and they come 10 s apart. Until the old keys have
 * run out, they are good for signing all the same; then the failure is that of every attempt. */
#ifndef AWS_CREDENTIALS_H
#define AWS_CREDENTIALS_H

#include "aws/profile.h"
#include "base/err.h"

#include <stdint.h>

typedef struct AwsKeys {
    char access_key_id[129];
    char secret_key[129];
    char session_token[8193]; /* "" = none */
    int64_t expires_ms;       /* 0 = never */
} AwsKeys;

typedef struct Credentials Credentials;

typedef struct CredentialsOptions {
    const Profile *profile; /* borrowed */
    const char *region;     /* borrowed: where STS is asked */
    const char *ca_bundle;  /* borrowed; NULL = the system's */
    const char *user_agent; /* borrowed; NULL = none */
    const bool *cancelled;  /* borrowed; true: nothing new is begun. May be NULL */
} CredentialsOptions;

/* Looks for nothing yet. */
void credentials_open(const CredentialsOptions *options, Credentials **ret_credentials);
void credentials_close(Credentials *credentials); /* wipes them. NULL is fine */
void credentials_close_at(Credentials **credentials);

/* From now on this flag counts as `cancelled`: that of the options may live shorter than the
 * credentials. NULL = none. */
void credentials_watch(Credentials *credentials, const bool *cancelled);

/* The keys that are valid now; the pointer is good until the next call. The first time they are
 * looked for: ST_CREDENTIALS when there are none, naming the places that were tried, ST_USAGE or
 * ST_INPUT when a profile makes no sense, naming file and line, or what a service said. Later,
 * ST_CREDENTIALS when they have run out and there are no new ones. */
Status credentials_get(Credentials *credentials, const AwsKeys **ret_keys, Err *err) WARN_UNUSED;

/* AWS says that the keys with this id have expired. True when there are other ones now. */
bool credentials_renew(Credentials *credentials, const char *access_key_id);

/* Where the keys come from, in words: "keys of profile 'dev' (~/.aws/credentials:3)". */
const char *credentials_source(const Credentials *credentials);

/* How badly keys need to be renewed that were got at one moment and end at another. */
typedef enum RenewalNeed { RENEWAL_NONE, RENEWAL_ADVISED, RENEWAL_NEEDED } RenewalNeed;
RenewalNeed credentials_renewal_need(int64_t got_ms, int64_t expires_ms, int64_t now_ms);

/* From AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and AWS_CREDENTIAL_EXPIRATION.
 * ST_CREDENTIALS with a hint when they are absent or not well-formed. */
Status credentials_from_environment(AwsKeys *ret_keys, Err *err) WARN_UNUSED;

/* Copies what may be a part of a key: visible ASCII without blanks, shorter than `size`.
 * ST_CREDENTIALS says what is wrong with `what`, and never what it holds. */
Status credentials_copy_key(char *to, size_t size, const char *text, const char *what,
                            Err *err) WARN_UNUSED;

/* When keys end, as the different places write it: "2026-11-22T07:00:00Z", with an offset like
 * +01:00, or "…UTC". */
bool credentials_parse_expiry(const char *text, int64_t *ret_time_ms);

/* For a destructor: leaves no secret behind in memory. */
void credentials_wipe(AwsKeys *keys);

#endif
