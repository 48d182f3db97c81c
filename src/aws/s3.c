#include "aws/s3.h"

#include "aws/s3_client.h"
#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <string.h>

enum { PART_BYTES = 8 << 20, PART_MIN_BYTES = 5 << 20 };
#define PART_MAX_BYTES ((int64_t)5 << 30)

/* --- Opening --------------------------------------------------------------------------------- */

/* https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
static bool is_bucket_name(const char *bucket) {
    size_t size = bucket == NULL ? 0 : strlen(bucket);
    if (size < 3 || size > 63) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        bool is_inner = i > 0 && i + 1 < size;
        char c = bucket[i];
        if (!islower((unsigned char)c) && !isdigit((unsigned char)c) &&
            !(is_inner && (c == '-' || c == '.'))) {
            return false;
        }
    }
    return strstr(bucket, "..") == NULL;
}

static Status check_encryption(const S3Encryption *encryption, Err *err) {
    const char *algorithm = encryption->algorithm;
    bool is_kms = str_equal(algorithm, "aws:kms");
    if (algorithm != NULL && !is_kms && !str_equal(algorithm, "AES256")) {
        return err_set(err, ST_USAGE,
                       "objects are encrypted with AES256 or aws:kms, not with \"%.40s\"",
                       algorithm);
    }
    if (!is_kms && (encryption->kms_key != NULL || encryption->use_bucket_key)) {
        return err_set(err, ST_USAGE, "a key of KMS and a bucket key are for aws:kms alone");
    }
    size_t size = encryption->kms_key == NULL ? 1 : strlen(encryption->kms_key);
    if (size == 0 || size > 2048 ||
        (encryption->kms_key != NULL && strpbrk(encryption->kms_key, " \t\r\n") != NULL)) {
        return err_set(err, ST_USAGE, "a key of KMS is named by its id, ARN or alias");
    }
    return ST_OK;
}

static void keep_encryption(const S3Encryption *encryption, S3 *s3) {
    static const char begin[] = "x-amz-server-side-encryption";
    const char **next = s3->encryption;
    if (encryption->algorithm != NULL) {
        *next++ = arena_printf(&s3->texts, "%s: %s", begin, encryption->algorithm);
    }
    if (encryption->kms_key != NULL) {
        *next++ = arena_printf(&s3->texts, "%s-aws-kms-key-id: %s", begin, encryption->kms_key);
    }
    if (encryption->use_bucket_key) {
        *next++ = arena_printf(&s3->texts, "%s-bucket-key-enabled: true", begin);
    }
}

static Status check_options(const S3Options *options, Err *err) {
    if (!is_bucket_name(options->bucket)) {
        return err_set(err, ST_USAGE, "\"%.80s\" is no name of an S3 bucket",
                       options->bucket == NULL ? "" : options->bucket);
    }
    if (options->part_bytes != 0 &&
        (options->part_bytes < PART_MIN_BYTES || options->part_bytes > PART_MAX_BYTES)) {
        return err_set(err, ST_USAGE, "a part of an upload has 5 MiB to 5 GiB");
    }
    return check_encryption(&options->encryption, err);
}

Status s3_open(const S3Options *options, S3 **ret_s3, Err *err) {
    Endpoint endpoint;
    TRY(check_options(options, err));
    TRY(endpoint_resolve(&options->aws->endpoints, AWS_S3, aws_region(options->aws), &endpoint,
                         err));
    S3 *s3 = mem_alloc(sizeof *s3);
    s3->aws = options->aws;
    s3->bucket = arena_strdup(&s3->texts, options->bucket);
    s3->own_prefix =
        options->own_prefix == NULL ? NULL : arena_strdup(&s3->texts, options->own_prefix);
    str_copy(s3->region, sizeof s3->region, aws_region(options->aws));
    s3->part_bytes = options->part_bytes == 0 ? PART_BYTES : options->part_bytes;
    s3->is_as_amazon = options->ability == S3_AS_AMAZON ||
                       (options->ability == S3_BY_ENDPOINT && !endpoint.is_configured);
    keep_encryption(&options->encryption, s3);
    *ret_s3 = s3;
    return ST_OK;
}

void s3_close(S3 *s3) {
    if (s3 != NULL) {
        arena_done(&s3->texts);
        mem_free(s3);
    }
}

void s3_close_at(S3 **s3) {
    s3_close(*s3);
    *s3 = NULL;
}

/* --- Objects --------------------------------------------------------------------------------- */

Status s3_head(S3 *s3, const char *key, S3Object *ret_object, Err *err) {
    S3Seen seen = {0};
    TRY(s3_client_name(s3, s3_client_look(s3, key, &seen, err), key, err));
    if (ret_object != NULL) {
        *ret_object = seen.object;
    }
    return ST_OK;
}

static Status delete_object(S3 *s3, const char *key, Err *err) {
    OWN(s3_client_address_done) S3Address address;
    TRY(s3_client_address(s3, key, &address, err));
    AwsRequest request = s3_client_request(s3, &address, "DeleteObject", "DELETE");
    return s3_client_run(s3, &request, NULL, err);
}

Status s3_delete(S3 *s3, const char *key, Err *err) {
    return s3_client_name(s3, delete_object(s3, key, err), key, err);
}

/* S3 says 200 before it has copied: what follows may be an error. */
static Status parse_copy(void *context, const HttpAnswer *answer, Err *err) {
    (void)context;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    return s3_client_read_document(answer, "CopyObjectResult", &arena, &root, err);
}

static Status copy_object(S3 *s3, const char *from_key, const char *to_key, Err *err) {
    OWN(s3_client_address_done) S3Address to;
    OWN(buf_done) Buf source = {0};
    TRY(s3_client_address(s3, to_key, &to, err));
    buf_printf(&source, "x-amz-copy-source: /%s/", s3->bucket);
    uri_append_encoded(&source, from_key, strlen(from_key), true);
    AwsRequest request = s3_client_request(s3, &to, "CopyObject", "PUT");
    s3_client_add_header(&request, buf_text(&source));
    s3_client_add_encryption(s3, &request);
    request.timeout_ms = S3_TRANSFER_TIMEOUT_MS;
    request.parse = parse_copy;
    return s3_client_run(s3, &request, NULL, err);
}

Status s3_copy(S3 *s3, const char *from_key, const char *to_key, Err *err) {
    return s3_client_name(s3, copy_object(s3, from_key, to_key, err), from_key, err);
}
