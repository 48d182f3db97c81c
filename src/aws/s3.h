/* Amazon S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ — put, get, head, list, delete of
 * objects, and links that work for a while. All of these wait for their answer.
 *
 * Buckets are addressed by path where the endpoint is set by AWS_ENDPOINT_URL or the bucket's name
 * has a dot, else by host.
 */
#ifndef AWS_S3_H
#define AWS_S3_H

#include "aws/aws.h"
#include "base/buf.h"

typedef struct S3Object {
    char etag[128]; /* with its quotes, as the service gave it */
    int64_t bytes;
} S3Object;

typedef enum S3Condition { S3_ALWAYS, S3_IF_ABSENT, S3_IF_MATCH } S3Condition;

typedef struct S3Put {
    const char *bucket;
    const char *key;
    const char *content_type; /* NULL = application/octet-stream */
    const void *data;         /* or NULL, and the file at `path` */
    size_t size;
    const char *path;
    S3Condition condition;
    const char *etag; /* of S3_IF_MATCH */
} S3Put;

/* ST_CONFLICT when the condition does not hold. A write that was cut off on its way is sent again:
 * if it had arrived after all, its own object is what stands against the condition, so who gets
 * ST_CONFLICT looks at what is there before saying that somebody else won. `ret_object` may be NULL
 * here and below. */
Status s3_put(Aws *aws, const S3Put *put, S3Object *ret_object, Err *err) WARN_UNUSED;
/* Into memory; `ret_data` is cleared first. ST_NOT_FOUND, ST_LIMIT. */
Status s3_get(Aws *aws, const char *bucket, const char *key, size_t max_bytes, Buf *ret_data,
              S3Object *ret_object, Err *err) WARN_UNUSED;
/* Into a file that is there, whole, when this is done, and else is as it was before. */
Status s3_get_file(Aws *aws, const char *bucket, const char *key, const char *path,
                   S3Object *ret_object, Err *err) WARN_UNUSED;
Status s3_head(Aws *aws, const char *bucket, const char *key, S3Object *ret_object,
               Err *err) WARN_UNUSED;
Status s3_delete(Aws *aws, const char *bucket, const char *key, Err *err) WARN_UNUSED;

/* Each key below the prefix, in order, through all pages. */
typedef Status S3Each(void *context, const char *key, int64_t bytes, Err *err);
Status s3_list(Aws *aws, const char *bucket, const char *prefix, S3Each *each, void *context,
               Err *err) WARN_UNUSED;

/* A GET link for `expires_s` seconds (at most 604800, and never longer than the keys live).
 * `*ret_until_ms` says until when it works. `ret_url` is cleared first. Nothing is asked of S3. */
Status s3_presign(Aws *aws, const char *bucket, const char *key, int expires_s, Buf *ret_url,
                  int64_t *ret_until_ms, Err *err) WARN_UNUSED;

#endif
