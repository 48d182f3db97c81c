#include "s3_uploads.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MIN_PART_BYTES = 5 << 20, MD5_BYTES = 16 };

typedef struct Upload Upload;
struct Upload {
    Upload *next;
    char id[S3_UPLOAD_ID_SIZE];
    char bucket[64];
    char *key;
    S3Meta meta;
    int64_t begun_ms;
    size_t part_count;
    S3Part *parts; /* sorted by number */
};

struct S3Uploads {
    pthread_mutex_t lock;
    Upload *first; /* the oldest */
};

S3Uploads *s3_uploads_new(void) {
    S3Uploads *uploads = mem_alloc(sizeof *uploads);
    ASSERT(pthread_mutex_init(&uploads->lock, NULL) == 0);
    return uploads;
}

static void free_upload(Upload *upload) {
    for (size_t i = 0; i < upload->part_count; i++) {
        s3_blob_release(upload->parts[i].blob);
    }
    mem_free(upload->parts);
    mem_free(upload->key);
    s3_meta_done(&upload->meta);
    mem_free(upload);
}

void s3_uploads_free(S3Uploads *uploads) {
    if (uploads == NULL) {
        return;
    }
    while (uploads->first != NULL) {
        Upload *upload = uploads->first;
        uploads->first = upload->next;
        free_upload(upload);
    }
    pthread_mutex_destroy(&uploads->lock);
    mem_free(uploads);
}

void s3_uploads_begin(S3Uploads *uploads, const char *bucket, const char *key, const S3Meta *meta,
                      char ret_id[S3_UPLOAD_ID_SIZE]) {
    uint8_t random[16];
    Upload *upload = mem_alloc(sizeof *upload);
    digest_random(random, sizeof random);
    digest_to_hex(random, sizeof random, upload->id);
    str_copy(upload->bucket, sizeof upload->bucket, bucket);
    upload->key = mem_strdup(key);
    upload->meta = *meta;
    upload->meta.headers = mem_strdup(meta->headers);
    upload->begun_ms = clock_now_ms();
    str_copy(ret_id, S3_UPLOAD_ID_SIZE, upload->id);
    pthread_mutex_lock(&uploads->lock);
    Upload **at = &uploads->first;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = upload;
    pthread_mutex_unlock(&uploads->lock);
}

/* Where the upload is linked in; `*at` is NULL when there is none. */
static Upload **find_upload(S3Uploads *uploads, const S3UploadName *name) {
    Upload **at = &uploads->first;
    while (*at != NULL &&
           (strcmp((*at)->id, name->id) != 0 || strcmp((*at)->bucket, name->bucket) != 0 ||
            strcmp((*at)->key, name->key) != 0)) {
        at = &(*at)->next;
    }
    return at;
}

/* The first part whose number is not below. */
static size_t find_part(const Upload *upload, int number) {
    size_t at = 0;
    while (at < upload->part_count && upload->parts[at].number < number) {
        at++;
    }
    return at;
}

static void set_part(Upload *upload, int number, S3Blob *blob, const char *etag) {
    size_t at = find_part(upload, number);
    if (at < upload->part_count && upload->parts[at].number == number) {
        s3_blob_release(upload->parts[at].blob);
    } else {
        upload->parts = mem_grow(upload->parts, upload->part_count + 1, sizeof *upload->parts);
        memmove(&upload->parts[at + 1], &upload->parts[at],
                (upload->part_count - at) * sizeof *upload->parts);
        upload->part_count++;
    }
    upload->parts[at] = (S3Part){.number = number, .blob = s3_blob_hold(blob)};
    str_copy(upload->parts[at].etag, S3_ETAG_SIZE, etag);
}

bool s3_uploads_put_part(S3Uploads *uploads, const S3UploadName *name, int number, S3Blob *blob,
                         const char *etag) {
    pthread_mutex_lock(&uploads->lock);
    Upload *upload = *find_upload(uploads, name);
    if (upload != NULL) {
        set_part(upload, number, blob, etag);
    }
    pthread_mutex_unlock(&uploads->lock);
    return upload != NULL;
}

bool s3_uploads_end(S3Uploads *uploads, const S3UploadName *name) {
    pthread_mutex_lock(&uploads->lock);
    Upload **at = find_upload(uploads, name);
    Upload *upload = *at;
    if (upload != NULL) {
        *at = upload->next;
        free_upload(upload);
    }
    pthread_mutex_unlock(&uploads->lock);
    return upload != NULL;
}

/* Appends the part's bytes to the whole, and its MD5 to the MD5s. */
static S3JoinResult join_part(const Upload *upload, const S3Part *wanted, bool is_last, Buf *whole,
                              Buf *digests) {
    size_t at = find_part(upload, wanted->number);
    uint8_t digest[EVP_MAX_MD_SIZE];
    if (at == upload->part_count || upload->parts[at].number != wanted->number ||
        !s3_etag_equal(upload->parts[at].etag, wanted->etag)) {
        return S3_NO_PART;
    }
    const S3Blob *blob = upload->parts[at].blob;
    if (!is_last && s3_blob_size(blob) < MIN_PART_BYTES) {
        return S3_SMALL_PART;
    }
    ASSERT(EVP_Digest(s3_blob_data(blob), s3_blob_size(blob), digest, NULL, EVP_md5(), NULL) == 1);
    buf_append(digests, digest, MD5_BYTES);
    buf_append(whole, s3_blob_data(blob), s3_blob_size(blob));
    return S3_JOINED;
}

static S3JoinResult join_parts(const Upload *upload, const S3Part *parts, size_t count, Buf *whole,
                               S3Meta *ret_meta) {
    OWN(buf_done) Buf digests = {0};
    for (size_t i = 0; i < count; i++) {
        S3JoinResult result = join_part(upload, &parts[i], i + 1 == count, whole, &digests);
        if (result != S3_JOINED) {
            return result;
        }
    }
    *ret_meta = upload->meta;
    ret_meta->headers = mem_strdup(upload->meta.headers);
    char etag[S3_ETAG_SIZE];
    s3_etag_of(digests.data, digests.size, etag);
    /* "<MD5 of the MD5s>-<how many>" */
    snprintf(ret_meta->etag, sizeof ret_meta->etag, "%.33s-%u\"", etag, (unsigned)count);
    return S3_JOINED;
}

S3JoinResult s3_uploads_join(S3Uploads *uploads, const S3UploadName *name, const S3Part *parts,
                             size_t count, S3Blob **ret_blob, S3Meta *ret_meta) {
    Buf whole = {.ceiling = SIZE_MAX / 2};
    pthread_mutex_lock(&uploads->lock);
    const Upload *upload = *find_upload(uploads, name);
    S3JoinResult result =
        upload == NULL ? S3_NO_UPLOAD : join_parts(upload, parts, count, &whole, ret_meta);
    pthread_mutex_unlock(&uploads->lock);
    if (result == S3_JOINED) {
        *ret_blob = s3_blob_new(&whole);
    }
    buf_done(&whole);
    return result;
}

void s3_uploads_list(S3Uploads *uploads, const char *bucket, S3EachUpload *each, void *context) {
    pthread_mutex_lock(&uploads->lock);
    for (const Upload *upload = uploads->first; upload != NULL; upload = upload->next) {
        if (strcmp(upload->bucket, bucket) == 0) {
            each(context, upload->key, upload->id, upload->begun_ms);
        }
    }
    pthread_mutex_unlock(&uploads->lock);
}
