#include "aws/s3_client.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

enum {
    MAX_PAGES = 100000,
    KEY_MAX_BYTES = 1024,
    TOKEN_MAX_BYTES = 8192,
    PAGE_MAX_KEYS = 1000,
};

typedef struct ListedKey {
    const char *key;
    int64_t bytes;
} ListedKey;

typedef struct KeyPage {
    Arena arena; /* all of it lives there */
    ListedKey *keys;
    size_t count;
    const char *next_token; /* NULL after the last page */
} KeyPage;

static void clear_page(KeyPage *page) {
    arena_done(&page->arena);
    *page = (KeyPage){0};
}

static Status read_key(const XmlNode *contents, bool is_encoded, Arena *arena, ListedKey *ret_key,
                       Err *err) {
    const char *key = NULL;
    const char *size = NULL;
    TRY(xml_need(contents, "Key", 1, (size_t)3 * KEY_MAX_BYTES, &key, err));
    TRY(xml_need(contents, "Size", 1, 20, &size, err));
    OWN(buf_done) Buf plain = {0};
    if (!is_encoded) {
        buf_puts(&plain, key);
    } else if (!uri_append_decoded(&plain, key, strlen(key), true)) {
        return err_set(err, ST_PROTOCOL, "a key in the list is not encoded as it should be");
    }
    if (plain.size == 0 || plain.size > KEY_MAX_BYTES ||
        !str_parse_int(size, 0, INT64_MAX, &ret_key->bytes)) {
        return err_set(err, ST_PROTOCOL, "an object in the list has no proper key or size");
    }
    ret_key->key = arena_strndup(arena, buf_text(&plain), plain.size);
    return ST_OK;
}

static Status read_keys(const XmlNode *root, KeyPage *page, Err *err) {
    bool is_encoded = str_equal(xml_text(root, "EncodingType"), "url");
    page->keys = arena_alloc(&page->arena, PAGE_MAX_KEYS * sizeof *page->keys);
    for (const XmlNode *node = xml_at(root, "Contents"); node != NULL; node = xml_next(node)) {
        if (page->count == PAGE_MAX_KEYS) {
            return err_set(err, ST_PROTOCOL, "a page of the list has more than %d keys",
                           PAGE_MAX_KEYS);
        }
        TRY(read_key(node, is_encoded, &page->arena, &page->keys[page->count], err));
        page->count++;
    }
    return ST_OK;
}

static Status parse_page(void *context, const HttpAnswer *answer, Err *err) {
    KeyPage *page = context;
    const XmlNode *root = NULL;
    clear_page(page);
    TRY(s3_client_read_document(answer, "ListBucketResult", &page->arena, &root, err));
    TRY(read_keys(root, page, err));
    if (str_equal(xml_text(root, "IsTruncated"), "true")) {
        TRY(xml_need(root, "NextContinuationToken", 1, TOKEN_MAX_BYTES, &page->next_token, err));
    }
    return ST_OK;
}

static Status fetch_page(S3 *s3, const S3Address *address, const char *prefix, const char *token,
                         KeyPage *page, Err *err) {
    OWN(buf_done) Buf query = {0};
    if (token != NULL) {
        buf_puts(&query, "continuation-token=");
        uri_append_encoded(&query, token, strlen(token), false);
        buf_putc(&query, '&');
    }
    buf_puts(&query, "encoding-type=url&list-type=2&prefix=");
    uri_append_encoded(&query, prefix, strlen(prefix), false);
    AwsRequest request = s3_client_request(s3, address, "ListObjectsV2", "GET");
    request.query = buf_text(&query);
    request.parse = parse_page;
    return s3_client_run(s3, &request, page, err);
}

static Status each_of_page(const KeyPage *page, S3Each *each, void *context, Err *err) {
    for (size_t i = 0; i < page->count; i++) {
        TRY(each(context, page->keys[i].key, page->keys[i].bytes, err));
    }
    return ST_OK;
}

static Status list_pages(S3 *s3, const char *prefix, S3Each *each, void *context, Err *err) {
    OWN(s3_client_address_done) S3Address address;
    OWN(mem_free_at) char *token = NULL;
    TRY(s3_client_address(s3, NULL, &address, err));
    for (int pages = 0; pages < MAX_PAGES; pages++) {
        OWN(clear_page) KeyPage page = {0};
        TRY(s3_client_name(s3, fetch_page(s3, &address, prefix, token, &page, err), prefix, err));
        TRY(each_of_page(&page, each, context, err));
        if (page.next_token == NULL) {
            return ST_OK;
        }
        if (str_equal(page.next_token, token)) {
            return err_set(err, ST_PROTOCOL, "s3://%s: the list gave the same token again",
                           s3->bucket);
        }
        mem_free(token);
        token = mem_strdup(page.next_token);
    }
    return err_set(err, ST_LIMIT, "s3://%s: the list has more than %d pages", s3->bucket,
                   MAX_PAGES);
}

Status s3_list(S3 *s3, const char *prefix, S3Each *each, void *context, Err *err) {
    return list_pages(s3, prefix == NULL ? "" : prefix, each, context, err);
}
