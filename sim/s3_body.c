#include "auth.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"
#include "s3.h"
#include "sim.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static bool refuse(const S3Call *call, const char *code, const char *message) {
    reply_error(&call->exchange->reply, 400, code, "%s", message);
    return false;
}

/* --- Chunks: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html ------------- */

typedef struct Chunks {
    const S3Call *call;
    const char *at;
    const char *end;
    bool is_signed;
    char previous[SHA256_HEX_SIZE]; /* signature */
} Chunks;

/* A line up to CR LF; NULL when there is none. */
static char *take_line(Chunks *chunks) {
    const char *end = memmem(chunks->at, (size_t)(chunks->end - chunks->at), "\r\n", 2);
    if (end == NULL) {
        return NULL;
    }
    char *line = mem_strndup(chunks->at, (size_t)(end - chunks->at));
    chunks->at = end + 2;
    return line;
}

static bool check_chunk_signature(Chunks *chunks, const char *line, const char *data, size_t size) {
    static const char mark[] = ";chunk-signature=";
    const char *found = strstr(line, mark);
    const Caller *caller = &chunks->call->exchange->request.caller;
    char hash[SHA256_HEX_SIZE];
    char expected[SHA256_HEX_SIZE];
    OWN(buf_done) Buf text = {0};
    if (!chunks->is_signed) {
        return true;
    }
    digest_sha256_hex(data, size, hash);
    buf_printf(&text, "AWS4-HMAC-SHA256-PAYLOAD\n%s\n%.8s/%s/s3/aws4_request\n%s\n%s\n%s",
               caller->stamp, caller->stamp, caller->region, chunks->previous, SHA256_EMPTY_HEX,
               hash);
    auth_sign_text(chunks->call->exchange->sim->auth, caller, text.data, text.size, expected);
    str_copy(chunks->previous, sizeof chunks->previous, expected);
    return found != NULL && str_equal(found + strlen(mark), expected);
}

/* One chunk; `*ret_last` when it was the empty one at the end. */
static bool take_chunk(Chunks *chunks, Buf *data, bool *ret_last) {
    OWN(mem_free_at) char *line = take_line(chunks);
    if (line == NULL) {
        return false;
    }
    char *after = NULL;
    unsigned long long size = strtoull(line, &after, 16);
    size_t left = (size_t)(chunks->end - chunks->at);
    *ret_last = size == 0;
    if (after == line || (*after != ';' && *after != '\0') || size > left ||
        !check_chunk_signature(chunks, line, chunks->at, (size_t)size)) {
        return false;
    }
    buf_append(data, chunks->at, (size_t)size);
    chunks->at += size;
    if (*ret_last) {
        return true; /* trailers follow, which hold checksums */
    }
    if (chunks->end - chunks->at < 2 || memcmp(chunks->at, "\r\n", 2) != 0) {
        return false;
    }
    chunks->at += 2;
    return true;
}

static bool take_chunks(const S3Call *call, const char *kind, Buf *data) {
    const Request *request = &call->exchange->request;
    const char *announced = request_header(request, "x-amz-decoded-content-length");
    int64_t size = -1;
    Chunks chunks = {.call = call,
                     .at = buf_text(&request->body),
                     .end = buf_text(&request->body) + request->body.size,
                     .is_signed = strstr(kind, "-UNSIGNED-") == NULL};
    str_copy(chunks.previous, sizeof chunks.previous, request->caller.signature);
    if (announced == NULL || !str_parse_int(announced, 0, INT64_MAX, &size)) {
        reply_error(&call->exchange->reply, 411, "MissingContentLength",
                    "You must provide the x-amz-decoded-content-length header.");
        return false;
    }
    for (bool last = false; !last;) {
        if (!take_chunk(&chunks, data, &last)) {
            reply_error(&call->exchange->reply, 403, "SignatureDoesNotMatch",
                        "A chunk of the body is malformed, or its signature does not match.");
            return false;
        }
    }
    return (int64_t)data->size == size ||
           refuse(call, "IncompleteBody", "The body has not the length that was announced.");
}

/* --- Digests --------------------------------------------------------------------------------- */

static bool base64_is(const char *wanted, const void *digest, size_t size) {
    OWN(buf_done) Buf text = {0};
    digest_append_base64(&text, digest, size);
    return str_equal(wanted, buf_text(&text));
}

static bool check_md5(const S3Call *call, const Buf *data) {
    const char *wanted = request_header(&call->exchange->request, "content-md5");
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (wanted == NULL) {
        return true;
    }
    ASSERT(EVP_Digest(buf_text(data), data->size, digest, &size, EVP_md5(), NULL) == 1);
    return base64_is(wanted, digest, size) ||
           refuse(call, "BadDigest",
                  "The Content-MD5 you specified did not match what we received.");
}

static bool check_sha256(const S3Call *call, const Buf *data) {
    const char *wanted = request_header(&call->exchange->request, "x-amz-checksum-sha256");
    uint8_t digest[SHA256_BYTES];
    if (wanted == NULL) {
        return true;
    }
    digest_sha256(buf_text(data), data->size, digest);
    return base64_is(wanted, digest, sizeof digest) ||
           refuse(call, "BadDigest", "The SHA256 you specified did not match what we received.");
}

static bool check_crc32(const S3Call *call, const Buf *data) {
    const char *wanted = request_header(&call->exchange->request, "x-amz-checksum-crc32");
    if (wanted == NULL) {
        return true;
    }
    unsigned long sum = crc32_z(0, (const Bytef *)buf_text(data), data->size);
    const uint8_t bytes[4] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8),
                              (uint8_t)sum};
    return base64_is(wanted, bytes, sizeof bytes) ||
           refuse(call, "BadDigest", "The CRC32 you specified did not match what we received.");
}

/* What the signature stands on: the digest of the body that the client named. */
static bool check_payload_hash(const S3Call *call, const char *hash, const Buf *data) {
    char actual[SHA256_HEX_SIZE];
    if (hash == NULL || str_equal(hash, "UNSIGNED-PAYLOAD")) {
        return true;
    }
    digest_sha256_hex(buf_text(data), data->size, actual);
    return str_equal(hash, actual) ||
           refuse(call, "XAmzContentSHA256Mismatch",
                  "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

static bool is_completion(const S3Call *call) {
    return str_equal(call->exchange->operation, "s3:CompleteMultipartUpload");
}

bool s3_take_body(const S3Call *call, Buf *ret_data) {
    Request *request = &call->exchange->request;
    const char *hash = request_header(request, "x-amz-content-sha256");
    if (hash != NULL && str_starts(hash, "STREAMING-")) {
        ret_data->ceiling = EXCHANGE_MAX_BODY_BYTES;
        if (!take_chunks(call, hash, ret_data)) {
            return false;
        }
    } else {
        *ret_data = request->body;
        request->body = (Buf){0};
        if (!check_payload_hash(call, hash, ret_data)) {
            return false;
        }
    }
    /* Those of a completion are of the object, not of the list of its parts. */
    return check_md5(call, ret_data) &&
           (is_completion(call) || (check_sha256(call, ret_data) && check_crc32(call, ret_data)));
}
