#include "aws/s3_checksum.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 * 1024, CRC32_BYTES = 4 };

/* --- Of bytes -------------------------------------------------------------------------------- */

void s3_checksum_of_data(const void *data, size_t size, S3Digest *ret_digest) {
    const void *bytes = data == NULL ? "" : data;
    ret_digest->bytes = (int64_t)size;
    ret_digest->crc32 = digest_crc32(0, bytes, size);
    digest_sha256(bytes, size, ret_digest->sha256);
}

static Status read_piece(int fd, const char *path, void *piece, size_t size, int64_t offset,
                         size_t *ret_got, Err *err) {
    ssize_t got = 0;
    do {
        got = pread(fd, piece, size, offset);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return err_set(err, ST_IO, "%s: %s", path,
                       got == 0 ? "it became shorter" : strerror(errno));
    }
    *ret_got = (size_t)got;
    return ST_OK;
}

Status s3_checksum_of_file(int fd, const char *path, int64_t offset, int64_t bytes,
                           S3Digest *ret_digest, Err *err) {
    OWN(mem_free_at) uint8_t *piece = mem_grow(NULL, PIECE_BYTES, 1);
    OWN(sha256_free_at) Sha256 *sha = sha256_new();
    *ret_digest = (S3Digest){.bytes = bytes};
    for (int64_t done = 0; done < bytes;) {
        size_t got = 0;
        size_t size = bytes - done < PIECE_BYTES ? (size_t)(bytes - done) : PIECE_BYTES;
        TRY(read_piece(fd, path, piece, size, offset + done, &got, err));
        sha256_update(sha, piece, got);
        ret_digest->crc32 = digest_crc32(ret_digest->crc32, piece, got);
        done += (int64_t)got;
    }
    sha256_finish(sha, ret_digest->sha256);
    sha = NULL;
    return ST_OK;
}

Status s3_checksum_of_path(const char *path, S3Digest *ret_digest, Err *err) {
    OWN(file_close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        Status status = errno == ENOENT ? ST_NOT_FOUND : ST_IO;
        return err_set(err, status, "cannot read %s: %s", path, strerror(errno));
    }
    return s3_checksum_of_file(fd, path, 0, st.st_size, ret_digest, err);
}

/* --- As text --------------------------------------------------------------------------------- */

static void format_base64(const uint8_t *bytes, size_t size, char ret_base64[S3_CHECKSUM_SIZE]) {
    OWN(buf_done) Buf text = {0};
    digest_append_base64(&text, bytes, size);
    str_copy(ret_base64, S3_CHECKSUM_SIZE, buf_text(&text));
}

void s3_checksum_format_sha256(const S3Digest *digest, char ret_base64[S3_CHECKSUM_SIZE]) {
    format_base64(digest->sha256, SHA256_BYTES, ret_base64);
}

void s3_checksum_format_crc32(uint32_t crc32, char ret_base64[S3_CHECKSUM_SIZE]) {
    const uint8_t bytes[CRC32_BYTES] = {(uint8_t)(crc32 >> 24), (uint8_t)(crc32 >> 16),
                                        (uint8_t)(crc32 >> 8), (uint8_t)crc32};
    format_base64(bytes, CRC32_BYTES, ret_base64);
}

/* --- As S3 tells it -------------------------------------------------------------------------- */

#define NAME_SHA256 "SHA-256"
#define NAME_CRC32  "CRC-32"

/* "…-5" is a checksum of the checksums of five parts. */
static bool take_header(const HttpAnswer *answer, const char *header, const char *name,
                        S3Checksum *checksum) {
    if (!http_header(answer, header, checksum->base64, sizeof checksum->base64) ||
        strchr(checksum->base64, '-') != NULL) {
        return false;
    }
    checksum->name = name;
    return true;
}

void s3_checksum_read(const HttpAnswer *answer, S3Checksum *ret_checksum) {
    char type[32] = "";
    *ret_checksum = (S3Checksum){0};
    if (http_header(answer, "x-amz-checksum-type", type, sizeof type) &&
        str_equal_nocase(type, "COMPOSITE")) {
        return;
    }
    if (!take_header(answer, "x-amz-checksum-sha256", NAME_SHA256, ret_checksum)) {
        (void)take_header(answer, "x-amz-checksum-crc32", NAME_CRC32, ret_checksum);
    }
}

static void format_same(const S3Checksum *checksum, const S3Digest *digest,
                        char ret_base64[S3_CHECKSUM_SIZE]) {
    if (str_equal(checksum->name, NAME_SHA256)) {
        s3_checksum_format_sha256(digest, ret_base64);
    } else {
        s3_checksum_format_crc32(digest->crc32, ret_base64);
    }
}

bool s3_checksum_holds(const S3Checksum *checksum, const S3Digest *digest) {
    char found[S3_CHECKSUM_SIZE];
    if (checksum->name == NULL) {
        return true;
    }
    format_same(checksum, digest, found);
    return str_equal(found, checksum->base64);
}

Status s3_checksum_check(const S3Checksum *checksum, const S3Digest *digest, Err *err) {
    char found[S3_CHECKSUM_SIZE];
    if (s3_checksum_holds(checksum, digest)) {
        return ST_OK;
    }
    format_same(checksum, digest, found);
    (void)err_set(err, ST_CORRUPT, "it is not what was put there: its %s is %s, not %s",
                  checksum->name, found, checksum->base64);
    return err == NULL ? ST_CORRUPT
                       : err_hint(err, "restore it from a copy, or from an older version of it");
}
