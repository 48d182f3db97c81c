/* What a driver of the store implements. store.c has checked keys and prefixes before it asks one:
 * a driver sees only keys for which store_key_is_valid() holds, and passes over what else it finds
 * in its place when it lists.
 *
 * The promises to keep are those of store/store.h; tests/unit/store/test_store.c checks them on any
 * driver. */
#ifndef STORE_STORE_DRIVER_H
#define STORE_STORE_DRIVER_H

#include "store/store.h"

typedef struct StoreDriver {
    Status (*put)(Store *store, const StorePut *put, StoreObject *ret_object, Err *err);
    Status (*get)(Store *store, const char *key, size_t max_bytes, Buf *ret_data,
                  StoreObject *ret_object, Err *err);
    /* A file that is there already is replaced by all of the object, or left as it was. */
    Status (*get_file)(Store *store, const char *key, const char *path, StoreObject *ret_object,
                       Err *err);
    Status (*head)(Store *store, const char *key, StoreObject *ret_object, Err *err);
    Status (*remove)(Store *store, const char *key, Err *err);
    Status (*copy)(Store *store, const char *from_key, const char *to_key, Err *err);
    /* NULL = there are no links. */
    Status (*link)(Store *store, const char *key, int expires_s, Buf *ret_url, S3LinkLife *ret_life,
                   Err *err);
    Status (*list)(Store *store, const char *prefix, StoreEach *each, void *context, Err *err);
    void (*append_location)(const Store *store, const char *key, Buf *out);
    void (*close)(Store *store);
} StoreDriver;

/* The first member of what a driver allocates. */
struct Store {
    const StoreDriver *driver;
};

enum { STORE_MAX_KEY_BYTES = 255, STORE_MAX_KEY_PARTS = 16 };

/* Parts of [A-Za-z0-9._-] joined by '/', none of them empty or beginning with a dot. */
bool store_key_is_valid(const char *key);

/* The drivers. `path` is a directory; `url` begins with "s3://". */
Status store_dir_open(const char *path, Store **ret_store, Err *err) WARN_UNUSED;
Status store_s3_open(const char *url, Aws *aws, const StoreOptions *options, Store **ret_store,
                     Err *err) WARN_UNUSED;

#endif
