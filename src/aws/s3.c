#include "aws/s3.h"

#include "aws/s3_address.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    TRANSFER_TIMEOUT_MS = 3600 * 1000, /* a stalled one ends much earlier: see http_call.c */
    RACE_RETRIES = 3,
    LINK_MAX_S = 604800,
};

#define PUT_MAX_BYTES ((int64_t)5 << 30)

/* "s3://bucket/key: " before what went wrong there. */
static Status name_object(Status status, const char *bucket, const char *key, Err *err) {
    if (status != ST_OK && err != NULL) {
        (void)err_wrap(err, "s3://%s/%s", bucket, key);
    }
    return status;
}

/* --- What an answer says of an object -------------------------------------------------------- */

static Status read_object(const HttpAnswer *answer, S3Object *ret_object, Err *err) {
    char length[32];
    *ret_object = (S3Object){.bytes = -1};
    (void)http_header(answer, "ETag", ret_object->etag, sizeof ret_object->etag);
    if (http_header(answer, "Content-Length", length, sizeof length) &&
        !str_parse_int(length, 0, INT64_MAX, &ret_object->bytes)) {
        return err_set(err, ST_PROTOCOL, "the answer's Content-Length is no number");
    }
    return ST_OK;
}

static void give_object(const S3Object *object, S3Object *ret_object) {
    if (ret_object != NULL) {
        *ret_object = *object;
    }
}

/* --- Put ------------------------------------------------------------------------------------- */

typedef struct PutSource {
    int fd; /* -1: from memory */
    int64_t bytes;
    char sha256[SHA256_HEX_SIZE];
} PutSource;

static Status open_source(const S3Put *put, PutSource *source, Err *err) {
    if (put->path == NULL) {
        source->bytes = (int64_t)put->size;
        digest_sha256_hex(put->data == NULL ? "" : put->data, put->size, source->sha256);
        return ST_OK;
    }
    TRY(digest_file_sha256_hex(put->path, source->sha256, &source->bytes, err));
    if (source->bytes > PUT_MAX_BYTES) {
        return err_set(err, ST_LIMIT, "%s is larger than 5 GiB, which is what S3 takes at once",
                       put->path);
    }
    source->fd = open(put->path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0) {
        return err_set(err, ST_IO, "%s: %s", put->path, strerror(errno));
    }
    return ST_OK;
}

static void add_put_headers(const S3Put *put, Arena *arena, AwsRequest *request) {
    const char *type = put->content_type == NULL ? "application/octet-stream" : put->content_type;
    request->headers[request->header_count++] = arena_printf(arena, "Content-Type: %s", type);
    if (put->condition == S3_IF_ABSENT) {
        request->headers[request->header_count++] = "If-None-Match: *";
    } else if (put->condition == S3_IF_MATCH) {
        ASSERT(put->etag != NULL);
        /* Without quotes: S3 takes it either way, and some of its likes only so. */
        const char *etag = put->etag + (put->etag[0] == '"');
        request->headers[request->header_count++] =
            arena_printf(arena, "If-Match: %.*s", (int)strcspn(etag, "\""), etag);
    }
}

static Status parse_put(void *context, const HttpAnswer *answer, Err *err) {
    return read_object(answer, context, err);
}

/* Two writers at the same moment get 409 from S3, and neither has won: asked again, it says who
 * did. */
static Status run_put(Aws *aws, const AwsRequest *request, S3Object *ret_object, Err *err) {
    Err own = {0};
    Status status = ST_CONFLICT;
    for (int i = 0; i < RACE_RETRIES && status == ST_CONFLICT; i++) {
        status = call_run(aws, request, ret_object, &own);
        if (!str_equal(own.code, "ConditionalRequestConflict")) {
            break;
        }
    }
    if (status != ST_OK && err != NULL) {
        *err = own;
    }
    return status;
}

static Status put_source(Aws *aws, const S3Put *put, const PutSource *source, S3Object *ret_object,
                         Err *err) {
    OWN(arena_done) Arena arena = {0};
    OWN(s3_address_done) S3Address address;
    TRY(s3_address_init(aws, put->bucket, put->key, &address, err));
    AwsRequest request = s3_address_request(aws, &address);
    request.operation = "PutObject";
    request.method = "PUT";
    request.body = put->path == NULL ? put->data : NULL;
    request.body_fd = source->fd;
    request.body_size = (size_t)source->bytes;
    request.payload_hash = source->sha256;
    request.timeout_ms = TRANSFER_TIMEOUT_MS;
    request.parse = parse_put;
    add_put_headers(put, &arena, &request);
    S3Object object;
    TRY(run_put(aws, &request, &object, err));
    object.bytes = source->bytes;
    give_object(&object, ret_object);
    return ST_OK;
}

Status s3_put(Aws *aws, const S3Put *put, S3Object *ret_object, Err *err) {
    PutSource source = {.fd = -1};
    Status status = open_source(put, &source, err);
    if (status == ST_OK) {
        status = put_source(aws, put, &source, ret_object, err);
    }
    file_close_at(&source.fd);
    return name_object(status, put->bucket, put->key, err);
}

/* --- Get into memory ------------------------------------------------------------------------- */

typedef struct GetIntoMemory {
    Buf *data;
    S3Object object;
} GetIntoMemory;

static Status parse_get(void *context, const HttpAnswer *answer, Err *err) {
    GetIntoMemory *get = context;
    TRY(read_object(answer, &get->object, err));
    get->object.bytes = (int64_t)answer->body_size;
    buf_clear(get->data);
    if (!buf_append(get->data, answer->body, answer->body_size)) {
        return err_set(err, ST_LIMIT, "the object is larger than it may be here");
    }
    return ST_OK;
}

Status s3_get(Aws *aws, const char *bucket, const char *key, size_t max_bytes, Buf *ret_data,
              S3Object *ret_object, Err *err) {
    OWN(s3_address_done) S3Address address;
    TRY(s3_address_init(aws, bucket, key, &address, err));
    AwsRequest request = s3_address_request(aws, &address);
    GetIntoMemory get = {.data = ret_data};
    request.operation = "GetObject";
    request.method = "GET";
    request.max_answer_bytes = max_bytes;
    request.timeout_ms = TRANSFER_TIMEOUT_MS;
    request.parse = parse_get;
    TRY(name_object(call_run(aws, &request, &get, err), bucket, key, err));
    give_object(&get.object, ret_object);
    return ST_OK;
}

/* --- Get into a file ------------------------------------------------------------------------- */

typedef struct GetIntoFile {
    int fd;
    char *path; /* temporary, beside the one that is wanted; removed unless it was renamed */
    S3Object object;
} GetIntoFile;

static void close_get(GetIntoFile *get) {
    file_close_at(&get->fd);
    if (get->path != NULL) {
        (void)unlink(get->path);
        mem_free(get->path);
    }
}

static Status open_get(const char *path, GetIntoFile *get, Err *err) {
    get->path = mem_printf("%s.XXXXXX", path);
    get->fd = mkostemp(get->path, O_CLOEXEC);
    if (get->fd < 0) {
        Status status = err_set(err, ST_IO, "%s: %s", get->path, strerror(errno));
        mem_free(get->path);
        get->path = NULL;
        return status;
    }
    return ST_OK;
}

static Status parse_get_file(void *context, const HttpAnswer *answer, Err *err) {
    GetIntoFile *get = context;
    TRY(read_object(answer, &get->object, err));
    if (get->object.bytes >= 0 && get->object.bytes != answer->sink_bytes) {
        return err_set(err, ST_NETWORK, "%lld bytes came instead of %lld",
                       (long long)answer->sink_bytes, (long long)get->object.bytes);
    }
    get->object.bytes = answer->sink_bytes;
    if (ftruncate(get->fd, answer->sink_bytes) != 0) { /* a longer attempt may have been before */
        return err_set(err, ST_IO, "%s: %s", get->path, strerror(errno));
    }
    return ST_OK;
}

static Status keep_file(GetIntoFile *get, const char *path, Err *err) {
    if (fchmod(get->fd, 0644) != 0 || fsync(get->fd) != 0 || rename(get->path, path) != 0) {
        return err_set(err, ST_IO, "%s: %s", path, strerror(errno));
    }
    mem_free(get->path);
    get->path = NULL;
    return file_sync_parent(path, err);
}

Status s3_get_file(Aws *aws, const char *bucket, const char *key, const char *path,
                   S3Object *ret_object, Err *err) {
    OWN(s3_address_done) S3Address address;
    OWN(close_get) GetIntoFile get = {.fd = -1};
    TRY(s3_address_init(aws, bucket, key, &address, err));
    TRY(open_get(path, &get, err));
    AwsRequest request = s3_address_request(aws, &address);
    request.operation = "GetObject";
    request.method = "GET";
    request.sink_fd = get.fd;
    request.timeout_ms = TRANSFER_TIMEOUT_MS;
    request.parse = parse_get_file;
    TRY(name_object(call_run(aws, &request, &get, err), bucket, key, err));
    TRY(keep_file(&get, path, err));
    give_object(&get.object, ret_object);
    return ST_OK;
}

/* --- Head and delete ------------------------------------------------------------------------- */

static Status parse_head(void *context, const HttpAnswer *answer, Err *err) {
    S3Object *object = context;
    TRY(read_object(answer, object, err));
    if (object->bytes < 0) {
        return err_set(err, ST_PROTOCOL, "the answer has no Content-Length");
    }
    return ST_OK;
}

Status s3_head(Aws *aws, const char *bucket, const char *key, S3Object *ret_object, Err *err) {
    OWN(s3_address_done) S3Address address;
    TRY(s3_address_init(aws, bucket, key, &address, err));
    AwsRequest request = s3_address_request(aws, &address);
    S3Object object;
    request.operation = "HeadObject";
    request.method = "HEAD";
    request.parse = parse_head;
    TRY(name_object(call_run(aws, &request, &object, err), bucket, key, err));
    give_object(&object, ret_object);
    return ST_OK;
}

Status s3_delete(Aws *aws, const char *bucket, const char *key, Err *err) {
    OWN(s3_address_done) S3Address address;
    TRY(s3_address_init(aws, bucket, key, &address, err));
    AwsRequest request = s3_address_request(aws, &address);
    request.operation = "DeleteObject";
    request.method = "DELETE";
    return name_object(call_run(aws, &request, NULL, err), bucket, key, err);
}

/* --- Links ----------------------------------------------------------------------------------- */

/* How long a link made now can live: no longer than the keys that sign it. */
static int64_t link_life_s(const AwsKeys *keys, int64_t now_ms, int expires_s) {
    int64_t life_s = expires_s > LINK_MAX_S ? LINK_MAX_S : expires_s;
    int64_t keys_s = (keys->expires_ms - now_ms) / 1000;
    return keys->expires_ms != 0 && keys_s < life_s ? keys_s : life_s;
}

/* Appends the query that makes a link of the address. */
static Status sign_link(const S3Address *address, const AwsKeys *keys, int64_t now_ms,
                        int64_t life_s, Buf *query, Err *err) {
    OWN(arena_done) Arena arena = {0};
    const Endpoint *endpoint = &address->endpoint;
    SigV4Pair host = {"Host",
                      arena_printf(&arena, "%s%s", address->host_prefix, endpoint->authority)};
    SigV4Key key = {
        .region = endpoint->signing_region, .service = "s3", .secret_key = keys->secret_key};
    clock_format_stamp(now_ms, key.stamp);
    SigV4Request request = {
        .method = "GET",
        .path = arena_printf(&arena, "%s%s", endpoint->base_path, buf_text(&address->path)),
        .headers = &host,
        .header_count = 1,
        .payload_hash = "UNSIGNED-PAYLOAD",
        .is_s3 = true};
    SigV4Presign presign = {.access_key_id = keys->access_key_id,
                            .session_token = keys->session_token,
                            .expires_s = (int)life_s};
    return sigv4_presigned_query(&request, &key, &presign, query, err);
}

Status s3_presign(Aws *aws, const char *bucket, const char *key, int expires_s, Buf *ret_url,
                  int64_t *ret_until_ms, Err *err) {
    OWN(s3_address_done) S3Address address;
    TRY(s3_address_init(aws, bucket, key, &address, err));
    TRY(call_refresh_keys(aws, err));
    int64_t now_ms = clock_now_ms();
    int64_t life_s = link_life_s(&aws->keys, now_ms, expires_s);
    if (life_s < 1) {
        return err_set(err, expires_s < 1 ? ST_USAGE : ST_EXPIRED,
                       "a link to s3://%s/%s would be dead before it is used", bucket, key);
    }
    buf_clear(ret_url);
    endpoint_append_url(ret_url, &address.endpoint, address.host_prefix);
    buf_printf(ret_url, "%s?", buf_text(&address.path));
    TRY(sign_link(&address, &aws->keys, now_ms, life_s, ret_url, err));
    *ret_until_ms = now_ms + life_s * 1000;
    return ST_OK;
}
