/* Amazon S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ — one bucket: put, get, head, copy,
 * list, delete of its objects, and links that work for a while. All of these wait for their answer,
 * and may be asked whatever else the loop carries.
 *
 *     TRY(s3_open(&(S3Options){.aws = aws, .bucket = "my-bucket"}, &s3, err));
 *     TRY(s3_put(s3, &(S3Put){.key = "a/b", .path = "file"}, NULL, err));
 *
 * Where the bucket is: when S3 says that it is in another region than the client's, it is asked
 * there from then on. It is addressed by path where the endpoint is set by AWS_ENDPOINT_URL (an
 * address, localhost, another store's name) or its name has a dot, else by host.
 *
 * Large files travel in parts, several side by side, read from and written to the file at their
 * offsets: memory does not grow with them. They are seen whole or not at all.
 *
 * Checksums: each body is signed, so S3 checks what comes in. The SHA-256 of an object, or the
 * CRC-32 of one that was put in parts, is kept with it; what S3 tells of these when an object is
 * read is compared with what came.
 *
 * Needs s3:GetObject, PutObject, DeleteObject and ListBucket, s3:AbortMultipartUpload and, to clear
 * away what others left, s3:ListBucketMultipartUploads.
 *
 * In several files: s3.c (objects), s3_put.c, s3_upload.c and s3_settle.c (up), s3_get.c (down),
 * s3_list.c, s3_leftovers.c, s3_link.c; s3_client.h is what they share. */
#ifndef AWS_S3_H
#define AWS_S3_H

#include "aws/aws.h"
#include "base/buf.h"

typedef struct S3 S3;

/* How objects are encrypted where they lie. All unset = as the bucket does it. */
typedef struct S3Encryption {
    const char *algorithm; /* "AES256" or "aws:kms" */
    const char *kms_key;   /* id, ARN or alias; NULL = the account's aws/s3. With aws:kms alone */
    bool use_bucket_key;   /* fewer calls to KMS. With aws:kms alone */
} S3Encryption;

/* What the service can do. Not all that speak like S3 keep checksums of uploads in parts, or heed
 * their conditions: some overwrite without a word. */
typedef enum S3Ability {
    S3_BY_ENDPOINT, /* S3_AS_AMAZON for Amazon's own names, S3_AS_OTHERS where an endpoint is set */
    S3_AS_AMAZON,   /* all of it */
    S3_AS_OTHERS,   /* so conditional puts go in one piece, up to 5 GiB */
} S3Ability;

typedef struct S3Options {
    Aws *aws;               /* borrowed */
    const char *bucket;     /* copied, as are all texts */
    const char *own_prefix; /* uploads in parts that were left below it for a day are removed before
                               the first one of ours; NULL = none are */
    S3Encryption encryption;
    int64_t part_bytes; /* at least 5 MiB; 0 = 8 MiB. Files of two and more travel in parts */
    S3Ability ability;
} S3Options;

/* Asks nothing yet. ST_USAGE: the bucket's name, the encryption or the size of the parts. */
Status s3_open(const S3Options *options, S3 **ret_s3, Err *err) WARN_UNUSED;
void s3_close(S3 *s3); /* NULL is fine */
void s3_close_at(S3 **s3);

typedef struct S3Object {
    char etag[128]; /* with its quotes, as the service gave it */
    int64_t bytes;
} S3Object;

typedef enum S3Condition { S3_ALWAYS, S3_IF_ABSENT, S3_IF_MATCH } S3Condition;

typedef struct S3Put {
    const char *key;
    const char *content_type; /* NULL = application/octet-stream */
    const void *data;         /* or NULL, and the file at `path` */
    size_t size;
    const char *path;
    S3Condition condition;
    const char *etag; /* of S3_IF_MATCH */
} S3Put;

/* ST_CONFLICT when the condition does not hold. A write whose answer was lost is sent again, and
 * may then find its own object in its way. With S3_IF_ABSENT it is ST_OK if these very bytes are
 * there. With S3_IF_MATCH two may well want to write the same: who gets ST_CONFLICT looks at what
 * is there before saying that somebody else won. `ret_object` may be NULL here and below. */
Status s3_put(S3 *s3, const S3Put *put, S3Object *ret_object, Err *err) WARN_UNUSED;

/* Into memory; `ret_data` is cleared first. ST_NOT_FOUND; ST_LIMIT; ST_CORRUPT when it is not what
 * was put there, by its checksum. */
Status s3_get(S3 *s3, const char *key, size_t max_bytes, Buf *ret_data, S3Object *ret_object,
              Err *err) WARN_UNUSED;
/* Into a file that is there, whole, when this is done, and else is as it was before. An object that
 * is replaced meanwhile is begun again; ST_CONFLICT when that goes on. */
Status s3_get_file(S3 *s3, const char *key, const char *path, S3Object *ret_object,
                   Err *err) WARN_UNUSED;
Status s3_head(S3 *s3, const char *key, S3Object *ret_object, Err *err) WARN_UNUSED;
Status s3_delete(S3 *s3, const char *key, Err *err) WARN_UNUSED;
/* Within the bucket, by S3 itself; up to 5 GiB. Replaces what is there. */
Status s3_copy(S3 *s3, const char *from_key, const char *to_key, Err *err) WARN_UNUSED;

/* Each key below the prefix, in order, through all pages. */
typedef Status S3Each(void *context, const char *key, int64_t bytes, Err *err);
Status s3_list(S3 *s3, const char *prefix, S3Each *each, void *context, Err *err) WARN_UNUSED;

/* How long a link works. A link dies with the keys that signed it. */
typedef struct S3LinkLife {
    int64_t until_ms;
    bool may_end_sooner; /* signed by a session of which nobody said when it ends */
} S3LinkLife;

/* A GET link for `expires_s` seconds (at most 604800, and never longer than the keys live).
 * `ret_url` is cleared first. Nothing is asked of S3: look at the object first (s3_head), which
 * also finds out where the bucket is. ST_EXPIRED when the keys are at their end. */
Status s3_presign(S3 *s3, const char *key, int expires_s, Buf *ret_url, S3LinkLife *ret_life,
                  Err *err) WARN_UNUSED;

#endif
