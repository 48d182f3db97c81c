#include "aws/s3_client.h"

#include "aws/failure.h"
#include "base/log.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX_BYTES = 1024 };

/* --- Requests -------------------------------------------------------------------------------- */

static Status check_key(const char *key, Err *err) {
    size_t size = key == NULL ? 1 : strlen(key);
    if (size == 0 || size > KEY_MAX_BYTES || (key != NULL && str_valid_utf8(key, size) != size)) {
        return err_set(err, ST_USAGE, "the key of an S3 object has 1 to %d bytes of UTF-8",
                       KEY_MAX_BYTES);
    }
    return ST_OK;
}

Status s3_client_address(const S3 *s3, const char *key, S3Address *ret_address, Err *err) {
    *ret_address = (S3Address){0};
    TRY(check_key(key, err));
    TRY(endpoint_resolve(&s3->aws->endpoints, AWS_S3, s3->region, &ret_address->endpoint, err));
    /* AWS's certificates are for names with no dot before theirs; an endpoint of the user's own may
     * know no names for buckets at all. */
    bool by_path = ret_address->endpoint.is_configured || strchr(s3->bucket, '.') != NULL;
    buf_putc(&ret_address->path, '/');
    if (by_path) {
        buf_printf(&ret_address->path, "%s%s", s3->bucket, key == NULL ? "" : "/");
    } else {
        snprintf(ret_address->host_prefix, sizeof ret_address->host_prefix, "%s.", s3->bucket);
    }
    if (key != NULL) {
        uri_append_encoded(&ret_address->path, key, strlen(key), true);
    }
    return ST_OK;
}

void s3_client_address_done(S3Address *address) {
    buf_done(&address->path);
}

AwsRequest s3_client_request(const S3 *s3, const S3Address *address, const char *operation,
                             const char *method) {
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_S3;
    request.target.region = s3->region;
    request.operation = operation;
    request.method = method;
    request.path = buf_text(&address->path);
    request.host_prefix = address->host_prefix;
    return request;
}

void s3_client_add_header(AwsRequest *request, const char *line) {
    ASSERT(request->header_count < sizeof request->headers / sizeof *request->headers);
    request->headers[request->header_count++] = line;
}

void s3_client_add_encryption(const S3 *s3, AwsRequest *request) {
    for (const char *const *line = s3->encryption; *line != NULL; line++) {
        s3_client_add_header(request, *line);
    }
}

Status s3_client_run(S3 *s3, AwsRequest *request, void *context, Err *err) {
    char elsewhere[AWS_REGION_SIZE] = "";
    request->target.region = s3->region;
    request->ret_bucket_region = elsewhere;
    Status status = call_run(s3->aws, request, context, err);
    if (status == ST_OK || !str_is_region(elsewhere)) {
        return status;
    }
    log_message(LOG_INFO, "the bucket %s is in %s, not in %s", s3->bucket, elsewhere, s3->region);
    str_copy(s3->region, sizeof s3->region, elsewhere);
    return call_run(s3->aws, request, context, err);
}

static void wake(void *context) {
    *(bool *)context = true;
}

Status s3_client_pause(S3 *s3, int64_t delay_ms, Err *err) {
    bool is_over = false;
    http_after(s3->aws->http, delay_ms, wake, &is_over);
    Status status = aws_wait(s3->aws, &is_over, err);
    http_after_cancel(s3->aws->http, &is_over);
    return status;
}

Status s3_client_name(const S3 *s3, Status status, const char *key, Err *err) {
    if (status != ST_OK && err != NULL) {
        (void)err_wrap(err, "s3://%s/%s", s3->bucket, key == NULL ? "" : key);
    }
    return status;
}

/* --- Answers --------------------------------------------------------------------------------- */

Status s3_client_read_object(const HttpAnswer *answer, S3Seen *ret_seen, Err *err) {
    char length[32];
    *ret_seen = (S3Seen){.object.bytes = -1};
    S3Object *object = &ret_seen->object;
    (void)http_header(answer, "ETag", object->etag, sizeof object->etag);
    s3_checksum_read(answer, &ret_seen->checksum);
    if (http_header(answer, "Content-Length", length, sizeof length) &&
        !str_parse_int(length, 0, INT64_MAX, &object->bytes)) {
        return err_set(err, ST_PROTOCOL, "the answer's Content-Length is no number");
    }
    return ST_OK;
}

static Status parse_look(void *context, const HttpAnswer *answer, Err *err) {
    S3Seen *seen = context;
    TRY(s3_client_read_object(answer, seen, err));
    if (seen->object.bytes < 0) {
        return err_set(err, ST_PROTOCOL, "the answer has no Content-Length");
    }
    return ST_OK;
}

Status s3_client_look(S3 *s3, const char *key, S3Seen *ret_seen, Err *err) {
    OWN(s3_client_address_done) S3Address address;
    TRY(s3_client_address(s3, key, &address, err));
    AwsRequest request = s3_client_request(s3, &address, "HeadObject", "HEAD");
    s3_client_add_header(&request, S3_ASK_FOR_CHECKSUM);
    request.parse = parse_look;
    return s3_client_run(s3, &request, ret_seen, err);
}

Status s3_client_read_document(const HttpAnswer *answer, const char *root_name, Arena *arena,
                               const XmlNode **ret_root, Err *err) {
    size_t blanks = strspn(answer->body, " \t\r\n");
    TRY(xml_parse(arena, answer->body + blanks, answer->body_size - blanks, ret_root, err));
    if (str_equal((*ret_root)->name, "Error")) {
        return failure_from_late_error(answer, err);
    }
    if (!str_equal((*ret_root)->name, root_name)) {
        return err_set(err, ST_PROTOCOL, "the answer is no %s", root_name);
    }
    return ST_OK;
}
