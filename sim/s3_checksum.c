/* Checksums that are kept with objects, and given back where one asks for them:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"
#include "s3.h"

#include <stdio.h>

static const char *const names[] = {"x-amz-checksum-sha256", "x-amz-checksum-crc32"};

void s3_keep_checksums(const S3Call *call, S3Meta *meta) {
    OWN(buf_done) Buf headers = {0};
    bool any = false;
    buf_puts(&headers, meta->headers != NULL ? meta->headers : "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = request_header(&call->exchange->request, names[i]);
        if (value != NULL) {
            buf_printf(&headers, "%s: %s\n", names[i], value);
            any = true;
        }
    }
    if (any) {
        buf_puts(&headers, "x-amz-checksum-type: FULL_OBJECT\n");
        mem_free(meta->headers);
        meta->headers = buf_take(&headers);
    }
}

bool s3_gives_checksums(const S3Call *call) {
    const Request *request = &call->exchange->request;
    const char *mode = request_header(request, "x-amz-checksum-mode");
    return mode != NULL && str_equal_nocase(mode, "ENABLED") &&
           request_header(request, "range") == NULL;
}

bool s3_check_joined(const S3Call *call, const S3Blob *blob) {
    const Request *request = &call->exchange->request;
    const char *crc32 = request_header(request, "x-amz-checksum-crc32");
    const char *size = request_header(request, "x-amz-mp-object-size");
    char actual_size[24];
    OWN(buf_done) Buf actual = {0};
    uint32_t sum = digest_crc32(0, s3_blob_data(blob), s3_blob_size(blob));
    const uint8_t bytes[4] = {(uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8),
                              (uint8_t)sum};
    digest_append_base64(&actual, bytes, sizeof bytes);
    snprintf(actual_size, sizeof actual_size, "%zu", s3_blob_size(blob));
    if (crc32 != NULL && !str_equal(crc32, buf_text(&actual))) {
        reply_error(&call->exchange->reply, 400, "BadDigest",
                    "The CRC32 you specified did not match what we received.");
        return false;
    }
    if (size != NULL && !str_equal(size, actual_size)) {
        reply_error(&call->exchange->reply, 400, "InvalidRequest",
                    "The provided 'x-amz-mp-object-size' header does not match what was computed.");
        return false;
    }
    return true;
}
