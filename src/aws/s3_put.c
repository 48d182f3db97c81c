#include "aws/s3_put.h"

#include "aws/s3_settle.h"
#include "aws/s3_upload.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RACE_ROUNDS = 4, RACE_PAUSE_MS = 150 };

static Status open_source(const S3Put *put, S3Source *source, Err *err) {
    *source = (S3Source){.fd = -1, .bytes = (int64_t)put->size};
    if (put->path == NULL) {
        return ST_OK;
    }
    struct stat st;
    source->fd = open(put->path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0 || fstat(source->fd, &st) != 0) {
        Status status = errno == ENOENT ? ST_NOT_FOUND : ST_IO;
        return err_set(err, status, "cannot read %s: %s", put->path, strerror(errno));
    }
    source->bytes = st.st_size;
    return ST_OK;
}

Status s3_put_digest(const S3Put *put, const S3Source *source, S3Digest *ret_digest, Err *err) {
    if (put->path == NULL) {
        s3_checksum_of_data(put->data, put->size, ret_digest);
        return ST_OK;
    }
    return s3_checksum_of_file(source->fd, put->path, 0, source->bytes, ret_digest, err);
}

void s3_put_add_condition(const S3Put *put, Arena *arena, AwsRequest *request) {
    if (put->condition == S3_IF_ABSENT) {
        s3_client_add_header(request, "If-None-Match: *");
    } else if (put->condition == S3_IF_MATCH) {
        /* Without quotes: S3 takes it either way, and some of its likes only so. */
        const char *etag = put->etag + (put->etag[0] == '"');
        s3_client_add_header(request,
                             arena_printf(arena, "If-Match: %.*s", (int)strcspn(etag, "\""), etag));
    }
}

const char *s3_put_content_type(const S3Put *put, Arena *arena) {
    return arena_printf(arena, "Content-Type: %s",
                        put->content_type == NULL ? "application/octet-stream" : put->content_type);
}

bool s3_put_is_race(const Err *failure) {
    return str_equal(failure->code, "ConditionalRequestConflict");
}

static Status parse_put(void *context, const HttpAnswer *answer, Err *err) {
    S3Seen seen;
    S3Object *object = context;
    TRY(s3_client_read_object(answer, &seen, err));
    str_copy(object->etag, sizeof object->etag, seen.object.etag);
    return ST_OK;
}

/* Two writers at the same moment get 409 from S3, and neither has won: asked again, it says who
 * did. */
static Status run_put(S3 *s3, AwsRequest *request, S3Object *object, Err *err) {
    Status status = s3_client_run(s3, request, object, err);
    for (int round = 1; round < RACE_ROUNDS && s3_put_is_race(err); round++) {
        TRY(s3_client_pause(s3, (int64_t)RACE_PAUSE_MS * round, err));
        *err = (Err){0};
        status = s3_client_run(s3, request, object, err);
    }
    return status;
}

/* All in one request. */
static Status put_whole(S3 *s3, const S3Put *put, const S3Source *source, S3Object *ret_object,
                        Err *err) {
    OWN(arena_done) Arena arena = {0};
    OWN(s3_client_address_done) S3Address address;
    S3Digest digest;
    char hash[SHA256_HEX_SIZE];
    char checksum[S3_CHECKSUM_SIZE];
    int broken = 0;
    TRY(s3_client_address(s3, put->key, &address, err));
    TRY(s3_put_digest(put, source, &digest, err));
    digest_to_hex(digest.sha256, sizeof digest.sha256, hash);
    s3_checksum_format_sha256(&digest, checksum);
    AwsRequest request = s3_client_request(s3, &address, "PutObject", "PUT");
    request.body = put->path == NULL ? put->data : NULL;
    request.body_fd = source->fd;
    request.body_size = (size_t)source->bytes;
    request.payload_hash = hash;
    request.timeout_ms = S3_TRANSFER_TIMEOUT_MS;
    request.parse = parse_put;
    request.ret_broken = &broken;
    s3_client_add_header(&request, s3_put_content_type(put, &arena));
    s3_client_add_header(&request, arena_printf(&arena, "x-amz-checksum-sha256: %s", checksum));
    s3_client_add_encryption(s3, &request);
    s3_put_add_condition(put, &arena, &request);
    Status status = run_put(s3, &request, ret_object, err);
    if (status == ST_CONFLICT && broken > 0 && put->condition == S3_IF_ABSENT) {
        status = s3_settle(s3, put, source, ret_object, err);
    }
    return status;
}

/* Conditions hold in one request everywhere, in parts only with some. */
static bool goes_in_parts(const S3 *s3, const S3Put *put, const S3Source *source) {
    bool is_safe = put->condition == S3_ALWAYS || s3->is_as_amazon;
    return source->bytes > S3_PUT_MAX_BYTES ||
           (put->path != NULL && source->bytes >= 2 * s3->part_bytes && is_safe);
}

static Status put_source(S3 *s3, const S3Put *put, const S3Source *source, S3Object *ret_object,
                         Err *err) {
    if (!goes_in_parts(s3, put, source)) {
        return put_whole(s3, put, source, ret_object, err);
    }
    if (put->path == NULL) {
        return err_set(err, ST_LIMIT, "more than 5 GiB are put from a file, not from memory");
    }
    if (put->condition != S3_ALWAYS && !s3->is_as_amazon) {
        return err_set(err, ST_LIMIT, "this store takes at most 5 GiB with a condition");
    }
    return s3_upload(s3, put, source, ret_object, err);
}

Status s3_put(S3 *s3, const S3Put *put, S3Object *ret_object, Err *err) {
    ASSERT(put->condition != S3_IF_MATCH || put->etag != NULL);
    S3Source source;
    S3Object object = {0};
    Err own = {0};
    Status status = open_source(put, &source, &own);
    if (status == ST_OK) {
        status = put_source(s3, put, &source, &object, &own);
    }
    object.bytes = source.bytes;
    file_close_at(&source.fd);
    if (status != ST_OK) {
        (void)s3_client_name(s3, status, put->key, &own);
        if (err != NULL) {
            *err = own;
        }
    } else if (ret_object != NULL) {
        *ret_object = object;
    }
    return status;
}
