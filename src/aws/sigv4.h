/* AWS Signature Version 4, in three steps that can each be looked at: canonical request, string to
 * sign, signature. Source:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 *
 * Knows neither HTTP nor time: what is signed comes in, text comes out. The same steps make a
 * signature (aws/call, presigned URLs) and check one (the simulator). */
#ifndef AWS_SIGV4_H
#define AWS_SIGV4_H

#include "base/buf.h"
#include "base/err.h"
#include "format/digest.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct SigV4Pair {
    const char *name;
    const char *value;
} SigV4Pair;

enum { SIGV4_MAX_PAIRS = 64, SIGV4_SCOPE_SIZE = 128 };

typedef struct SigV4Request {
    const char *method;
    const char *path;  /* as it goes on the wire, encoded, without the query */
    const char *query; /* as it goes on the wire, encoded, without '?'; NULL or "" = none */
    size_t header_count;
    const SigV4Pair *headers; /* those that are signed: any case, any order, repeats allowed */
    const char *payload_hash; /* hex SHA-256 of the body, or UNSIGNED-PAYLOAD */
    bool is_s3;               /* S3 signs the path as it is; all others encode it once more */
    bool keep_path;           /* do not resolve "." and ".." and "//" (S3 implies it) */
} SigV4Request;

typedef struct SigV4Key {
    char stamp[17]; /* 20261122T060000Z */
    const char *region;
    const char *service;
    const char *secret_key;
} SigV4Key;

/* Step 1. Puts the canonical request into `out` and the signed headers' names ("host;x-amz-date")
 * into `signed_headers`: both are cleared first. ST_INPUT when the query has a bad escape, ST_LIMIT
 * past SIGV4_MAX_PAIRS headers or parameters. */
Status sigv4_canonical_request(const SigV4Request *request, Buf *out, Buf *signed_headers,
                               Err *err) WARN_UNUSED;

/* "20261122/eu-west-1/config/aws4_request" */
void sigv4_credential_scope(const SigV4Key *key, char ret_scope[SIGV4_SCOPE_SIZE]);

/* Step 2. `out` is cleared first. */
void sigv4_string_to_sign(const SigV4Key *key, const char *canonical_request, size_t size,
                          Buf *out);

/* Step 3. Signing keys are derived once per secret, day, region and service, and kept: a cache
 * belongs to one client. NULL derives anew. */
typedef struct SigV4Cache SigV4Cache;
SigV4Cache *sigv4_cache_new(void);
void sigv4_cache_free(SigV4Cache *cache); /* wipes it */
void sigv4_signature(const SigV4Key *key, const char *string_to_sign, size_t size,
                     SigV4Cache *cache, char ret_hex[SHA256_HEX_SIZE]);

/* All three for the header form: appends the value of the Authorization header. */
Status sigv4_authorization(const SigV4Request *request, const SigV4Key *key,
                           const char *access_key_id, SigV4Cache *cache, Buf *out,
                           Err *err) WARN_UNUSED;

/* All three for the query form: appends the query string, with X-Amz-Signature last.
 * `session_token` may be NULL. `expires_s` is 1 to 604800, ST_USAGE otherwise. */
typedef struct SigV4Presign {
    const char *access_key_id;
    const char *session_token;
    int expires_s;
    bool token_after_signing; /* the token is added to the query but not signed */
} SigV4Presign;
Status sigv4_presigned_query(const SigV4Request *request, const SigV4Key *key,
                             const SigV4Presign *presign, Buf *out, Err *err) WARN_UNUSED;

#endif
