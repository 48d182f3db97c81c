#include "base/mem.h"
#include "base/str.h"
#include "format/uri.h"
#include "format/xml.h"
#include "s3.h"
#include "service.h"
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* --- The request ----------------------------------------------------------------------------- */

/* /bucket/key, decoded. False when a name is malformed or too long. */
static bool parse_path(const Request *request, S3Call *call) {
    OWN(buf_done) Buf path = {0};
    const char *encoded = request->path + (request->path[0] == '/');
    if (!uri_append_decoded(&path, encoded, strlen(encoded), false)) {
        return false;
    }
    const char *text = buf_text(&path);
    size_t bucket_size = strcspn(text, "/");
    const char *key = text + bucket_size + (text[bucket_size] == '/');
    if (bucket_size >= sizeof call->bucket || strlen(key) >= sizeof call->key) {
        return false;
    }
    memcpy(call->bucket, text, bucket_size);
    call->bucket[bucket_size] = '\0';
    str_copy(call->key, sizeof call->key, key);
    return str_valid_utf8(key, strlen(key)) == strlen(key);
}

/* Only those who may list learn that something is not there. */
static bool may_list(const S3Call *call) {
    char arn[96];
    snprintf(arn, sizeof arn, "arn:aws:s3:::%s", call->bucket);
    return access_allows(call->exchange, "s3:ListBucket", arn);
}

bool s3_check(const S3Call *call, S3Result result) {
    Reply *reply = &call->exchange->reply;
    switch (result) {
    case S3_DONE:
        return true;
    case S3_NO_BUCKET:
        reply_error(reply, 404, "NoSuchBucket", "The specified bucket does not exist");
        return false;
    case S3_NO_KEY:
        if (!may_list(call)) {
            reply_error(reply, 403, "AccessDenied",
                        "User is not authorized to perform: s3:ListBucket on resource: "
                        "\"arn:aws:s3:::%s\" because no identity-based policy allows the "
                        "s3:ListBucket action",
                        call->bucket);
            return false;
        }
        reply_error(reply, 404, "NoSuchKey", "The specified key does not exist.");
        return false;
    case S3_NOT_MET:
        reply_error(reply, 412, "PreconditionFailed",
                    "At least one of the pre-conditions you specified did not hold");
        return false;
    case S3_FAILED:
        reply_error(reply, 500, "InternalError",
                    "We encountered an internal error. Please try again.");
        return false;
    case S3_KEY_TOO_LONG:
        reply_error(reply, 400, "KeyTooLongError", "Your key is too long");
        return false;
    }
    return false;
}

S3Condition s3_read_condition(const S3Call *call) {
    const Request *request = &call->exchange->request;
    return (S3Condition){
        .if_absent = str_equal(request_header(request, "if-none-match"), "*"),
        .if_match = request_header(request, "if-match"),
    };
}

void s3_read_meta(const S3Call *call, S3Meta *ret_meta) {
    static const char *const kept[] = {"cache-control",
                                       "content-disposition",
                                       "content-encoding",
                                       "content-language",
                                       "expires",
                                       "x-amz-server-side-encryption",
                                       "x-amz-server-side-encryption-aws-kms-key-id",
                                       "x-amz-server-side-encryption-bucket-key-enabled"};
    const Request *request = &call->exchange->request;
    const char *type = request_header(request, "content-type");
    OWN(buf_done) Buf headers = {0};
    *ret_meta = (S3Meta){0};
    str_copy(ret_meta->content_type, sizeof ret_meta->content_type,
             type != NULL ? type : "binary/octet-stream");
    for (size_t i = 0; i < request->header_count; i++) {
        const char *name = request->headers[i].name;
        bool keep = strncasecmp(name, "x-amz-meta-", strlen("x-amz-meta-")) == 0;
        for (size_t k = 0; k < sizeof kept / sizeof kept[0]; k++) {
            keep = keep || str_equal_nocase(name, kept[k]);
        }
        /* aws-chunked is of the transfer, not of the object. */
        if (keep && !str_equal(request->headers[i].value, "aws-chunked")) {
            buf_printf(&headers, "%s: %s\n", name, request->headers[i].value);
        }
    }
    ret_meta->headers = headers.size > 0 ? buf_take(&headers) : NULL;
}

void s3_format_time(int64_t time_ms, char ret_text[32]) {
    char text[CLOCK_TIME_SIZE];
    clock_format_time(time_ms, text);
    snprintf(ret_text, 32, "%.19s.000Z", text);
}

void s3_append_name(Buf *out, const char *text, bool url) {
    if (url) {
        uri_append_encoded(out, text, strlen(text), true);
    } else {
        xml_append_escaped(out, text);
    }
}

/* --- Objects --------------------------------------------------------------------------------- */

static void put_object(const S3Call *call) {
    OWN(buf_done) Buf data = {0};
    if (!s3_take_body(call, &data)) {
        return;
    }
    S3Meta meta;
    s3_read_meta(call, &meta);
    s3_keep_checksums(call, &meta);
    s3_etag_of(buf_text(&data), data.size, meta.etag);
    S3Blob *blob = s3_blob_new(&data);
    S3Result result = s3_store_put(call->store, &(S3Write){.bucket = call->bucket,
                                                           .key = call->key,
                                                           .blob = blob,
                                                           .meta = &meta,
                                                           .condition = s3_read_condition(call)});
    if (s3_check(call, result)) {
        reply_header(&call->exchange->reply, "ETag", "%s", meta.etag);
        reply_content_type(&call->exchange->reply, "");
    }
    s3_blob_release(blob);
    s3_meta_done(&meta);
}

/* "bytes=5-9", "bytes=5-", "bytes=-4"; false when there is none to go by. */
static bool parse_range(const char *text, int64_t size, int64_t *ret_first, int64_t *ret_last) {
    if (text == NULL || !str_starts(text, "bytes=") || strchr(text, ',') != NULL) {
        return false;
    }
    const char *dash = strchr(text + 6, '-');
    char first[24] = "";
    if (dash == NULL || (size_t)(dash - text - 6) >= sizeof first) {
        return false;
    }
    memcpy(first, text + 6, (size_t)(dash - text - 6));
    if (first[0] == '\0') {
        int64_t tail = 0;
        if (!str_parse_int(dash + 1, 0, INT64_MAX, &tail)) {
            return false;
        }
        *ret_first = tail >= size ? 0 : size - tail;
        *ret_last = tail == 0 ? -1 : size - 1;
        return true;
    }
    *ret_last = size - 1;
    if (!str_parse_int(first, 0, INT64_MAX, ret_first) ||
        (dash[1] != '\0' && !str_parse_int(dash + 1, *ret_first, INT64_MAX, ret_last))) {
        return false;
    }
    *ret_last = *ret_last >= size ? size - 1 : *ret_last;
    return true;
}

static void format_http_date(int64_t time_ms, char ret_text[40]) {
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(ret_text, 40, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

static void put_meta_headers(const S3Call *call, const S3Meta *meta) {
    Reply *reply = &call->exchange->reply;
    char modified[40];
    format_http_date(meta->modified_ms, modified);
    reply_content_type(reply, meta->content_type);
    reply_header(reply, "ETag", "%s", meta->etag);
    reply_header(reply, "Last-Modified", "%s", modified);
    reply_header(reply, "Accept-Ranges", "bytes");
    OWN(mem_free_at) char *copy = mem_strdup(meta->headers);
    char *rest = copy != NULL ? copy : (char[1]){0};
    for (char *line = str_split(&rest, "\n"); line != NULL; line = str_split(&rest, "\n")) {
        char *colon = strstr(line, ": ");
        bool gives = !str_starts(line, "x-amz-checksum-") || s3_gives_checksums(call);
        if (colon != NULL && gives && reply->header_count + 4 < REPLY_MAX_HEADERS) {
            *colon = '\0';
            reply_header(reply, line, "%s", colon + 2);
        }
    }
}

/* 304 and 412 of reads; true when the object is to be sent. */
static bool check_read_conditions(const S3Call *call, const S3Meta *meta) {
    const Request *request = &call->exchange->request;
    const char *if_match = request_header(request, "if-match");
    const char *if_none_match = request_header(request, "if-none-match");
    if (if_match != NULL && !s3_etag_equal(if_match, meta->etag)) {
        return s3_check(call, S3_NOT_MET);
    }
    if (if_none_match != NULL && s3_etag_equal(if_none_match, meta->etag)) {
        reply_error(&call->exchange->reply, 304, "NotModified", "Not Modified");
        buf_clear(&call->exchange->reply.body);
        return false;
    }
    return true;
}

/* Query parameters of a (presigned) GET that replace headers of the answer. */
static void override_headers(const S3Call *call) {
    Reply *reply = &call->exchange->reply;
    OWN(mem_free_at) char *type = request_query(&call->exchange->request, "response-content-type");
    OWN(mem_free_at)
    char *disposition = request_query(&call->exchange->request, "response-content-disposition");
    if (type != NULL) {
        reply_content_type(reply, type);
    }
    if (disposition != NULL) {
        reply_header(reply, "Content-Disposition", "%s", disposition);
    }
}

static void send_object(const S3Call *call, const S3Meta *meta, S3Blob *blob, int fd) {
    Reply *reply = &call->exchange->reply;
    int64_t first = 0;
    int64_t last = meta->size - 1;
    bool ranged =
        parse_range(request_header(&call->exchange->request, "range"), meta->size, &first, &last);
    if (ranged && (first >= meta->size || last < first)) {
        s3_blob_release(blob);
        if (fd >= 0) {
            close(fd);
        }
        reply_error(reply, 416, "InvalidRange", "The requested range is not satisfiable");
        return;
    }
    put_meta_headers(call, meta);
    override_headers(call);
    if (ranged) {
        reply->status = 206;
        reply_header(reply, "Content-Range", "bytes %lld-%lld/%lld", (long long)first,
                     (long long)last, (long long)meta->size);
    }
    if (fd >= 0) {
        reply->fd = fd;
        reply->fd_offset = (uint64_t)first;
        reply->fd_size = (uint64_t)(last - first + 1);
    } else {
        reply->shared = s3_blob_data(blob) + first;
        reply->shared_size = (size_t)(last - first + 1);
        reply->shared_owner = blob;
        reply->shared_release = s3_blob_release;
    }
}

static void get_object(const S3Call *call) {
    S3Meta meta;
    S3Blob *blob = NULL;
    int fd = -1;
    if (!s3_check(call, s3_store_get(call->store, call->bucket, call->key, &meta, &blob, &fd))) {
        return;
    }
    if (check_read_conditions(call, &meta)) {
        send_object(call, &meta, blob, fd);
    } else {
        s3_blob_release(blob);
        if (fd >= 0) {
            close(fd);
        }
    }
    s3_meta_done(&meta);
}

static void delete_object(const S3Call *call) {
    S3Condition condition = {.if_match = request_header(&call->exchange->request, "if-match")};
    S3Result result = s3_store_delete(call->store, call->bucket, call->key, &condition);
    if (s3_check(call, result)) {
        call->exchange->reply.status = 204;
        reply_content_type(&call->exchange->reply, "");
    }
}

/* The bytes of an object, wherever they are. */
static bool load_object(const S3Call *source, S3Meta *ret_meta, S3Blob **ret_blob) {
    int fd = -1;
    *ret_blob = NULL;
    S3Result result =
        s3_store_get(source->store, source->bucket, source->key, ret_meta, ret_blob, &fd);
    if (!s3_check(source, result)) {
        return false;
    }
    if (*ret_blob != NULL) {
        return true;
    }
    Buf data = {.ceiling = EXCHANGE_MAX_BODY_BYTES};
    char piece[65536];
    ssize_t got = 0;
    while ((got = read(fd, piece, sizeof piece)) > 0) {
        buf_append(&data, piece, (size_t)got);
    }
    close(fd);
    *ret_blob = s3_blob_new(&data);
    return got == 0 || s3_check(source, S3_FAILED);
}

static void copy_object(const S3Call *call) {
    S3Call source = *call;
    Request path = {
        .path = (char *)(uintptr_t)request_header(&call->exchange->request, "x-amz-copy-source")};
    S3Meta meta;
    S3Blob *blob = NULL;
    if (!parse_path(&path, &source) || source.key[0] == '\0') {
        reply_error(&call->exchange->reply, 400, "InvalidArgument",
                    "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
        return;
    }
    if (!load_object(&source, &meta, &blob)) {
        return;
    }
    const char *directive = request_header(&call->exchange->request, "x-amz-metadata-directive");
    if (str_equal(directive, "REPLACE")) {
        S3Meta replaced;
        s3_read_meta(call, &replaced);
        str_copy(replaced.etag, sizeof replaced.etag, meta.etag);
        s3_meta_done(&meta);
        meta = replaced;
    }
    S3Result result = s3_store_put(call->store, &(S3Write){.bucket = call->bucket,
                                                           .key = call->key,
                                                           .blob = blob,
                                                           .meta = &meta,
                                                           .condition = s3_read_condition(call)});
    if (s3_check(call, result)) {
        char modified[32];
        s3_format_time(clock_now_ms(), modified);
        Buf *out = &call->exchange->reply.body;
        buf_printf(out,
                   S3_XML "<CopyObjectResult xmlns=\"" S3_NAMESPACE
                          "\"><LastModified>%s</LastModified><ETag>",
                   modified);
        xml_append_escaped(out, meta.etag);
        buf_puts(out, "</ETag></CopyObjectResult>");
    }
    s3_blob_release(blob);
    s3_meta_done(&meta);
}

/* --- Buckets --------------------------------------------------------------------------------- */

static void create_bucket(const S3Call *call) {
    Err err = {0};
    Reply *reply = &call->exchange->reply;
    if (s3_store_add_bucket(call->store, call->bucket, &err) != ST_OK) {
        reply_error(reply, 400, "InvalidBucketName", "%s", err.message);
        return;
    }
    reply_header(reply, "Location", "/%s", call->bucket);
    reply_content_type(reply, "");
}

static void head_bucket(const S3Call *call) {
    Reply *reply = &call->exchange->reply;
    if (s3_check(call, s3_store_has_bucket(call->store, call->bucket) ? S3_DONE : S3_NO_BUCKET)) {
        reply_header(reply, "x-amz-bucket-region", "%s", call->exchange->world->regions[0]);
        reply_content_type(reply, "");
    }
}

/* --- What is asked for ----------------------------------------------------------------------- */

typedef struct S3Operation {
    const char *name;
    const char *method;
    bool on_object;
    const char *query;  /* must be there; NULL = does not matter */
    const char *header; /* must be there; NULL = does not matter */
    void (*answer)(const S3Call *call);
} S3Operation;

/* The first that fits. */
static const S3Operation operations[] = {
    {"UploadPart", "PUT", true, "uploadId", NULL, s3_upload_part},
    {"CopyObject", "PUT", true, NULL, "x-amz-copy-source", copy_object},
    {"PutObject", "PUT", true, NULL, NULL, put_object},
    {"GetObject", "GET", true, NULL, NULL, get_object},
    {"HeadObject", "HEAD", true, NULL, NULL, get_object},
    {"AbortMultipartUpload", "DELETE", true, "uploadId", NULL, s3_abort_upload},
    {"DeleteObject", "DELETE", true, NULL, NULL, delete_object},
    {"CreateMultipartUpload", "POST", true, "uploads", NULL, s3_create_upload},
    {"CompleteMultipartUpload", "POST", true, "uploadId", NULL, s3_complete_upload},
    {"ListMultipartUploads", "GET", false, "uploads", NULL, s3_list_uploads},
    {"ListObjectsV2", "GET", false, "list-type", NULL, s3_list_objects},
    {"HeadBucket", "HEAD", false, NULL, NULL, head_bucket},
    {"CreateBucket", "PUT", false, NULL, NULL, create_bucket},
};

/* Sub-resources that are not simulated: what would be done to the object itself is not meant. */
static bool is_beyond(const Request *request) {
    static const char *const others[] = {"acl",         "tagging",   "versioning",  "versions",
                                         "policy",      "lifecycle", "cors",        "delete",
                                         "attributes",  "retention", "torrent",     "legal-hold",
                                         "replication", "website",   "notification"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (request_has_query(request, others[i])) {
            return true;
        }
    }
    return false;
}

static const S3Operation *find_operation(const Request *request) {
    const char *slash = strchr(request->path + 1, '/');
    bool on_object = slash != NULL && slash[1] != '\0';
    bool on_bucket = request->path[0] == '/' && request->path[1] != '\0';
    if (!on_bucket || is_beyond(request)) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        const S3Operation *operation = &operations[i];
        if (str_equal(operation->method, request->method) && operation->on_object == on_object &&
            (operation->query == NULL || request_has_query(request, operation->query)) &&
            (operation->header == NULL || request_header(request, operation->header) != NULL)) {
            return operation;
        }
    }
    return NULL;
}

const char *s3_operation(const Request *request) {
    const S3Operation *operation = find_operation(request);
    return operation != NULL ? operation->name : "unknown";
}

void s3_answer(Exchange *exchange) {
    const S3Operation *operation = find_operation(&exchange->request);
    OWN(mem_free_at) S3Call *call = mem_alloc(sizeof *call);
    call->exchange = exchange;
    call->store = exchange->sim->s3;
    if (!parse_path(&exchange->request, call)) {
        reply_error(&exchange->reply, 400, "InvalidURI", "Couldn't parse the specified URI.");
    } else if (exchange->request.caller.account != 0) {
        reply_error(&exchange->reply, 403, "AccessDenied",
                    "The buckets belong to the management account");
    } else if (operation == NULL) {
        reply_error(&exchange->reply, 501, "NotImplemented",
                    "A header or query you provided implies functionality that is not simulated");
    } else {
        operation->answer(call);
    }
}
