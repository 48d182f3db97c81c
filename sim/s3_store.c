#include "s3_store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"
#include "s3_disk.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct S3Blob {
    atomic_size_t holders;
    Buf data;
};

typedef struct Object {
    char *key;
    S3Meta meta;
    S3Blob *blob; /* NULL when the bytes are in a file */
} Object;

typedef struct Bucket {
    char name[64];
    size_t count;
    size_t room;
    Object *objects; /* sorted by key */
} Bucket;

struct S3Store {
    pthread_mutex_t lock;
    char *dir; /* NULL = in memory */
    size_t bucket_count;
    Bucket *buckets;
};

/* --- Blobs and meta -------------------------------------------------------------------------- */

S3Blob *s3_blob_new(Buf *data) {
    S3Blob *blob = mem_alloc(sizeof *blob);
    atomic_init(&blob->holders, 1);
    blob->data = *data;
    *data = (Buf){.ceiling = data->ceiling};
    return blob;
}

S3Blob *s3_blob_hold(S3Blob *blob) {
    atomic_fetch_add(&blob->holders, 1);
    return blob;
}

void s3_blob_release(void *held) {
    S3Blob *blob = held;
    if (blob != NULL && atomic_fetch_sub(&blob->holders, 1) == 1) {
        buf_done(&blob->data);
        mem_free(blob);
    }
}

const char *s3_blob_data(const S3Blob *blob) {
    return buf_text(&blob->data);
}

size_t s3_blob_size(const S3Blob *blob) {
    return blob->data.size;
}

void s3_meta_done(S3Meta *meta) {
    mem_free(meta->headers);
    meta->headers = NULL;
}

static void copy_meta(S3Meta *to, const S3Meta *from) {
    *to = *from;
    to->headers = mem_strdup(from->headers);
}

void s3_etag_of(const void *data, size_t size, char ret_etag[S3_ETAG_SIZE]) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    unsigned int digest_size = 0;
    ASSERT(EVP_Digest(data, size, digest, &digest_size, EVP_md5(), NULL) == 1);
    digest_to_hex(digest, digest_size, hex);
    snprintf(ret_etag, S3_ETAG_SIZE, "\"%.32s\"", hex);
}

bool s3_etag_equal(const char *a, const char *b) {
    size_t a_size = strcspn(a + (*a == '"'), "\"");
    size_t b_size = strcspn(b + (*b == '"'), "\"");
    return a_size == b_size && memcmp(a + (*a == '"'), b + (*b == '"'), a_size) == 0;
}

/* --- Places ---------------------------------------------------------------------------------- */

static Bucket *find_bucket(S3Store *store, const char *name) {
    for (size_t i = 0; i < store->bucket_count; i++) {
        if (strcmp(store->buckets[i].name, name) == 0) {
            return &store->buckets[i];
        }
    }
    return NULL;
}

/* The first object whose key is not below `key`. */
static size_t find_place(const Bucket *bucket, const char *key) {
    size_t low = 0;
    size_t high = bucket->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(bucket->objects[middle].key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static Object *find_object(const Bucket *bucket, const char *key) {
    size_t at = find_place(bucket, key);
    bool found = at < bucket->count && strcmp(bucket->objects[at].key, key) == 0;
    return found ? &bucket->objects[at] : NULL;
}

static Object *find_or_add_object(Bucket *bucket, const char *key) {
    Object *object = find_object(bucket, key);
    if (object != NULL) {
        return object;
    }
    if (bucket->count == bucket->room) {
        bucket->room = bucket->room == 0 ? 64 : bucket->room * 2;
        bucket->objects = mem_grow(bucket->objects, bucket->room, sizeof *bucket->objects);
    }
    size_t at = find_place(bucket, key);
    memmove(&bucket->objects[at + 1], &bucket->objects[at],
            (bucket->count - at) * sizeof *bucket->objects);
    bucket->count++;
    bucket->objects[at] = (Object){.key = mem_strdup(key)};
    return &bucket->objects[at];
}

static void free_object(Object *object) {
    mem_free(object->key);
    s3_meta_done(&object->meta);
    s3_blob_release(object->blob);
}

/* --- Open and close -------------------------------------------------------------------------- */

static bool is_bucket_name(const char *name) {
    size_t size = strlen(name);
    return size >= 3 && size <= 63 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == size && name[0] != '.' &&
           name[0] != '-' && name[size - 1] != '.' && name[size - 1] != '-' &&
           strstr(name, "..") == NULL;
}

/* One file that was there before. */
static void take_file(void *context, const char *key, const S3Meta *meta) {
    Object *object = find_or_add_object(context, key);
    copy_meta(&object->meta, meta);
}

Status s3_store_add_bucket(S3Store *store, const char *name, Err *err) {
    if (!is_bucket_name(name)) {
        return err_set(err, ST_USAGE, "'%.80s' is not a name for a bucket", name);
    }
    Status status = ST_OK;
    pthread_mutex_lock(&store->lock);
    if (find_bucket(store, name) == NULL) {
        store->buckets = mem_grow(store->buckets, store->bucket_count + 1, sizeof *store->buckets);
        Bucket *bucket = &store->buckets[store->bucket_count++];
        *bucket = (Bucket){0};
        str_copy(bucket->name, sizeof bucket->name, name);
        if (store->dir != NULL) {
            status = s3_disk_open_bucket(store->dir, name, take_file, bucket, err);
        }
    }
    pthread_mutex_unlock(&store->lock);
    return status;
}

S3Store *s3_store_new(const char *dir) {
    S3Store *store = mem_alloc(sizeof *store);
    store->dir = mem_strdup(dir);
    ASSERT(pthread_mutex_init(&store->lock, NULL) == 0);
    return store;
}

void s3_store_free(S3Store *store) {
    if (store == NULL) {
        return;
    }
    for (size_t i = 0; i < store->bucket_count; i++) {
        for (size_t k = 0; k < store->buckets[i].count; k++) {
            free_object(&store->buckets[i].objects[k]);
        }
        mem_free(store->buckets[i].objects);
    }
    mem_free(store->buckets);
    mem_free(store->dir);
    pthread_mutex_destroy(&store->lock);
    mem_free(store);
}

bool s3_store_has_bucket(S3Store *store, const char *name) {
    pthread_mutex_lock(&store->lock);
    bool found = find_bucket(store, name) != NULL;
    pthread_mutex_unlock(&store->lock);
    return found;
}

/* --- Objects --------------------------------------------------------------------------------- */

static S3Result check_condition(const Object *object, const S3Condition *condition) {
    if (condition->if_absent && object != NULL) {
        return S3_NOT_MET;
    }
    if (condition->if_match == NULL) {
        return S3_DONE;
    }
    if (object == NULL) {
        return S3_NO_KEY;
    }
    return s3_etag_equal(condition->if_match, object->meta.etag) ? S3_DONE : S3_NOT_MET;
}

static S3Result put_locked(S3Store *store, const S3Write *write) {
    Bucket *bucket = find_bucket(store, write->bucket);
    if (bucket == NULL) {
        return S3_NO_BUCKET;
    }
    S3Result result = check_condition(find_object(bucket, write->key), &write->condition);
    if (result == S3_DONE && store->dir != NULL) {
        result = s3_disk_write(store->dir, write->bucket, write->key, write->blob);
    }
    if (result != S3_DONE) {
        return result;
    }
    Object *object = find_or_add_object(bucket, write->key);
    s3_meta_done(&object->meta);
    s3_blob_release(object->blob);
    copy_meta(&object->meta, write->meta);
    object->meta.size = (int64_t)s3_blob_size(write->blob);
    object->meta.modified_ms = clock_now_ms();
    object->blob = store->dir == NULL ? s3_blob_hold(write->blob) : NULL;
    return S3_DONE;
}

S3Result s3_store_put(S3Store *store, const S3Write *write) {
    pthread_mutex_lock(&store->lock);
    S3Result result = put_locked(store, write);
    pthread_mutex_unlock(&store->lock);
    return result;
}

static S3Result get_locked(S3Store *store, const char *bucket_name, const char *key,
                           S3Meta *ret_meta, S3Blob **ret_blob, int *ret_fd) {
    Bucket *bucket = find_bucket(store, bucket_name);
    Object *object = bucket != NULL ? find_object(bucket, key) : NULL;
    if (object == NULL) {
        return bucket == NULL ? S3_NO_BUCKET : S3_NO_KEY;
    }
    if (ret_blob != NULL) {
        *ret_blob = object->blob != NULL ? s3_blob_hold(object->blob) : NULL;
    }
    if (ret_fd != NULL && object->blob == NULL) {
        *ret_fd = s3_disk_open(store->dir, bucket_name, key);
        if (*ret_fd < 0) {
            return S3_FAILED;
        }
    }
    copy_meta(ret_meta, &object->meta);
    return S3_DONE;
}

S3Result s3_store_get(S3Store *store, const char *bucket, const char *key, S3Meta *ret_meta,
                      S3Blob **ret_blob, int *ret_fd) {
    *ret_meta = (S3Meta){0};
    pthread_mutex_lock(&store->lock);
    S3Result result = get_locked(store, bucket, key, ret_meta, ret_blob, ret_fd);
    pthread_mutex_unlock(&store->lock);
    return result;
}

static S3Result delete_locked(S3Store *store, const char *bucket_name, const char *key,
                              const S3Condition *condition) {
    Bucket *bucket = find_bucket(store, bucket_name);
    if (bucket == NULL) {
        return S3_NO_BUCKET;
    }
    Object *object = find_object(bucket, key);
    S3Result result = check_condition(object, condition);
    if (result != S3_DONE || object == NULL) {
        return result;
    }
    if (store->dir != NULL && !s3_disk_remove(store->dir, bucket_name, key)) {
        return S3_FAILED;
    }
    size_t at = (size_t)(object - bucket->objects);
    free_object(object);
    bucket->count--;
    memmove(object, object + 1, (bucket->count - at) * sizeof *object);
    return S3_DONE;
}

S3Result s3_store_delete(S3Store *store, const char *bucket, const char *key,
                         const S3Condition *condition) {
    pthread_mutex_lock(&store->lock);
    S3Result result = delete_locked(store, bucket, key, condition);
    pthread_mutex_unlock(&store->lock);
    return result;
}

S3Result s3_store_list(S3Store *store, const char *bucket_name, const char *from, S3Each *each,
                       void *context) {
    pthread_mutex_lock(&store->lock);
    Bucket *bucket = find_bucket(store, bucket_name);
    bool more = bucket != NULL;
    for (size_t i = more ? find_place(bucket, from) : 0; more && i < bucket->count; i++) {
        more = each(context, bucket->objects[i].key, &bucket->objects[i].meta);
    }
    pthread_mutex_unlock(&store->lock);
    return bucket != NULL ? S3_DONE : S3_NO_BUCKET;
}
