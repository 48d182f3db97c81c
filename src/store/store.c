#include "store/store.h"

#include "base/str.h"
#include "store/store_driver.h"

#include <string.h>

#define KEY_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* With `may_be_open` also what only begins a key: nothing, or a '/' at its end. */
static bool is_made_of_parts(const char *text, bool may_be_open) {
    if (strlen(text) > STORE_MAX_KEY_BYTES) {
        return false;
    }
    for (int parts = 1; parts <= STORE_MAX_KEY_PARTS; parts++) {
        size_t size = strspn(text, KEY_CHARACTERS);
        if (size == 0) {
            return may_be_open && *text == '\0';
        }
        if (text[0] == '.') {
            return false;
        }
        if (text[size] != '/') {
            return text[size] == '\0';
        }
        text += size + 1;
    }
    return false;
}

bool store_key_is_valid(const char *key) {
    return is_made_of_parts(key, false);
}

static Status check_key(const char *key, Err *err) {
    if (!store_key_is_valid(key)) {
        return err_set(err, ST_INPUT, "'%.255s' cannot be the name of an object", key);
    }
    return ST_OK;
}

bool store_url_is_s3(const char *url) {
    return str_starts(url, "s3://");
}

Status store_open(const char *url, Aws *aws, Store **ret_store, Err *err) {
    return store_open_with(url, aws, &(StoreOptions){0}, ret_store, err);
}

Status store_open_with(const char *url, Aws *aws, const StoreOptions *options, Store **ret_store,
                       Err *err) {
    *ret_store = NULL;
    if (store_url_is_s3(url)) {
        return store_s3_open(url, aws, options, ret_store, err);
    }
    if (url[0] == '\0' || strstr(url, "://") != NULL) {
        err_set(err, ST_USAGE, "the store '%.200s' is no place we know", url);
        return err_hint(err, "give --store a folder or s3://bucket/prefix");
    }
    return store_dir_open(url, ret_store, err);
}

void store_close(Store *store) {
    if (store != NULL) {
        store->driver->close(store);
    }
}

void store_close_at(Store **store) {
    store_close(*store);
    *store = NULL;
}

Status store_put(Store *store, const StorePut *put, StoreObject *ret_object, Err *err) {
    ASSERT(put->data != NULL || put->size == 0 || put->path != NULL);
    ASSERT(put->condition != STORE_IF_MATCH || put->etag != NULL);
    TRY(check_key(put->key, err));
    StoreObject object;
    return store->driver->put(store, put, ret_object != NULL ? ret_object : &object, err);
}

Status store_get(Store *store, const char *key, size_t max_bytes, Buf *ret_data,
                 StoreObject *ret_object, Err *err) {
    TRY(check_key(key, err));
    StoreObject object;
    buf_clear(ret_data);
    return store->driver->get(store, key, max_bytes, ret_data,
                              ret_object != NULL ? ret_object : &object, err);
}

Status store_get_file(Store *store, const char *key, const char *path, StoreObject *ret_object,
                      Err *err) {
    TRY(check_key(key, err));
    StoreObject object;
    return store->driver->get_file(store, key, path, ret_object != NULL ? ret_object : &object,
                                   err);
}

Status store_head(Store *store, const char *key, StoreObject *ret_object, Err *err) {
    TRY(check_key(key, err));
    return store->driver->head(store, key, ret_object, err);
}

Status store_delete(Store *store, const char *key, Err *err) {
    TRY(check_key(key, err));
    return store->driver->remove(store, key, err);
}

Status store_copy(Store *store, const char *from_key, const char *to_key, Err *err) {
    TRY(check_key(from_key, err));
    TRY(check_key(to_key, err));
    return store->driver->copy(store, from_key, to_key, err);
}

Status store_link(Store *store, const char *key, int expires_s, Buf *ret_url, S3LinkLife *ret_life,
                  Err *err) {
    TRY(check_key(key, err));
    if (store->driver->link == NULL) {
        (void)err_set(err, ST_REJECTED, "there are no links to what lies in a directory");
        return err == NULL ? ST_REJECTED : err_hint(err, "use a store on S3");
    }
    return store->driver->link(store, key, expires_s, ret_url, ret_life, err);
}

Status store_list(Store *store, const char *prefix, StoreEach *each, void *context, Err *err) {
    if (!is_made_of_parts(prefix, true)) {
        return err_set(err, ST_INPUT, "'%.255s' cannot begin the name of an object", prefix);
    }
    return store->driver->list(store, prefix, each, context, err);
}

void store_append_location(const Store *store, const char *key, Buf *out) {
    store->driver->append_location(store, key, out);
}
