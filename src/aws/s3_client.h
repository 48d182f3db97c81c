/* What the files of S3 (aws/s3) share, within the aws layer: where an object is asked for, a
 * request that finds the bucket's region, and what answers say of objects. */
#ifndef AWS_S3_CLIENT_H
#define AWS_S3_CLIENT_H

#include "aws/call.h"
#include "aws/s3.h"
#include "aws/s3_checksum.h"
#include "base/arena.h"
#include "format/xml.h"

enum { S3_TRANSFER_TIMEOUT_MS = 3600 * 1000 /* a stalled one ends earlier: see http_setup.c */ };
#define S3_PUT_MAX_BYTES ((int64_t)5 << 30)

struct S3 {
    Aws *aws;
    Arena texts;
    const char *bucket;
    const char *own_prefix;       /* NULL = none */
    char region[AWS_REGION_SIZE]; /* where the bucket is, as far as is known */
    const char *encryption[4];    /* headers that go with what makes an object, and NULL */
    int64_t part_bytes;
    bool is_as_amazon;
    bool has_cleared; /* what was left below own_prefix */
};

/* By host or by path. */
typedef struct S3Address {
    Endpoint endpoint;
    char host_prefix[65]; /* "bucket." or "" */
    Buf path;             /* encoded: "/key" or "/bucket/key" */
} S3Address;

/* ST_USAGE when that can be no key. A NULL key is the bucket itself. */
Status s3_client_address(const S3 *s3, const char *key, S3Address *ret_address,
                         Err *err) WARN_UNUSED;
void s3_client_address_done(S3Address *address);

/* A request to there. It borrows from the address. */
AwsRequest s3_client_request(const S3 *s3, const S3Address *address, const char *operation,
                             const char *method);
void s3_client_add_header(AwsRequest *request, const char *line); /* borrowed */
void s3_client_add_encryption(const S3 *s3, AwsRequest *request);

/* Runs it; a second time where the bucket is, if S3 says that this is elsewhere. */
Status s3_client_run(S3 *s3, AwsRequest *request, void *context, Err *err) WARN_UNUSED;

/* Lets the loop go on for so long. */
Status s3_client_pause(S3 *s3, int64_t delay_ms, Err *err) WARN_UNUSED;

/* "s3://bucket/key: " before what went wrong there. Returns `status`. */
Status s3_client_name(const S3 *s3, Status status, const char *key, Err *err);

/* What an answer's headers say of an object: `bytes` is -1 without Content-Length. */
typedef struct S3Seen {
    S3Object object;
    S3Checksum checksum; /* of the whole, where the request asked for it */
} S3Seen;
#define S3_ASK_FOR_CHECKSUM "x-amz-checksum-mode: ENABLED"
Status s3_client_read_object(const HttpAnswer *answer, S3Seen *ret_seen, Err *err) WARN_UNUSED;

/* HEAD, with the checksum. */
Status s3_client_look(S3 *s3, const char *key, S3Seen *ret_seen, Err *err) WARN_UNUSED;

/* The body as XML whose root has this name. Blanks before it are passed over, and what is an
 * <Error> in spite of its status 200 fails as that. */
Status s3_client_read_document(const HttpAnswer *answer, const char *root_name, Arena *arena,
                               const XmlNode **ret_root, Err *err) WARN_UNUSED;

#endif
