#include "aws/sigv4.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/uri.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

/* --- Step 1: the canonical request ----------------------------------------------------------- */

/* Appends the path without "." and ".." and empty segments. A slash at the end stays. */
static void append_normalized_path(Buf *out, const char *path) {
    const char *at = path;
    while (*at != '\0') {
        at += strspn(at, "/");
        size_t size = strcspn(at, "/");
        bool parent = size == 2 && at[0] == '.' && at[1] == '.';
        bool itself = size == 1 && at[0] == '.';
        if (parent) {
            while (out->size > 0 && out->data[--out->size] != '/') {
            }
        } else if (size > 0 && !itself) {
            buf_putc(out, '/');
            buf_append(out, at, size);
        }
        at += size;
    }
    if (out->size == 0 || str_ends(path, "/")) {
        buf_putc(out, '/');
    }
}

static void append_canonical_path(Buf *out, const SigV4Request *request) {
    const char *path = str_is_empty(request->path) ? "/" : request->path;
    if (request->is_s3) {
        buf_puts(out, path);
        return;
    }
    OWN(buf_done) Buf normal = {0};
    if (request->keep_path) {
        buf_puts(&normal, path);
    } else {
        append_normalized_path(&normal, path);
    }
    uri_append_encoded(out, normal.data, normal.size, true);
}

/* By name, then by value, both as bytes. */
static int compare_pairs(const void *a, const void *b) {
    const SigV4Pair *left = a;
    const SigV4Pair *right = b;
    int order = strcmp(left->name, right->name);
    return order != 0 ? order : strcmp(left->value, right->value);
}

/* Decoded, then encoded the one way that is signed. */
static Status recode(Arena *arena, const char *text, size_t size, const char **ret_text, Err *err) {
    OWN(buf_done) Buf plain = {0};
    OWN(buf_done) Buf encoded = {0};
    if (!uri_append_decoded(&plain, text, size, false)) {
        return err_set(err, ST_INPUT, "the query holds a bad %%-escape: %.*s",
                       (int)(size < 64 ? size : 64), text);
    }
    uri_append_encoded(&encoded, buf_text(&plain), plain.size, false);
    *ret_text = arena_strndup(arena, buf_text(&encoded), encoded.size);
    return ST_OK;
}

static Status append_canonical_query(Buf *out, const char *query, Err *err) {
    OWN(arena_done) Arena arena = {0};
    SigV4Pair pairs[SIGV4_MAX_PAIRS];
    size_t count = 0;
    for (const char *at = query == NULL ? "" : query; *at != '\0';) {
        size_t size = strcspn(at, "&");
        if (size > 0) {
            if (count == SIGV4_MAX_PAIRS) {
                return err_set(err, ST_LIMIT, "more than %d query parameters to sign",
                               SIGV4_MAX_PAIRS);
            }
            const char *equals = memchr(at, '=', size);
            size_t name_size = equals == NULL ? size : (size_t)(equals - at);
            size_t value_at = equals == NULL ? size : name_size + 1;
            SigV4Pair *pair = &pairs[count++];
            TRY(recode(&arena, at, name_size, &pair->name, err));
            TRY(recode(&arena, at + value_at, size - value_at, &pair->value, err));
        }
        at += size + (at[size] == '&');
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "%s%s=%s", i == 0 ? "" : "&", pairs[i].name, pairs[i].value);
    }
    return ST_OK;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without blanks at its ends, and with one blank for each run of them inside. */
static void append_folded(Buf *out, const char *value) {
    bool begun = false;
    bool blank = false;
    for (const char *at = value; *at != '\0'; at++) {
        if (is_blank(*at)) {
            blank = true;
            continue;
        }
        if (blank && begun) {
            buf_putc(out, ' ');
        }
        buf_putc(out, *at);
        begun = true;
        blank = false;
    }
}

/* Fills `ret_sorted` with the headers by lower-case name; those of one name stay in their order. */
static Status sort_headers(const SigV4Request *request, Arena *arena,
                           SigV4Pair ret_sorted[SIGV4_MAX_PAIRS], Err *err) {
    if (request->header_count > SIGV4_MAX_PAIRS) {
        return err_set(err, ST_LIMIT, "more than %d headers to sign", SIGV4_MAX_PAIRS);
    }
    for (size_t i = 0; i < request->header_count; i++) {
        SigV4Pair header = request->headers[i];
        if (str_is_empty(header.name) || header.value == NULL) {
            return err_set(err, ST_INTERNAL, "a header to sign has no name or no value");
        }
        char *name = arena_strdup(arena, header.name);
        for (char *c = name; *c != '\0'; c++) {
            *c = (char)tolower((unsigned char)*c);
        }
        size_t at = i;
        for (; at > 0 && strcmp(ret_sorted[at - 1].name, name) > 0; at--) {
            ret_sorted[at] = ret_sorted[at - 1];
        }
        ret_sorted[at] = (SigV4Pair){.name = name, .value = header.value};
    }
    return ST_OK;
}

/* The header lines to `lines` (each with its newline) and their names to `names`. */
static Status append_canonical_headers(const SigV4Request *request, Buf *lines, Buf *names,
                                       Err *err) {
    OWN(arena_done) Arena arena = {0};
    SigV4Pair sorted[SIGV4_MAX_PAIRS] = {0};
    TRY(sort_headers(request, &arena, sorted, err));
    for (size_t i = 0; i < request->header_count; i++) {
        ASSERT(sorted[i].name != NULL && sorted[i].value != NULL);
        bool repeats = i > 0 && str_equal(sorted[i].name, sorted[i - 1].name);
        if (repeats) {
            buf_putc(lines, ',');
        } else {
            buf_printf(lines, "%s%s:", i == 0 ? "" : "\n", sorted[i].name);
            buf_printf(names, "%s%s", i == 0 ? "" : ";", sorted[i].name);
        }
        append_folded(lines, sorted[i].value);
    }
    buf_putc(lines, '\n');
    return ST_OK;
}

Status sigv4_canonical_request(const SigV4Request *request, Buf *out, Buf *signed_headers,
                               Err *err) {
    buf_clear(out);
    buf_clear(signed_headers);
    buf_printf(out, "%s\n", request->method);
    append_canonical_path(out, request);
    buf_putc(out, '\n');
    TRY(append_canonical_query(out, request->query, err));
    buf_putc(out, '\n');
    TRY(append_canonical_headers(request, out, signed_headers, err));
    buf_printf(out, "\n%s\n%s", buf_text(signed_headers), request->payload_hash);
    if (out->overflowed || signed_headers->overflowed) {
        return err_set(err, ST_LIMIT, "the request is too large to sign");
    }
    return ST_OK;
}

/* --- Step 2: the string to sign -------------------------------------------------------------- */

void sigv4_credential_scope(const SigV4Key *key, char ret_scope[SIGV4_SCOPE_SIZE]) {
    /* A scope that does not fit is cut: it then signs nothing that a service accepts. */
    (void)snprintf(ret_scope, SIGV4_SCOPE_SIZE, "%.8s/%s/%s/aws4_request", key->stamp, key->region,
                   key->service);
}

void sigv4_string_to_sign(const SigV4Key *key, const char *canonical_request, size_t size,
                          Buf *out) {
    char scope[SIGV4_SCOPE_SIZE];
    sigv4_credential_scope(key, scope);
    char hash[SHA256_HEX_SIZE];
    digest_sha256_hex(canonical_request, size, hash);
    buf_clear(out);
    buf_printf(out, ALGORITHM "\n%s\n%s\n%s", key->stamp, scope, hash);
}

/* --- Step 3: the signature ------------------------------------------------------------------- */

enum { CACHE_SLOTS = 1024, SECRET_SIZE = 129 };

typedef struct CacheSlot {
    char scope[SIGV4_SCOPE_SIZE]; /* "" = free */
    char secret[SECRET_SIZE];
    uint8_t signing_key[SHA256_BYTES];
} CacheSlot;

/* Each (secret, scope) has one slot; the latest that hashes there stays. */
struct SigV4Cache {
    CacheSlot slots[CACHE_SLOTS];
};

SigV4Cache *sigv4_cache_new(void) {
    return mem_alloc(sizeof(SigV4Cache));
}

void sigv4_cache_free(SigV4Cache *cache) {
    if (cache != NULL) {
        explicit_bzero(cache, sizeof *cache);
        mem_free(cache);
    }
}

static void hmac_text(const uint8_t key[SHA256_BYTES], const char *text, size_t size,
                      uint8_t ret_digest[SHA256_BYTES]) {
    digest_hmac_sha256(key, SHA256_BYTES, text, size, ret_digest);
}

static void derive_signing_key(const SigV4Key *key, uint8_t ret_key[SHA256_BYTES]) {
    char *seed = mem_printf("AWS4%s", key->secret_key);
    size_t seed_size = strlen(seed);
    uint8_t by_day[SHA256_BYTES];
    uint8_t by_region[SHA256_BYTES];
    uint8_t by_service[SHA256_BYTES];
    digest_hmac_sha256(seed, seed_size, key->stamp, strnlen(key->stamp, 8), by_day);
    hmac_text(by_day, key->region, strlen(key->region), by_region);
    hmac_text(by_region, key->service, strlen(key->service), by_service);
    hmac_text(by_service, "aws4_request", strlen("aws4_request"), ret_key);
    explicit_bzero(seed, seed_size);
    mem_free(seed);
}

/* FNV-1a: it only spreads the slots. */
static uint32_t hash_text(uint32_t hash, const char *text) {
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * 16777619U;
    }
    return hash;
}

static void find_signing_key(const SigV4Key *key, SigV4Cache *cache,
                             uint8_t ret_key[SHA256_BYTES]) {
    if (cache == NULL || strlen(key->secret_key) >= SECRET_SIZE) {
        derive_signing_key(key, ret_key);
        return;
    }
    char scope[SIGV4_SCOPE_SIZE];
    sigv4_credential_scope(key, scope);
    uint32_t hash = hash_text(hash_text(2166136261U, key->secret_key), scope);
    CacheSlot *slot = &cache->slots[hash % CACHE_SLOTS];
    if (!str_equal(slot->scope, scope) || !str_equal(slot->secret, key->secret_key)) {
        derive_signing_key(key, slot->signing_key);
        str_copy(slot->scope, sizeof slot->scope, scope);
        str_copy(slot->secret, sizeof slot->secret, key->secret_key);
    }
    memcpy(ret_key, slot->signing_key, SHA256_BYTES);
}

void sigv4_signature(const SigV4Key *key, const char *string_to_sign, size_t size,
                     SigV4Cache *cache, char ret_hex[SHA256_HEX_SIZE]) {
    uint8_t signing_key[SHA256_BYTES];
    uint8_t signature[SHA256_BYTES];
    find_signing_key(key, cache, signing_key);
    hmac_text(signing_key, string_to_sign, size, signature);
    digest_to_hex(signature, sizeof signature, ret_hex);
    explicit_bzero(signing_key, sizeof signing_key);
}

/* --- All three ------------------------------------------------------------------------------- */

static Status sign(const SigV4Request *request, const SigV4Key *key, SigV4Cache *cache,
                   Buf *ret_signed_headers, char ret_hex[SHA256_HEX_SIZE], Err *err) {
    OWN(buf_done) Buf canonical = {0};
    OWN(buf_done) Buf to_sign = {0};
    TRY(sigv4_canonical_request(request, &canonical, ret_signed_headers, err));
    sigv4_string_to_sign(key, canonical.data, canonical.size, &to_sign);
    sigv4_signature(key, to_sign.data, to_sign.size, cache, ret_hex);
    return ST_OK;
}

Status sigv4_authorization(const SigV4Request *request, const SigV4Key *key,
                           const char *access_key_id, SigV4Cache *cache, Buf *out, Err *err) {
    OWN(buf_done) Buf signed_headers = {0};
    char signature[SHA256_HEX_SIZE];
    TRY(sign(request, key, cache, &signed_headers, signature, err));
    char scope[SIGV4_SCOPE_SIZE];
    sigv4_credential_scope(key, scope);
    buf_printf(out, ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s", access_key_id,
               scope, buf_text(&signed_headers), signature);
    return ST_OK;
}

static void append_parameter(Buf *query, const char *name, const char *value) {
    buf_printf(query, "%s%s=", query->size == 0 ? "" : "&", name);
    uri_append_encoded(query, value, strlen(value), false);
}

static void append_signing_parameters(const SigV4Key *key, const SigV4Presign *presign,
                                      const char *signed_headers, Buf *query) {
    char scope[SIGV4_SCOPE_SIZE];
    sigv4_credential_scope(key, scope);
    OWN(mem_free_at) char *credential = mem_printf("%s/%s", presign->access_key_id, scope);
    append_parameter(query, "X-Amz-Algorithm", ALGORITHM);
    append_parameter(query, "X-Amz-Credential", credential);
    append_parameter(query, "X-Amz-Date", key->stamp);
    buf_printf(query, "&X-Amz-Expires=%d", presign->expires_s);
    if (!str_is_empty(presign->session_token) && !presign->token_after_signing) {
        append_parameter(query, "X-Amz-Security-Token", presign->session_token);
    }
    append_parameter(query, "X-Amz-SignedHeaders", signed_headers);
}

Status sigv4_presigned_query(const SigV4Request *request, const SigV4Key *key,
                             const SigV4Presign *presign, Buf *out, Err *err) {
    if (presign->expires_s < 1 || presign->expires_s > 604800) {
        return err_set(err, ST_USAGE, "a link lives from 1 to 604800 seconds, not %d",
                       presign->expires_s);
    }
    OWN(buf_done) Buf lines = {0};
    OWN(buf_done) Buf signed_headers = {0};
    OWN(buf_done) Buf query = {0};
    TRY(append_canonical_headers(request, &lines, &signed_headers, err));
    buf_puts(&query, request->query == NULL ? "" : request->query);
    append_signing_parameters(key, presign, buf_text(&signed_headers), &query);

    SigV4Request with_query = *request;
    with_query.query = query.data;
    char signature[SHA256_HEX_SIZE];
    TRY(sign(&with_query, key, NULL, &signed_headers, signature, err));
    if (!str_is_empty(presign->session_token) && presign->token_after_signing) {
        append_parameter(&query, "X-Amz-Security-Token", presign->session_token);
    }
    append_parameter(&query, "X-Amz-Signature", signature);
    buf_append(out, query.data, query.size);
    return ST_OK;
}
