/* ListObjectsV2: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"
#include "format/xml.h"
#include "s3.h"
#include "tokens.h"

#include <stdio.h>
#include <string.h>

enum { LIST_MAX_KEYS = 1000 };

typedef struct Listing {
    const char *prefix;
    const char *delimiter; /* "" = none */
    bool url;              /* names in percent-encoding */
    int64_t limit;
    int64_t given;
    const char *after;                /* keys up to this one were given before */
    char group[S3_MAX_KEY_BYTES + 1]; /* the common prefix given last */
    char last[S3_MAX_KEY_BYTES + 1];  /* key or common prefix given last */
    bool more;
    Buf contents;
    Buf groups;
} Listing;

static void put_group(Listing *listing) {
    buf_puts(&listing->groups, "<CommonPrefixes><Prefix>");
    s3_append_name(&listing->groups, listing->group, listing->url);
    buf_puts(&listing->groups, "</Prefix></CommonPrefixes>");
}

static void put_contents(Listing *listing, const char *key, const S3Meta *meta) {
    char modified[32];
    s3_format_time(meta->modified_ms, modified);
    buf_puts(&listing->contents, "<Contents><Key>");
    s3_append_name(&listing->contents, key, listing->url);
    buf_printf(&listing->contents, "</Key><LastModified>%s</LastModified><ETag>", modified);
    xml_append_escaped(&listing->contents, meta->etag);
    buf_printf(&listing->contents,
               "</ETag><Size>%lld</Size><StorageClass>STANDARD</StorageClass></Contents>",
               (long long)meta->size);
}

/* The part of the key up to the delimiter behind the prefix, if there is one. */
static size_t group_size(const Listing *listing, const char *key) {
    size_t prefix_size = strlen(listing->prefix);
    const char *found =
        listing->delimiter[0] != '\0' ? strstr(key + prefix_size, listing->delimiter) : NULL;
    return found == NULL ? 0 : (size_t)(found - key) + strlen(listing->delimiter);
}

static bool each_object(void *context, const char *key, const S3Meta *meta) {
    Listing *listing = context;
    size_t after_size = strlen(listing->after);
    if (!str_starts(key, listing->prefix)) {
        return strcmp(key, listing->prefix) < 0;
    }
    bool after_is_group = after_size > 0 && listing->delimiter[0] != '\0' &&
                          str_ends(listing->after, listing->delimiter);
    if (strcmp(key, listing->after) <= 0 || (after_is_group && str_starts(key, listing->after))) {
        return true;
    }
    size_t group = group_size(listing, key);
    if (group > 0 && strncmp(listing->group, key, group) == 0 && listing->group[group] == '\0') {
        return true;
    }
    if (listing->given == listing->limit) {
        listing->more = true;
        return false;
    }
    listing->given++;
    if (group > 0) {
        memcpy(listing->group, key, group);
        listing->group[group] = '\0';
        str_copy(listing->last, sizeof listing->last, listing->group);
        put_group(listing);
    } else {
        str_copy(listing->last, sizeof listing->last, key);
        put_contents(listing, key, meta);
    }
    return true;
}

/* A continuation token is the last name given, with a MAC (of a page token) before it. */
static void append_token(const S3Call *call, const Listing *listing, const char *last, Buf *out) {
    OWN(buf_done) Buf bound = {0};
    OWN(buf_done) Buf raw = {0};
    Page page;
    buf_printf(&bound, "%s\n%s\n%s\n%s", call->bucket, listing->prefix, listing->delimiter, last);
    (void)page_open(call->exchange, NULL, buf_text(&bound), 1, &page);
    page.empties = 0;
    page_append_token(call->exchange, &page, 0, &raw);
    buf_puts(&raw, last);
    digest_append_base64(out, raw.data, raw.size);
}

/* The name that the token holds, allocated; NULL when it is none of ours. */
static char *read_token(const S3Call *call, const Listing *listing, const char *token) {
    enum { PAGE_TOKEN_CHARS = 44 };
    OWN(buf_done) Buf raw = {0};
    OWN(buf_done) Buf again = {0};
    if (!digest_append_base64_decoded(&raw, token, strlen(token)) || raw.size < PAGE_TOKEN_CHARS ||
        raw.size > PAGE_TOKEN_CHARS + S3_MAX_KEY_BYTES) {
        return NULL;
    }
    const char *last = raw.data + PAGE_TOKEN_CHARS;
    append_token(call, listing, last, &again);
    return str_equal(buf_text(&again), token) ? mem_strdup(last) : NULL;
}

static void put_element(Buf *out, const char *name, const char *text, bool url) {
    buf_printf(out, "<%s>", name);
    s3_append_name(out, text, url);
    buf_printf(out, "</%s>", name);
}

static void write_listing(const S3Call *call, const Listing *listing, const char *token) {
    Buf *out = &call->exchange->reply.body;
    buf_puts(out, S3_XML "<ListBucketResult xmlns=\"" S3_NAMESPACE "\">");
    put_element(out, "Name", call->bucket, false);
    put_element(out, "Prefix", listing->prefix, listing->url);
    if (listing->delimiter[0] != '\0') {
        put_element(out, "Delimiter", listing->delimiter, listing->url);
    }
    buf_printf(out, "<MaxKeys>%lld</MaxKeys><KeyCount>%lld</KeyCount><IsTruncated>%s</IsTruncated>",
               (long long)listing->limit, (long long)listing->given,
               listing->more ? "true" : "false");
    if (listing->url) {
        buf_puts(out, "<EncodingType>url</EncodingType>");
    }
    if (token != NULL) {
        put_element(out, "ContinuationToken", token, false);
    }
    if (listing->more) {
        buf_puts(out, "<NextContinuationToken>");
        append_token(call, listing, listing->last, out);
        buf_puts(out, "</NextContinuationToken>");
    }
    buf_append(out, buf_text(&listing->contents), listing->contents.size);
    buf_append(out, buf_text(&listing->groups), listing->groups.size);
    buf_puts(out, "</ListBucketResult>");
}

static bool read_limit(const S3Call *call, int64_t *ret_limit) {
    OWN(mem_free_at) char *text = request_query(&call->exchange->request, "max-keys");
    *ret_limit = LIST_MAX_KEYS;
    if (text != NULL && !str_parse_int(text, 0, INT32_MAX, ret_limit)) {
        reply_error(&call->exchange->reply, 400, "InvalidArgument",
                    "Argument maxKeys must be an integer between 0 and 2147483647");
        return false;
    }
    *ret_limit = *ret_limit > LIST_MAX_KEYS ? LIST_MAX_KEYS : *ret_limit;
    return true;
}

static void list(const S3Call *call, Listing *listing, const char *token, const char *start) {
    OWN(mem_free_at) char *last = NULL;
    listing->after = start != NULL ? start : "";
    if (token != NULL) {
        last = read_token(call, listing, token);
        if (last == NULL) {
            reply_error(&call->exchange->reply, 400, "InvalidArgument",
                        "The continuation token provided is incorrect");
            return;
        }
        listing->after = last;
    }
    const char *from =
        strcmp(listing->prefix, listing->after) > 0 ? listing->prefix : listing->after;
    S3Result result = s3_store_list(call->store, call->bucket, from, each_object, listing);
    listing->more = listing->more && listing->limit > 0;
    if (s3_check(call, result)) {
        write_listing(call, listing, token);
    }
}

void s3_list_objects(const S3Call *call) {
    const Request *request = &call->exchange->request;
    OWN(mem_free_at) char *prefix = request_query(request, "prefix");
    OWN(mem_free_at) char *delimiter = request_query(request, "delimiter");
    OWN(mem_free_at) char *encoding = request_query(request, "encoding-type");
    OWN(mem_free_at) char *token = request_query(request, "continuation-token");
    OWN(mem_free_at) char *start = request_query(request, "start-after");
    OWN(mem_free_at) Listing *listing = mem_alloc(sizeof *listing);
    listing->prefix = prefix != NULL ? prefix : "";
    listing->delimiter = delimiter != NULL ? delimiter : "";
    listing->url = str_equal(encoding, "url");
    if (read_limit(call, &listing->limit)) {
        list(call, listing, token, start);
    }
    buf_done(&listing->contents);
    buf_done(&listing->groups);
}
