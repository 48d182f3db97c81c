/* Multipart uploads: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html */
#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/xml.h"
#include "s3.h"
#include "sim.h"

#include <string.h>

static S3Uploads *uploads_of(const S3Call *call) {
    return call->exchange->sim->uploads;
}

/* The upload that the query names; `*ret_id` is allocated. */
static S3UploadName read_name(const S3Call *call, char **ret_id) {
    *ret_id = request_query(&call->exchange->request, "uploadId");
    return (S3UploadName){
        .bucket = call->bucket, .key = call->key, .id = *ret_id != NULL ? *ret_id : ""};
}

static void refuse_upload(const S3Call *call) {
    reply_error(&call->exchange->reply, 404, "NoSuchUpload",
                "The specified upload does not exist. The upload ID may be invalid, or the upload "
                "may have been aborted or completed.");
}

static void refuse(const S3Call *call, const char *code, const char *message) {
    reply_error(&call->exchange->reply, 400, code, "%s", message);
}

void s3_create_upload(const S3Call *call) {
    if (!s3_check(call, s3_store_has_bucket(call->store, call->bucket) ? S3_DONE : S3_NO_BUCKET)) {
        return;
    }
    S3Meta meta;
    char id[S3_UPLOAD_ID_SIZE];
    Buf *out = &call->exchange->reply.body;
    s3_read_meta(call, &meta);
    s3_uploads_begin(uploads_of(call), call->bucket, call->key, &meta, id);
    s3_meta_done(&meta);
    buf_printf(out,
               S3_XML "<InitiateMultipartUploadResult xmlns=\"" S3_NAMESPACE
                      "\"><Bucket>%s</Bucket><Key>",
               call->bucket);
    xml_append_escaped(out, call->key);
    buf_printf(out, "</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id);
}

void s3_upload_part(const S3Call *call) {
    OWN(mem_free_at) char *number_text = request_query(&call->exchange->request, "partNumber");
    OWN(mem_free_at) char *id = NULL;
    OWN(buf_done) Buf data = {0};
    S3UploadName name = read_name(call, &id);
    int64_t number = 0;
    char etag[S3_ETAG_SIZE];
    if (number_text == NULL || !str_parse_int(number_text, 1, S3_MAX_PARTS, &number)) {
        refuse(call, "InvalidArgument",
               "Part number must be an integer between 1 and 10000, inclusive");
        return;
    }
    if (request_header(&call->exchange->request, "x-amz-copy-source") != NULL) {
        reply_error(&call->exchange->reply, 501, "NotImplemented",
                    "Parts that are copied are not simulated");
        return;
    }
    if (!s3_take_body(call, &data)) {
        return;
    }
    s3_etag_of(buf_text(&data), data.size, etag);
    S3Blob *blob = s3_blob_new(&data);
    if (s3_uploads_put_part(uploads_of(call), &name, (int)number, blob, etag)) {
        reply_header(&call->exchange->reply, "ETag", "%s", etag);
        reply_content_type(&call->exchange->reply, "");
    } else {
        refuse_upload(call);
    }
    s3_blob_release(blob);
}

/* The parts that a CompleteMultipartUpload document lists; their count, 0 with the error. */
static size_t read_parts(const S3Call *call, S3Part *parts) {
    OWN(arena_done) Arena arena = {0};
    OWN(buf_done) Buf body = {0};
    const XmlNode *root = NULL;
    Err err = {0};
    if (!s3_take_body(call, &body)) {
        return 0;
    }
    if (xml_parse(&arena, buf_text(&body), body.size, &root, &err) != ST_OK) {
        refuse(call, "MalformedXML", "The XML you provided was not well-formed");
        return 0;
    }
    size_t count = 0;
    for (const XmlNode *node = xml_at(root, "Part"); node != NULL; node = xml_next(node)) {
        const char *etag = xml_text(node, "ETag");
        const char *number_text = xml_text(node, "PartNumber");
        int64_t number = 0;
        if (count == S3_MAX_PARTS || etag == NULL || strlen(etag) >= S3_ETAG_SIZE ||
            number_text == NULL || !str_parse_int(number_text, 1, S3_MAX_PARTS, &number)) {
            refuse(call, "MalformedXML", "A Part needs a PartNumber and an ETag");
            return 0;
        }
        if (count > 0 && parts[count - 1].number >= number) {
            refuse(call, "InvalidPartOrder", "The list of parts was not in ascending order.");
            return 0;
        }
        parts[count].number = (int)number;
        str_copy(parts[count].etag, S3_ETAG_SIZE, etag);
        count++;
    }
    if (count == 0) {
        refuse(call, "MalformedXML", "At least one part must be listed");
    }
    return count;
}

static void write_completed(const S3Call *call, const char *etag) {
    Buf *out = &call->exchange->reply.body;
    buf_printf(out,
               S3_XML "<CompleteMultipartUploadResult xmlns=\"" S3_NAMESPACE
                      "\"><Location>/%s</Location><Bucket>%s</Bucket><Key>",
               call->bucket, call->bucket);
    xml_append_escaped(out, call->key);
    buf_puts(out, "</Key><ETag>");
    xml_append_escaped(out, etag);
    buf_puts(out, "</ETag></CompleteMultipartUploadResult>");
}

static void store_joined(const S3Call *call, const S3UploadName *name, S3Blob *blob, S3Meta *meta) {
    if (!s3_check_joined(call, blob)) {
        s3_blob_release(blob);
        s3_meta_done(meta);
        return;
    }
    s3_keep_checksums(call, meta);
    S3Result result = s3_store_put(call->store, &(S3Write){.bucket = call->bucket,
                                                           .key = call->key,
                                                           .blob = blob,
                                                           .meta = meta,
                                                           .condition = s3_read_condition(call)});
    if (s3_check(call, result)) {
        s3_uploads_end(uploads_of(call), name);
        write_completed(call, meta->etag);
    }
    s3_blob_release(blob);
    s3_meta_done(meta);
}

void s3_complete_upload(const S3Call *call) {
    OWN(mem_free_at) char *id = NULL;
    OWN(mem_free_at) S3Part *parts = mem_array(S3_MAX_PARTS, sizeof *parts);
    S3UploadName name = read_name(call, &id);
    S3Blob *blob = NULL;
    S3Meta meta;
    size_t count = read_parts(call, parts);
    if (count == 0) {
        return;
    }
    switch (s3_uploads_join(uploads_of(call), &name, parts, count, &blob, &meta)) {
    case S3_JOINED:
        store_joined(call, &name, blob, &meta);
        return;
    case S3_NO_UPLOAD:
        refuse_upload(call);
        return;
    case S3_NO_PART:
        refuse(call, "InvalidPart",
               "One or more of the specified parts could not be found. The part may not have been "
               "uploaded, or the specified entity tag may not match the part's entity tag.");
        return;
    case S3_SMALL_PART:
        refuse(call, "EntityTooSmall",
               "Your proposed upload is smaller than the minimum allowed size");
        return;
    }
}

void s3_abort_upload(const S3Call *call) {
    OWN(mem_free_at) char *id = NULL;
    S3UploadName name = read_name(call, &id);
    if (!s3_uploads_end(uploads_of(call), &name)) {
        refuse_upload(call);
        return;
    }
    call->exchange->reply.status = 204;
    reply_content_type(&call->exchange->reply, "");
}

typedef struct UploadListing {
    Buf *out;
    const char *prefix;
    bool url;
} UploadListing;

static void put_upload(void *context, const char *key, const char *id, int64_t begun_ms) {
    const UploadListing *listing = context;
    char begun[32];
    if (!str_starts(key, listing->prefix)) {
        return;
    }
    s3_format_time(begun_ms, begun);
    buf_puts(listing->out, "<Upload><Key>");
    s3_append_name(listing->out, key, listing->url);
    buf_printf(listing->out,
               "</Key><UploadId>%s</UploadId><StorageClass>STANDARD</StorageClass>"
               "<Initiated>%s</Initiated></Upload>",
               id, begun);
}

void s3_list_uploads(const S3Call *call) {
    if (!s3_check(call, s3_store_has_bucket(call->store, call->bucket) ? S3_DONE : S3_NO_BUCKET)) {
        return;
    }
    OWN(mem_free_at) char *prefix = request_query(&call->exchange->request, "prefix");
    OWN(mem_free_at) char *encoding = request_query(&call->exchange->request, "encoding-type");
    UploadListing listing = {.out = &call->exchange->reply.body,
                             .prefix = prefix != NULL ? prefix : "",
                             .url = str_equal(encoding, "url")};
    buf_printf(listing.out,
               S3_XML "<ListMultipartUploadsResult xmlns=\"" S3_NAMESPACE
                      "\"><Bucket>%s</Bucket><MaxUploads>1000</MaxUploads>"
                      "<IsTruncated>false</IsTruncated>%s",
               call->bucket, listing.url ? "<EncodingType>url</EncodingType>" : "");
    s3_uploads_list(uploads_of(call), call->bucket, put_upload, &listing);
    buf_puts(listing.out, "</ListMultipartUploadsResult>");
}
