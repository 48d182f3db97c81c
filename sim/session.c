#include "session.h"

#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAYLOAD_SIZE = 320 };

void session_key_init(SessionKey *key, int64_t seed) {
    char text[64];
    int size = snprintf(text, sizeof text, "confhouse-sim session key %lld", (long long)seed);
    digest_sha256(text, (size_t)size, key->bytes);
}

static void mac(const SessionKey *key, const char *purpose, const char *payload,
                uint8_t ret_mac[SHA256_BYTES]) {
    OWN(buf_done) Buf text = {0};
    buf_printf(&text, "%s\n%s", purpose, payload);
    digest_hmac_sha256(key->bytes, sizeof key->bytes, text.data, text.size, ret_mac);
}

/* The key id looks like one of AWS's, the secret has 40 characters of base64. */
static void derive(const SessionKey *key, const char *payload, Session *session) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t bytes[SHA256_BYTES];
    OWN(buf_done) Buf secret = {0};
    mac(key, "id", payload, bytes);
    memcpy(session->key_id, "ASIA", 4);
    for (size_t i = 0; i < 16; i++) {
        session->key_id[4 + i] = digits[bytes[i] & 31];
    }
    session->key_id[20] = '\0';
    mac(key, "secret", payload, bytes);
    digest_append_base64(&secret, bytes, 30);
    str_copy(session->secret, sizeof session->secret, buf_text(&secret));
}

void session_issue(const SessionKey *key, Session *session, Buf *ret_token) {
    char payload[PAYLOAD_SIZE];
    snprintf(payload, sizeof payload, "1\n%s\n%lld\n%s\n%s\n%llu\n", session->account_id,
             (long long)session->expires_ms, session->role, session->name,
             (unsigned long long)session->nonce);
    derive(key, payload, session);
    uint8_t bytes[SHA256_BYTES];
    mac(key, "token", payload, bytes);
    OWN(buf_done) Buf raw = {0};
    buf_append(&raw, bytes, sizeof bytes);
    buf_puts(&raw, payload);
    digest_append_base64(ret_token, raw.data, raw.size);
}

static bool parse_payload(const char *payload, Session *session) {
    OWN(mem_free_at) char *copy = mem_strdup(payload);
    char *rest = copy;
    const char *fields[6] = {0};
    for (size_t i = 0; i < 6; i++) {
        fields[i] = str_split(&rest, "\n");
        if (fields[i] == NULL) {
            return false;
        }
    }
    str_copy(session->account_id, sizeof session->account_id, fields[1]);
    str_copy(session->role, sizeof session->role, fields[3]);
    str_copy(session->name, sizeof session->name, fields[4]);
    session->nonce = strtoull(fields[5], NULL, 10);
    return strcmp(fields[0], "1") == 0 &&
           str_parse_int(fields[2], 0, INT64_MAX, &session->expires_ms);
}

bool session_read(const SessionKey *key, const char *key_id, const char *token,
                  Session *ret_session) {
    OWN(buf_done) Buf raw = {0};
    size_t size = strlen(token);
    *ret_session = (Session){0};
    if (size > SESSION_TOKEN_MAX_BYTES || !digest_append_base64_decoded(&raw, token, size) ||
        raw.size <= SHA256_BYTES || raw.size >= SHA256_BYTES + PAYLOAD_SIZE ||
        memchr(raw.data + SHA256_BYTES, '\0', raw.size - SHA256_BYTES) != NULL) {
        return false;
    }
    const char *payload = raw.data + SHA256_BYTES;
    uint8_t expected[SHA256_BYTES];
    mac(key, "token", payload, expected);
    if (!digest_equal(expected, raw.data, sizeof expected) ||
        !parse_payload(payload, ret_session)) {
        return false;
    }
    derive(key, payload, ret_session);
    return strcmp(ret_session->key_id, key_id) == 0;
}
