/* Store: where the objects of a warehouse lie: a directory or a prefix of an S3 bucket. One
 * contract, two drivers (store/store_driver.h); keys are those of store/layout.h.
 *
 * What every driver promises: a put is seen whole or not at all, and is durable when it returns;
 * a conditional put succeeds for one of several at once; a list is in the order of the keys. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "aws/aws.h"
#include "aws/s3.h"
#include "base/buf.h"
#include "base/err.h"

typedef struct Store Store;

/* "s3://bucket/prefix" or a directory, which is made when absent. `aws` is borrowed and may be
 * NULL for a directory. */
Status store_open(const char *url, Aws *aws, Store **ret_store, Err *err) WARN_UNUSED;

/* How a bucket is used: see aws/s3.h. A directory passes over it. */
typedef struct StoreOptions {
    S3Encryption encryption;
    int64_t part_bytes;
    S3Ability ability;
} StoreOptions;
Status store_open_with(const char *url, Aws *aws, const StoreOptions *options, Store **ret_store,
                       Err *err) WARN_UNUSED;

void store_close(Store *store);
void store_close_at(Store **store);
bool store_url_is_s3(const char *url);

typedef struct StoreObject {
    char etag[128]; /* names this content: for STORE_IF_MATCH */
    int64_t bytes;
} StoreObject;

typedef enum StoreCondition { STORE_ALWAYS, STORE_IF_ABSENT, STORE_IF_MATCH } StoreCondition;

typedef struct StorePut {
    const char *key;
    const char *content_type; /* NULL = application/octet-stream */
    const void *data;         /* or NULL, and the file at `path` */
    size_t size;
    const char *path;
    /* Of the file at `path`, in hex; NULL = not known. Promises, too, that nobody writes to that
     * file any more: a directory on the same disk takes it as it is, instead of a copy. */
    const char *sha256;
    StoreCondition condition;
    const char *etag; /* of STORE_IF_MATCH */
} StorePut;

/* ST_CONFLICT when the condition does not hold; ST_NOT_FOUND when there is no file at `path`.
 * `ret_object` may be NULL. A put that was interrupted has put nothing; what it leaves where nobody
 * looks is removed when it is a day old: by the next one who opens the directory, or puts something
 * large into the bucket. */
Status store_put(Store *store, const StorePut *put, StoreObject *ret_object, Err *err) WARN_UNUSED;
/* ST_NOT_FOUND; ST_LIMIT past max_bytes; ST_CORRUPT when the store finds that it is not what was
 * put. `ret_object` may be NULL. */
Status store_get(Store *store, const char *key, size_t max_bytes, Buf *ret_data,
                 StoreObject *ret_object, Err *err) WARN_UNUSED;
/* A file at `path` is replaced by all of the object, or left as it was. */
Status store_get_file(Store *store, const char *key, const char *path, StoreObject *ret_object,
                      Err *err) WARN_UNUSED;
Status store_head(Store *store, const char *key, StoreObject *ret_object, Err *err) WARN_UNUSED;
Status store_delete(Store *store, const char *key, Err *err) WARN_UNUSED; /* absent is fine */

/* Within the store, which copies it by itself where it can. Replaces what is at `to_key`.
 * ST_NOT_FOUND. */
Status store_copy(Store *store, const char *from_key, const char *to_key, Err *err) WARN_UNUSED;

typedef Status StoreEach(void *context, const char *key, int64_t bytes, Err *err);
Status store_list(Store *store, const char *prefix, StoreEach *each, void *context,
                  Err *err) WARN_UNUSED;

/* A link by which anybody can read the object for `expires_s` seconds, or as long as the keys live
 * that sign it: see s3_presign. ST_NOT_FOUND; ST_REJECTED for a directory, which has none. */
Status store_link(Store *store, const char *key, int expires_s, Buf *ret_url, S3LinkLife *ret_life,
                  Err *err) WARN_UNUSED;

/* Where a person finds it: a path or an s3:// URL. */
void store_append_location(const Store *store, const char *key, Buf *out);

#endif
