#include "aws/s3_leftovers.h"

#include "aws/s3_upload.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include <string.h>

enum { OLD_AFTER_MS = 24 * 60 * 60 * 1000, ID_MAX_BYTES = 4096, KEY_MAX_BYTES = 1024 };

/* One page is enough: what is on the next one is on the first of the next client's. */
typedef struct Leftover {
    const char *key;
    const char *id;
} Leftover;

enum { PAGE_MAX = 1000 };

typedef struct Leftovers {
    Arena arena;
    Leftover items[PAGE_MAX];
    size_t count;
} Leftovers;

static Status read_key(const XmlNode *upload, bool is_encoded, Arena *arena, const char **ret_key,
                       Err *err) {
    const char *key = NULL;
    OWN(buf_done) Buf plain = {0};
    TRY(xml_need(upload, "Key", 1, (size_t)3 * KEY_MAX_BYTES, &key, err));
    if (!is_encoded) {
        buf_puts(&plain, key);
    } else if (!uri_append_decoded(&plain, key, strlen(key), true)) {
        return err_set(err, ST_PROTOCOL, "a key in the list is not encoded as it should be");
    }
    *ret_key = arena_strdup(arena, buf_text(&plain));
    return ST_OK;
}

static Status read_upload(const XmlNode *upload, bool is_encoded, Leftovers *leftovers, Err *err) {
    const char *id = NULL;
    const char *begun = NULL;
    int64_t begun_ms = 0;
    TRY(xml_need(upload, "UploadId", 1, ID_MAX_BYTES, &id, err));
    TRY(xml_need(upload, "Initiated", 1, 64, &begun, err));
    if (!clock_parse_time(begun, &begun_ms)) {
        return err_set(err, ST_PROTOCOL, "the time of an upload is none");
    }
    if (clock_now_ms() - begun_ms > OLD_AFTER_MS && leftovers->count < PAGE_MAX) {
        Leftover *leftover = &leftovers->items[leftovers->count];
        TRY(read_key(upload, is_encoded, &leftovers->arena, &leftover->key, err));
        leftover->id = arena_strdup(&leftovers->arena, id);
        leftovers->count++;
    }
    return ST_OK;
}

static Status parse_page(void *context, const HttpAnswer *answer, Err *err) {
    Leftovers *leftovers = context;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    leftovers->count = 0;
    TRY(s3_client_read_document(answer, "ListMultipartUploadsResult", &arena, &root, err));
    bool is_encoded = str_equal(xml_text(root, "EncodingType"), "url");
    for (const XmlNode *node = xml_at(root, "Upload"); node != NULL; node = xml_next(node)) {
        TRY(read_upload(node, is_encoded, leftovers, err));
    }
    return ST_OK;
}

static Status list_leftovers(S3 *s3, Leftovers *leftovers, Err *err) {
    OWN(s3_client_address_done) S3Address address;
    OWN(buf_done) Buf query = {0};
    TRY(s3_client_address(s3, NULL, &address, err));
    AwsRequest request = s3_client_request(s3, &address, "ListMultipartUploads", "GET");
    buf_puts(&query, "encoding-type=url&prefix=");
    uri_append_encoded(&query, s3->own_prefix, strlen(s3->own_prefix), false);
    buf_puts(&query, "&uploads=");
    request.query = buf_text(&query);
    request.parse = parse_page;
    return s3_client_run(s3, &request, leftovers, err);
}

void s3_leftovers_clear(S3 *s3) {
    if (s3->own_prefix == NULL || s3->has_cleared) {
        return;
    }
    s3->has_cleared = true;
    Err err = {0};
    Leftovers leftovers = {0};
    if (list_leftovers(s3, &leftovers, &err) != ST_OK) {
        log_message(LOG_INFO, "uploads left behind are not looked for: %s", err.message);
    }
    for (size_t i = 0; i < leftovers.count; i++) {
        if (str_starts(leftovers.items[i].key, s3->own_prefix)) {
            log_message(LOG_INFO, "aborting the upload of s3://%s/%s, left for more than a day",
                        s3->bucket, leftovers.items[i].key);
            s3_upload_abort(s3, leftovers.items[i].key, leftovers.items[i].id);
        }
    }
    arena_done(&leftovers.arena);
}
