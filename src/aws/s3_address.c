#include "aws/s3_address.h"

#include "base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { KEY_MAX_BYTES = 1024 };

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

static Status check_names(const char *bucket, const char *key, Err *err) {
    if (!is_bucket_name(bucket)) {
        return err_set(err, ST_USAGE, "\"%.80s\" is no name of an S3 bucket",
                       bucket == NULL ? "" : bucket);
    }
    if (key == NULL) {
        return ST_OK;
    }
    size_t size = strlen(key);
    if (size == 0 || size > KEY_MAX_BYTES || str_valid_utf8(key, size) != size) {
        return err_set(err, ST_USAGE, "the key of an S3 object has 1 to %d bytes of UTF-8",
                       KEY_MAX_BYTES);
    }
    return ST_OK;
}

Status s3_address_init(Aws *aws, const char *bucket, const char *key, S3Address *ret_address,
                       Err *err) {
    *ret_address = (S3Address){0};
    TRY(check_names(bucket, key, err));
    TRY(endpoint_resolve(&aws->endpoints, AWS_S3, aws_region(aws), &ret_address->endpoint, err));
    /* AWS's certificates are for names with no dot before theirs; an endpoint of the user's own may
     * know no names for buckets at all. */
    bool by_path = ret_address->endpoint.is_configured || strchr(bucket, '.') != NULL;
    buf_putc(&ret_address->path, '/');
    if (by_path) {
        buf_printf(&ret_address->path, "%s%s", bucket, key == NULL ? "" : "/");
    } else {
        snprintf(ret_address->host_prefix, sizeof ret_address->host_prefix, "%s.", bucket);
    }
    if (key != NULL) {
        uri_append_encoded(&ret_address->path, key, strlen(key), true);
    }
    return ST_OK;
}

void s3_address_done(S3Address *address) {
    buf_done(&address->path);
}

AwsRequest s3_address_request(Aws *aws, const S3Address *address) {
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_S3;
    request.target.region = aws_region(aws);
    request.path = buf_text(&address->path);
    request.host_prefix = address->host_prefix;
    return request;
}
