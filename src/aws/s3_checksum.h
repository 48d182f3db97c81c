/* Checksums of objects, within the aws layer: those that go with bytes to S3, and those that come
 * back with them.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
#ifndef AWS_S3_CHECKSUM_H
#define AWS_S3_CHECKSUM_H

#include "format/digest.h"
#include "http/http.h"

/* Of some bytes. */
typedef struct S3Digest {
    int64_t bytes;
    uint8_t sha256[SHA256_BYTES];
    uint32_t crc32;
} S3Digest;

void s3_checksum_of_data(const void *data, size_t size, S3Digest *ret_digest);
/* Of `bytes` bytes from `offset` on. `path` is for the message; ST_IO when there are fewer. */
Status s3_checksum_of_file(int fd, const char *path, int64_t offset, int64_t bytes,
                           S3Digest *ret_digest, Err *err) WARN_UNUSED;
/* ST_NOT_FOUND when it is not there. */
Status s3_checksum_of_path(const char *path, S3Digest *ret_digest, Err *err) WARN_UNUSED;

enum { S3_CHECKSUM_SIZE = 48 };
void s3_checksum_format_sha256(const S3Digest *digest, char ret_base64[S3_CHECKSUM_SIZE]);
void s3_checksum_format_crc32(uint32_t crc32, char ret_base64[S3_CHECKSUM_SIZE]);

/* What S3 says that an object's bytes give. */
typedef struct S3Checksum {
    const char *name; /* "SHA-256" or "CRC-32"; NULL = nothing that can be compared */
    char base64[S3_CHECKSUM_SIZE];
} S3Checksum;

/* Passes over those of the parts' checksums, which say nothing of the whole. */
void s3_checksum_read(const HttpAnswer *answer, S3Checksum *ret_checksum);

/* True where there is none. */
bool s3_checksum_holds(const S3Checksum *checksum, const S3Digest *digest);

/* ST_CORRUPT when it does not hold. */
Status s3_checksum_check(const S3Checksum *checksum, const S3Digest *digest, Err *err) WARN_UNUSED;

#endif
