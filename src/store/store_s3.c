#include "aws/s3.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store_driver.h"

#include <ctype.h>
#include <string.h>

enum { BUCKET_MAX_BYTES = 63, PREFIX_MAX_BYTES = 512 };

typedef struct S3Store {
    Store base;
    S3 *s3;
    char bucket[BUCKET_MAX_BYTES + 1];
    char prefix[PREFIX_MAX_BYTES + 2]; /* "" or "some/where/" */
} S3Store;

/* https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
static bool is_bucket(const char *name) {
    size_t size = strlen(name);
    if (size < 3 || size > BUCKET_MAX_BYTES ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != size) {
        return false;
    }
    return isalnum((unsigned char)name[0]) && isalnum((unsigned char)name[size - 1]) &&
           strstr(name, "..") == NULL;
}

/* Wider than our own keys: "env=prod/confhouse" is a prefix that people have. */
static bool is_prefix(const char *prefix) {
    for (const char *c = prefix; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("._-=+@,/", *c) == NULL) {
            return false;
        }
    }
    OWN(mem_free_at) char *framed = mem_printf("/%s/", prefix);
    return prefix[0] == '\0' ||
           (strlen(prefix) <= PREFIX_MAX_BYTES && strstr(framed, "//") == NULL &&
            strstr(framed, "/./") == NULL && strstr(framed, "/../") == NULL);
}

static Status parse_url(const char *url, S3Store *s3, Err *err) {
    OWN(mem_free_at) char *bucket = mem_strdup(url + strlen("s3://"));
    char *slash = strchr(bucket, '/');
    char *prefix = bucket + strlen(bucket);
    if (slash != NULL) {
        *slash = '\0';
        prefix = slash + 1;
    }
    size_t size = strlen(prefix);
    if (size > 0 && prefix[size - 1] == '/') {
        prefix[--size] = '\0';
    }
    if (!is_bucket(bucket) || !is_prefix(prefix)) {
        err_set(err, ST_USAGE, "the store '%.600s' is no valid %s", url,
                is_bucket(bucket) ? "prefix in a bucket" : "name of a bucket");
        return err_hint(err, "give it as s3://bucket or s3://bucket/prefix");
    }
    str_copy(s3->bucket, sizeof s3->bucket, bucket);
    str_copy(s3->prefix, sizeof s3->prefix, prefix);
    if (size > 0) {
        s3->prefix[size] = '/';
        s3->prefix[size + 1] = '\0';
    }
    return ST_OK;
}

/* The key in the bucket; the caller frees it. */
static char *full_key(const Store *store, const char *key) {
    return mem_printf("%s%s", ((const S3Store *)store)->prefix, key);
}

static void set_object(StoreObject *to, const S3Object *from) {
    str_copy(to->etag, sizeof to->etag, from->etag);
    to->bytes = from->bytes;
}

static S3Condition condition_of(StoreCondition condition) {
    switch (condition) {
    case STORE_IF_ABSENT:
        return S3_IF_ABSENT;
    case STORE_IF_MATCH:
        return S3_IF_MATCH;
    case STORE_ALWAYS:
        break;
    }
    return S3_ALWAYS;
}

static Status s3_store_put(Store *store, const StorePut *put, StoreObject *ret_object, Err *err) {
    const S3Store *s3 = (S3Store *)store;
    OWN(mem_free_at) char *key = full_key(store, put->key);
    S3Put request = {
        .key = key,
        .content_type = put->content_type,
        .data = put->data,
        .size = put->size,
        .path = put->path,
        .condition = condition_of(put->condition),
        .etag = put->etag,
    };
    S3Object object = {0};
    Err own = {0};
    Status status = s3_put(s3->s3, &request, &object, &own);
    if (status == ST_NOT_FOUND && str_equal(own.code, "NoSuchKey")) {
        own.status = status = ST_CONFLICT; /* what If-Match asked for is gone */
    }
    if (status != ST_OK) {
        if (err != NULL) {
            *err = own;
        }
        return status;
    }
    set_object(ret_object, &object);
    return ST_OK;
}

static Status s3_store_get(Store *store, const char *key, size_t max_bytes, Buf *ret_data,
                           StoreObject *ret_object, Err *err) {
    const S3Store *s3 = (S3Store *)store;
    OWN(mem_free_at) char *full = full_key(store, key);
    S3Object object = {0};
    TRY(s3_get(s3->s3, full, max_bytes, ret_data, &object, err));
    set_object(ret_object, &object);
    return ST_OK;
}

static Status s3_store_get_file(Store *store, const char *key, const char *path,
                                StoreObject *ret_object, Err *err) {
    const S3Store *s3 = (S3Store *)store;
    OWN(mem_free_at) char *full = full_key(store, key);
    S3Object object = {0};
    TRY(s3_get_file(s3->s3, full, path, &object, err));
    set_object(ret_object, &object);
    return ST_OK;
}

static Status s3_store_head(Store *store, const char *key, StoreObject *ret_object, Err *err) {
    const S3Store *s3 = (S3Store *)store;
    OWN(mem_free_at) char *full = full_key(store, key);
    S3Object object = {0};
    TRY(s3_head(s3->s3, full, &object, err));
    set_object(ret_object, &object);
    return ST_OK;
}

static Status s3_store_remove(Store *store, const char *key, Err *err) {
    const S3Store *s3 = (S3Store *)store;
    OWN(mem_free_at) char *full = full_key(store, key);
    Status status = s3_delete(s3->s3, full, err);
    return status == ST_NOT_FOUND ? ST_OK : status;
}

static Status s3_store_copy(Store *store, const char *from_key, const char *to_key, Err *err) {
    const S3Store *s3 = (S3Store *)store;
    OWN(mem_free_at) char *from = full_key(store, from_key);
    OWN(mem_free_at) char *to = full_key(store, to_key);
    return s3_copy(s3->s3, from, to, err);
}

/* A link to what is not there would be found out by those who follow it. */
static Status s3_store_link(Store *store, const char *key, int expires_s, Buf *ret_url,
                            S3LinkLife *ret_life, Err *err) {
    const S3Store *s3 = (S3Store *)store;
    OWN(mem_free_at) char *full = full_key(store, key);
    TRY(s3_head(s3->s3, full, NULL, err));
    return s3_presign(s3->s3, full, expires_s, ret_url, ret_life, err);
}

/* Takes the store's prefix off again. */
typedef struct Listing {
    size_t prefix_size;
    StoreEach *each;
    void *context;
} Listing;

static Status list_key(void *context, const char *key, int64_t bytes, Err *err) {
    const Listing *listing = context;
    if (strlen(key) <= listing->prefix_size || !store_key_is_valid(key + listing->prefix_size)) {
        return ST_OK; /* not ours */
    }
    return listing->each(listing->context, key + listing->prefix_size, bytes, err);
}

static Status s3_store_list(Store *store, const char *prefix, StoreEach *each, void *context,
                            Err *err) {
    const S3Store *s3 = (S3Store *)store;
    OWN(mem_free_at) char *full = full_key(store, prefix);
    Listing listing = {.prefix_size = strlen(s3->prefix), .each = each, .context = context};
    return s3_list(s3->s3, full, list_key, &listing, err);
}

static void s3_store_append_location(const Store *store, const char *key, Buf *out) {
    const S3Store *s3 = (const S3Store *)store;
    buf_printf(out, "s3://%s/%s%s", s3->bucket, s3->prefix, key);
}

static void s3_store_close(Store *store) {
    s3_close(((S3Store *)store)->s3);
    mem_free(store);
}

static const StoreDriver s3_driver = {
    .put = s3_store_put,
    .get = s3_store_get,
    .get_file = s3_store_get_file,
    .head = s3_store_head,
    .remove = s3_store_remove,
    .copy = s3_store_copy,
    .link = s3_store_link,
    .list = s3_store_list,
    .append_location = s3_store_append_location,
    .close = s3_store_close,
};

/* What is surely ours: at the root of a bucket others may put things, too. */
static const char *own_prefix(const S3Store *s3) {
    return s3->prefix[0] != '\0' ? s3->prefix : "history/compliance-";
}

Status store_s3_open(const char *url, Aws *aws, const StoreOptions *options, Store **ret_store,
                     Err *err) {
    S3Store *s3 = mem_alloc(sizeof *s3);
    s3->base.driver = &s3_driver;
    Status status = parse_url(url, s3, err);
    if (status == ST_OK) {
        ASSERT(aws != NULL);
        status = s3_open(&(S3Options){.aws = aws,
                                      .bucket = s3->bucket,
                                      .own_prefix = own_prefix(s3),
                                      .encryption = options->encryption,
                                      .part_bytes = options->part_bytes,
                                      .ability = options->ability},
                         &s3->s3, err);
    }
    if (status != ST_OK) {
        s3_store_close(&s3->base);
        return status;
    }
    *ret_store = &s3->base;
    return ST_OK;
}
