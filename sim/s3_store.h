/* S3Store: buckets and objects, in memory, or with the bytes in files: <dir>/<bucket>/<key, with
 * all but letters, digits and - . _ ~ as %XX>. Objects that are there at the start are taken in
 * (their ETag is then the MD5 of the file, their type unknown). Safe to call from several threads.
 */
#ifndef SIM_S3_STORE_H
#define SIM_S3_STORE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { S3_MAX_KEY_BYTES = 1024, S3_ETAG_SIZE = 48 };

typedef struct S3Store S3Store;

S3Store *s3_store_new(const char *dir); /* NULL = in memory */
void s3_store_free(S3Store *store);

/* ST_USAGE when that is no name for a bucket; one that is there already stays. */
Status s3_store_add_bucket(S3Store *store, const char *name, Err *err) WARN_UNUSED;
bool s3_store_has_bucket(S3Store *store, const char *name);

/* Bytes that several may hold. */
typedef struct S3Blob S3Blob;
S3Blob *s3_blob_new(Buf *data); /* takes it, and leaves it empty */
S3Blob *s3_blob_hold(S3Blob *blob);
void s3_blob_release(void *held); /* an S3Blob; NULL is fine */
const char *s3_blob_data(const S3Blob *blob);
size_t s3_blob_size(const S3Blob *blob);

/* What is known of an object beside its bytes. */
typedef struct S3Meta {
    char etag[S3_ETAG_SIZE]; /* with its quotes */
    char content_type[128];
    int64_t modified_ms;
    int64_t size;
    char *headers; /* "Name: value\n" of each header that is given back; NULL = none */
} S3Meta;
void s3_meta_done(S3Meta *meta);

typedef enum S3Result {
    S3_DONE,
    S3_NO_BUCKET,
    S3_NO_KEY,
    S3_NOT_MET, /* a condition does not hold */
    S3_FAILED,  /* the disk */
    S3_KEY_TOO_LONG,
} S3Result;

/* What must hold for a write: both may be unset. */
typedef struct S3Condition {
    bool if_absent;
    const char *if_match; /* an ETag, with or without quotes; NULL = any */
} S3Condition;
bool s3_etag_equal(const char *a, const char *b);

typedef struct S3Write {
    const char *bucket;
    const char *key;
    S3Blob *blob;       /* held by the caller; the store holds it too */
    const S3Meta *meta; /* copied; size and modified_ms are set by the store */
    S3Condition condition;
} S3Write;
S3Result s3_store_put(S3Store *store, const S3Write *write);

/* Memory: `ret_blob` is held for the caller. Files: `*ret_fd` is open. Either may be NULL to ask
 * for the meta alone. `ret_meta` is to be given to s3_meta_done. */
S3Result s3_store_get(S3Store *store, const char *bucket, const char *key, S3Meta *ret_meta,
                      S3Blob **ret_blob, int *ret_fd);
S3Result s3_store_delete(S3Store *store, const char *bucket, const char *key,
                         const S3Condition *condition);

/* Each object from the first key not below `from`, in the order of bytes, until `each` says false.
 * The store is locked meanwhile. */
typedef bool S3Each(void *context, const char *key, const S3Meta *meta);
S3Result s3_store_list(S3Store *store, const char *bucket, const char *from, S3Each *each,
                       void *context);

/* The MD5 of the bytes as an ETag, with its quotes. */
void s3_etag_of(const void *data, size_t size, char ret_etag[S3_ETAG_SIZE]);

#endif
