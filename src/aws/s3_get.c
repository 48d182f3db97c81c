#include "aws/s3_client.h"
#include "aws/s3_pieces.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What came damaged may come whole the next time; what changed, stay as it is. */
enum { READ_ROUNDS = 2, FILE_ROUNDS = 4 };

/* --- Into memory ----------------------------------------------------------------------------- */

typedef struct GetIntoMemory {
    Buf *data;
    S3Seen seen;
} GetIntoMemory;

static Status parse_get(void *context, const HttpAnswer *answer, Err *err) {
    GetIntoMemory *get = context;
    TRY(s3_client_read_object(answer, &get->seen, err));
    get->seen.object.bytes = (int64_t)answer->body_size;
    buf_clear(get->data);
    if (!buf_append(get->data, answer->body, answer->body_size)) {
        return err_set(err, ST_LIMIT, "the object is larger than it may be here");
    }
    return ST_OK;
}

static Status get_once(S3 *s3, const char *key, size_t max_bytes, GetIntoMemory *get, Err *err) {
    OWN(s3_client_address_done) S3Address address;
    S3Digest digest;
    TRY(s3_client_address(s3, key, &address, err));
    AwsRequest request = s3_client_request(s3, &address, "GetObject", "GET");
    request.max_answer_bytes = max_bytes;
    request.timeout_ms = S3_TRANSFER_TIMEOUT_MS;
    request.parse = parse_get;
    s3_client_add_header(&request, S3_ASK_FOR_CHECKSUM);
    TRY(s3_client_run(s3, &request, get, err));
    s3_checksum_of_data(get->data->data, get->data->size, &digest);
    return s3_checksum_check(&get->seen.checksum, &digest, err);
}

Status s3_get(S3 *s3, const char *key, size_t max_bytes, Buf *ret_data, S3Object *ret_object,
              Err *err) {
    GetIntoMemory get = {.data = ret_data};
    Status status = get_once(s3, key, max_bytes, &get, err);
    for (int round = 1; round < READ_ROUNDS && status == ST_CORRUPT; round++) {
        status = get_once(s3, key, max_bytes, &get, err);
    }
    if (status == ST_OK && ret_object != NULL) {
        *ret_object = get.seen.object;
    }
    if (status != ST_OK) {
        buf_clear(ret_data);
    }
    return s3_client_name(s3, status, key, err);
}

/* --- Into a file: the file ------------------------------------------------------------------- */

typedef struct GetIntoFile {
    S3 *s3;
    const char *key;
    int fd;
    char *path; /* temporary, beside the one that is wanted; removed unless it was renamed */
    S3Address address;
    S3Seen seen; /* what is being fetched */
} GetIntoFile;

static void close_get(GetIntoFile *get) {
    s3_client_address_done(&get->address);
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

static Status keep_file(GetIntoFile *get, const char *path, Err *err) {
    if (fchmod(get->fd, 0644) != 0 || fsync(get->fd) != 0 || rename(get->path, path) != 0) {
        return err_set(err, ST_IO, "%s: %s", path, strerror(errno));
    }
    mem_free(get->path);
    get->path = NULL;
    return file_sync_parent(path, err);
}

/* --- Into a file: its bytes ------------------------------------------------------------------ */

/* Only that object which was looked at. */
static void prepare_request(const GetIntoFile *get, Arena *arena, AwsRequest *request) {
    *request = s3_client_request(get->s3, &get->address, "GetObject", "GET");
    request->sink_fd = get->fd;
    if (get->seen.object.etag[0] != '\0') {
        s3_client_add_header(request, arena_printf(arena, "If-Match: %s", get->seen.object.etag));
    }
}

static Status check_bytes(const HttpAnswer *answer, int64_t expected, Err *err) {
    if (answer->sink_bytes != expected) {
        return err_set(err, ST_NETWORK, "%" PRId64 " bytes came instead of %" PRId64,
                       answer->sink_bytes, expected);
    }
    return ST_OK;
}

static Status accept_whole(void *context, const HttpAnswer *answer, Err *err) {
    const GetIntoFile *get = context;
    return check_bytes(answer, get->seen.object.bytes, err);
}

static Status fetch_whole(GetIntoFile *get, Err *err) {
    OWN(arena_done) Arena arena = {0};
    AwsRequest request;
    prepare_request(get, &arena, &request);
    request.sink_max_bytes = get->seen.object.bytes;
    request.timeout_ms = S3_TRANSFER_TIMEOUT_MS;
    request.parse = accept_whole;
    return s3_client_run(get->s3, &request, get, err);
}

static Status prepare_piece(void *context, const S3Piece *piece, AwsRequest *request, Err *err) {
    (void)err;
    const GetIntoFile *get = context;
    prepare_request(get, piece->arena, request);
    request->sink_offset = piece->offset;
    request->sink_max_bytes = piece->bytes; /* should the range be passed over */
    s3_client_add_header(request, arena_printf(piece->arena, "Range: bytes=%" PRId64 "-%" PRId64,
                                               piece->offset, piece->offset + piece->bytes - 1));
    return ST_OK;
}

static Status accept_piece(void *context, const S3Piece *piece, const HttpAnswer *answer,
                           Err *err) {
    const GetIntoFile *get = context;
    char expected[96];
    char range[96] = "";
    snprintf(expected, sizeof expected, "bytes %" PRId64 "-%" PRId64 "/%" PRId64, piece->offset,
             piece->offset + piece->bytes - 1, get->seen.object.bytes);
    (void)http_header(answer, "Content-Range", range, sizeof range);
    if (answer->status != 206 || !str_equal(range, expected)) {
        return err_set(err, ST_PROTOCOL, "%.90s came instead of %s",
                       range[0] == '\0' ? "something" : range, expected);
    }
    return check_bytes(answer, piece->bytes, err);
}

static Status fetch_in_pieces(GetIntoFile *get, Err *err) {
    const S3PieceJob job = {.bytes = get->seen.object.bytes,
                            .piece_bytes = get->s3->part_bytes,
                            .prepare = prepare_piece,
                            .accept = accept_piece,
                            .context = get};
    return s3_pieces_run(get->s3, &job, err);
}

/* One round: looks, fetches, compares. */
static Status fetch(GetIntoFile *get, Err *err) {
    S3Digest digest;
    TRY(s3_client_look(get->s3, get->key, &get->seen, err));
    bool is_large = get->seen.object.bytes >= 2 * get->s3->part_bytes;
    TRY(is_large ? fetch_in_pieces(get, err) : fetch_whole(get, err));
    /* A round before may have written more. */
    if (ftruncate(get->fd, get->seen.object.bytes) != 0) {
        return err_set(err, ST_IO, "%s: %s", get->path, strerror(errno));
    }
    if (get->seen.checksum.name == NULL) {
        return ST_OK;
    }
    TRY(s3_checksum_of_file(get->fd, get->path, 0, get->seen.object.bytes, &digest, err));
    return s3_checksum_check(&get->seen.checksum, &digest, err);
}

static Status get_into_file(GetIntoFile *get, const char *path, Err *err) {
    TRY(s3_client_address(get->s3, get->key, &get->address, err));
    TRY(open_get(path, get, err));
    Status status = ST_CONFLICT;
    int corrupt = 0;
    for (int round = 0; round < FILE_ROUNDS && corrupt < READ_ROUNDS; round++) {
        status = fetch(get, err);
        if (status != ST_CONFLICT && status != ST_CORRUPT) {
            break;
        }
        corrupt += status == ST_CORRUPT;
    }
    TRY(status);
    return keep_file(get, path, err);
}

Status s3_get_file(S3 *s3, const char *key, const char *path, S3Object *ret_object, Err *err) {
    OWN(close_get) GetIntoFile get = {.s3 = s3, .key = key, .fd = -1};
    TRY(s3_client_name(s3, get_into_file(&get, path, err), key, err));
    if (ret_object != NULL) {
        *ret_object = get.seen.object;
    }
    return ST_OK;
}
