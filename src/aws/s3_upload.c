#include "aws/s3_upload.h"

#include "aws/s3_leftovers.h"
#include "aws/s3_pieces.h"
#include "aws/s3_settle.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 3, ROUND_PAUSE_MS = 300, ABORT_TIMEOUT_MS = 20 * 1000, ID_MAX_BYTES = 4096 };
#define OBJECT_MAX_BYTES ((int64_t)5 << 40)

typedef struct Part {
    const char *etag;
    uint32_t crc32;
    int64_t bytes;
} Part;

/* One round: from begin to complete. */
typedef struct Upload {
    S3 *s3;
    const S3Put *put;
    const S3Source *source;
    S3Address address;
    Arena arena;
    const char *id;
    int64_t part_bytes;
    int64_t part_count;
    Part *parts;
    char etag[128]; /* of the whole, once complete */
    int broken;     /* attempts to complete that may have been carried out */
} Upload;

static void upload_done(Upload *upload) {
    s3_client_address_done(&upload->address);
    arena_done(&upload->arena);
    mem_free(upload->parts);
}

int64_t s3_upload_part_bytes(int64_t bytes, int64_t part_bytes) {
    const int64_t mib = 1 << 20;
    int64_t least = (bytes + S3_UPLOAD_MAX_PARTS - 1) / S3_UPLOAD_MAX_PARTS;
    least = (least + mib - 1) / mib * mib;
    return least > part_bytes ? least : part_bytes;
}

/* --- Begin ----------------------------------------------------------------------------------- */

static Status parse_begin(void *context, const HttpAnswer *answer, Err *err) {
    Upload *upload = context;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    const char *id = NULL;
    TRY(s3_client_read_document(answer, "InitiateMultipartUploadResult", &arena, &root, err));
    TRY(xml_need(root, "UploadId", 1, ID_MAX_BYTES, &id, err));
    upload->id = arena_strdup(&upload->arena, id);
    return ST_OK;
}

static Status begin(Upload *upload, Err *err) {
    S3 *s3 = upload->s3;
    AwsRequest request = s3_client_request(s3, &upload->address, "CreateMultipartUpload", "POST");
    request.query = "uploads=";
    request.parse = parse_begin;
    s3_client_add_header(&request, s3_put_content_type(upload->put, &upload->arena));
    s3_client_add_encryption(s3, &request);
    if (s3->is_as_amazon) {
        s3_client_add_header(&request, "x-amz-checksum-algorithm: CRC32");
        s3_client_add_header(&request, "x-amz-checksum-type: FULL_OBJECT");
    }
    return s3_client_run(s3, &request, upload, err);
}

static const char *id_query(const char *id, Arena *arena) {
    OWN(buf_done) Buf query = {0};
    buf_puts(&query, "uploadId=");
    uri_append_encoded(&query, id, strlen(id), false);
    return arena_strdup(arena, buf_text(&query));
}

/* --- Parts ----------------------------------------------------------------------------------- */

static Status prepare_part(void *context, const S3Piece *piece, AwsRequest *request, Err *err) {
    Upload *upload = context;
    S3Digest digest;
    char checksum[S3_CHECKSUM_SIZE];
    char *hash = arena_alloc(piece->arena, SHA256_HEX_SIZE);
    TRY(s3_checksum_of_file(upload->source->fd, upload->put->path, piece->offset, piece->bytes,
                            &digest, err));
    Part *part = &upload->parts[piece->number];
    part->crc32 = digest.crc32;
    part->bytes = piece->bytes;
    digest_to_hex(digest.sha256, sizeof digest.sha256, hash);
    *request = s3_client_request(upload->s3, &upload->address, "UploadPart", "PUT");
    request->query = arena_printf(piece->arena, "partNumber=%lld&%s", (long long)piece->number + 1,
                                  id_query(upload->id, piece->arena));
    request->body_fd = upload->source->fd;
    request->body_offset = piece->offset;
    request->body_size = (size_t)piece->bytes;
    request->payload_hash = hash;
    if (upload->s3->is_as_amazon) {
        s3_checksum_format_crc32(digest.crc32, checksum);
        s3_client_add_header(request,
                             arena_printf(piece->arena, "x-amz-checksum-crc32: %s", checksum));
    }
    return ST_OK;
}

static Status accept_part(void *context, const S3Piece *piece, const HttpAnswer *answer, Err *err) {
    Upload *upload = context;
    char etag[128];
    if (!http_header(answer, "ETag", etag, sizeof etag) || etag[0] == '\0') {
        return err_set(err, ST_PROTOCOL, "the answer to a part has no ETag");
    }
    upload->parts[piece->number].etag = arena_strdup(&upload->arena, etag);
    return ST_OK;
}

static Status send_parts(Upload *upload, Err *err) {
    const S3PieceJob job = {.bytes = upload->source->bytes,
                            .piece_bytes = upload->part_bytes,
                            .prepare = prepare_part,
                            .accept = accept_part,
                            .context = upload};
    upload->part_count = (job.bytes + job.piece_bytes - 1) / job.piece_bytes;
    upload->parts = mem_array((size_t)upload->part_count, sizeof *upload->parts);
    return s3_pieces_run(upload->s3, &job, err);
}

/* --- Complete -------------------------------------------------------------------------------- */

static void write_parts(const Upload *upload, Buf *body) {
    char checksum[S3_CHECKSUM_SIZE];
    buf_puts(body, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (int64_t i = 0; i < upload->part_count; i++) {
        const Part *part = &upload->parts[i];
        buf_puts(body, "<Part><ETag>");
        xml_append_escaped(body, part->etag);
        buf_puts(body, "</ETag>");
        if (upload->s3->is_as_amazon) {
            s3_checksum_format_crc32(part->crc32, checksum);
            buf_printf(body, "<ChecksumCRC32>%s</ChecksumCRC32>", checksum);
        }
        buf_printf(body, "<PartNumber>%lld</PartNumber></Part>", (long long)i + 1);
    }
    buf_puts(body, "</CompleteMultipartUpload>");
}

static Status parse_complete(void *context, const HttpAnswer *answer, Err *err) {
    Upload *upload = context;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    const char *etag = NULL;
    TRY(s3_client_read_document(answer, "CompleteMultipartUploadResult", &arena, &root, err));
    TRY(xml_need(root, "ETag", 1, sizeof upload->etag - 3, &etag, err));
    /* Not all put the quotes here that they have in headers. */
    const char *quote = etag[0] == '"' ? "" : "\"";
    snprintf(upload->etag, sizeof upload->etag, "%s%s%s", quote, etag, quote);
    return ST_OK;
}

/* That of the whole, which S3 compares with what the parts give. */
static void add_whole_checksum(Upload *upload, AwsRequest *request) {
    char checksum[S3_CHECKSUM_SIZE];
    uint32_t crc32 = 0;
    for (int64_t i = 0; i < upload->part_count; i++) {
        crc32 = digest_crc32_join(crc32, upload->parts[i].crc32, upload->parts[i].bytes);
    }
    s3_checksum_format_crc32(crc32, checksum);
    s3_client_add_header(request,
                         arena_printf(&upload->arena, "x-amz-checksum-crc32: %s", checksum));
    s3_client_add_header(request, "x-amz-checksum-type: FULL_OBJECT");
    s3_client_add_header(request, arena_printf(&upload->arena, "x-amz-mp-object-size: %lld",
                                               (long long)upload->source->bytes));
}

static Status complete(Upload *upload, Err *err) {
    OWN(buf_done) Buf body = {0};
    S3 *s3 = upload->s3;
    AwsRequest request = s3_client_request(s3, &upload->address, "CompleteMultipartUpload", "POST");
    write_parts(upload, &body);
    request.query = id_query(upload->id, &upload->arena);
    request.body = buf_text(&body);
    request.body_size = body.size;
    request.timeout_ms = S3_TRANSFER_TIMEOUT_MS;
    request.parse = parse_complete;
    request.ret_broken = &upload->broken;
    s3_client_add_header(&request, "Content-Type: application/xml");
    s3_put_add_condition(upload->put, &upload->arena, &request);
    if (s3->is_as_amazon) {
        add_whole_checksum(upload, &request);
    }
    return s3_client_run(s3, &request, upload, err);
}

/* --- Abort ----------------------------------------------------------------------------------- */

static Status abort_upload(S3 *s3, const char *key, const char *id, Err *err) {
    OWN(arena_done) Arena arena = {0};
    OWN(s3_client_address_done) S3Address address;
    TRY(s3_client_address(s3, key, &address, err));
    AwsRequest request = s3_client_request(s3, &address, "AbortMultipartUpload", "DELETE");
    request.query = id_query(id, &arena);
    request.timeout_ms = ABORT_TIMEOUT_MS;
    request.is_cleanup = true;
    return s3_client_run(s3, &request, NULL, err);
}

void s3_upload_abort(S3 *s3, const char *key, const char *upload_id) {
    Err err = {0};
    Status status = abort_upload(s3, key, upload_id, &err);
    if (status != ST_OK && status != ST_NOT_FOUND) {
        log_message(LOG_WARN, "parts of s3://%s/%s stay behind until they are a day old: %s",
                    s3->bucket, key, err.message);
    }
}

/* --- All of it ------------------------------------------------------------------------------- */

/* Parts that are gone were completed, or aborted by somebody. */
static bool may_be_complete(const Upload *upload, const Err *err) {
    bool is_own_conflict = err->status == ST_CONFLICT && !s3_put_is_race(err) &&
                           upload->put->condition == S3_IF_ABSENT;
    return upload->broken > 0 && (is_own_conflict || str_equal(err->code, "NoSuchUpload"));
}

static Status run_round(Upload *upload, S3Object *ret_object, Err *err) {
    TRY(s3_client_address(upload->s3, upload->put->key, &upload->address, err));
    upload->part_bytes = s3_upload_part_bytes(upload->source->bytes, upload->s3->part_bytes);
    TRY(begin(upload, err));
    Status status = send_parts(upload, err);
    if (status == ST_OK) {
        status = complete(upload, err);
        str_copy(ret_object->etag, sizeof ret_object->etag, upload->etag);
    }
    if (status != ST_OK && may_be_complete(upload, err)) {
        status = s3_settle(upload->s3, upload->put, upload->source, ret_object, err);
    }
    if (status != ST_OK) {
        s3_upload_abort(upload->s3, upload->put->key, upload->id);
    }
    return status;
}

/* Before a large file is sent for nothing. */
static Status check_absent(S3 *s3, const S3Put *put, Err *err) {
    S3Seen seen;
    Err ignored = {0};
    if (put->condition == S3_IF_ABSENT && s3_client_look(s3, put->key, &seen, &ignored) == ST_OK) {
        return err_set(err, ST_CONFLICT, "it exists already");
    }
    return ST_OK;
}

Status s3_upload(S3 *s3, const S3Put *put, const S3Source *source, S3Object *ret_object, Err *err) {
    if (source->bytes > OBJECT_MAX_BYTES) {
        return err_set(err, ST_LIMIT, "%s is larger than 5 TiB", put->path);
    }
    TRY(check_absent(s3, put, err));
    s3_leftovers_clear(s3);
    Status status = ST_OK;
    for (int round = 0; round < ROUNDS; round++) {
        OWN(upload_done) Upload upload = {.s3 = s3, .put = put, .source = source};
        *err = (Err){0};
        status = run_round(&upload, ret_object, err);
        if (status == ST_OK || !s3_put_is_race(err)) {
            break; /* after a race, S3 wants all parts again */
        }
        Err ignored = {0};
        if (s3_client_pause(s3, (int64_t)ROUND_PAUSE_MS * (round + 1), &ignored) != ST_OK) {
            break;
        }
    }
    return status;
}
