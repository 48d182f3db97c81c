#include "auth.h"

#include "base/mem.h"
#include "base/str.h"
#include "claim.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SKEW_MS = 15 * 60 * 1000, MAX_LINK_S = 604800, REMEMBERED = 512 };

/* Sessions seen lately: reading a token costs three MACs, a scan sends the same ones again and
 * again. */
typedef struct Remembered {
    char token[SESSION_TOKEN_MAX_BYTES + 1];
    Session session;
} Remembered;

struct Auth {
    char key_id[64];
    char secret[128];
    SessionKey session_key;
    pthread_mutex_t lock; /* of all below */
    SigV4Cache *signing_keys;
    Remembered *remembered;
};

Auth *auth_new(const AuthOptions *options) {
    Auth *auth = mem_alloc(sizeof *auth);
    str_copy(auth->key_id, sizeof auth->key_id, options->key_id);
    str_copy(auth->secret, sizeof auth->secret, options->secret);
    session_key_init(&auth->session_key, options->seed);
    ASSERT(pthread_mutex_init(&auth->lock, NULL) == 0);
    auth->signing_keys = sigv4_cache_new();
    auth->remembered = mem_array(REMEMBERED, sizeof *auth->remembered);
    return auth;
}

void auth_free(Auth *auth) {
    if (auth != NULL) {
        sigv4_cache_free(auth->signing_keys);
        mem_free(auth->remembered);
        pthread_mutex_destroy(&auth->lock);
        mem_free(auth);
    }
}

const SessionKey *auth_session_key(const Auth *auth) {
    return &auth->session_key;
}

/* --- What AWS says -------------------------------------------------------------------------- */

/* One kind of refusal as each family of services words it. */
typedef struct Refusal {
    int status[4]; /* by Protocol */
    const char *code[4];
    const char *message;
} Refusal;

typedef enum RefusalKind {
    REFUSE_MISSING,
    REFUSE_MALFORMED,
    REFUSE_KEY,
    REFUSE_TOKEN,
    REFUSE_SIGNATURE,
    REFUSE_SKEW,
    REFUSE_EXPIRED,
    REFUSE_UNSIGNED,
} RefusalKind;

static const Refusal refusals[] = {
    [REFUSE_MISSING] = {{400, 403, 403, 403},
                        {"MissingAuthenticationTokenException",
                         "MissingAuthenticationTokenException", "MissingAuthenticationToken",
                         "AccessDenied"},
                        "Missing Authentication Token"},
    [REFUSE_MALFORMED] = {{400, 400, 400, 400},
                          {"IncompleteSignatureException", "IncompleteSignatureException",
                           "IncompleteSignature", "AuthorizationHeaderMalformed"},
                          "The authorization is malformed, or its date does not fit: it needs a "
                          "Credential with a scope "
                          "of that day, SignedHeaders, a Signature and X-Amz-Date."},
    [REFUSE_KEY] = {{400, 403, 403, 403},
                    {"UnrecognizedClientException", "UnrecognizedClientException",
                     "InvalidClientTokenId", "InvalidAccessKeyId"},
                    "The security token included in the request is invalid."},
    [REFUSE_TOKEN] = {{400, 403, 403, 400},
                      {"UnrecognizedClientException", "UnrecognizedClientException",
                       "InvalidClientTokenId", "InvalidToken"},
                      "The security token included in the request is invalid."},
    [REFUSE_SIGNATURE] =
        {{400, 403, 403, 403},
         {"InvalidSignatureException", "InvalidSignatureException", "SignatureDoesNotMatch",
          "SignatureDoesNotMatch"},
         "The request signature we calculated does not match the signature you provided. Check "
         "your AWS "
         "Secret Access Key and signing method. Consult the service documentation for details."},
    [REFUSE_SKEW] = {{400, 403, 403, 403},
                     {"InvalidSignatureException", "InvalidSignatureException",
                      "SignatureDoesNotMatch", "RequestTimeTooSkewed"},
                     "Signature expired or not yet current: the date of the request is more than "
                     "15 minutes away "
                     "from the time of the service."},
    [REFUSE_EXPIRED] = {{400, 403, 403, 400},
                        {"ExpiredTokenException", "ExpiredTokenException", "ExpiredToken",
                         "ExpiredToken"},
                        "The security token included in the request is expired"},
    [REFUSE_UNSIGNED] =
        {{400, 403, 403, 403},
         {"InvalidSignatureException", "InvalidSignatureException", "SignatureDoesNotMatch",
          "AccessDenied"},
         "There were headers present in the request which were not signed: Host and all X-Amz-* "
         "headers must be."},
};

static bool refuse(Exchange *exchange, RefusalKind kind) {
    const Refusal *refusal = &refusals[kind];
    Protocol protocol = exchange->reply.protocol;
    reply_error(&exchange->reply, refusal->status[protocol], refusal->code[protocol], "%s",
                refusal->message);
    return false;
}

/* --- The steps ------------------------------------------------------------------------------- */

Protocol auth_protocol(const Request *request) {
    Claim claim;
    ClaimState state = claim_read(request, &claim);
    claim_done(&claim);
    const char *service = state == CLAIM_PRESENT ? claim.service : "";
    const char *type = request_header(request, "content-type");
    if (str_equal(service, "s3")) {
        return PROTOCOL_S3;
    }
    if (request_header(request, "x-amz-target") != NULL) {
        return PROTOCOL_JSON;
    }
    if (str_equal(service, "ses") || str_starts(request->path, "/v2/email/")) {
        return PROTOCOL_REST_JSON;
    }
    if (str_equal(service, "sts") || str_equal(service, "sns") ||
        (type != NULL && str_starts(type, "application/x-www-form-urlencoded"))) {
        return PROTOCOL_QUERY;
    }
    return service[0] != '\0' ? PROTOCOL_JSON : PROTOCOL_S3;
}

static bool remember_session(Auth *auth, const char *key_id, const char *token,
                             Session *ret_session) {
    uint32_t hash = 2166136261U;
    for (const char *c = key_id; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619U;
    }
    Remembered *slot = &auth->remembered[hash % REMEMBERED];
    if (strcmp(slot->session.key_id, key_id) != 0 || strcmp(slot->token, token) != 0) {
        Session session;
        if (!session_read(&auth->session_key, key_id, token, &session)) {
            return false;
        }
        str_copy(slot->token, sizeof slot->token, token);
        slot->session = session;
    }
    *ret_session = slot->session;
    return true;
}

/* The secret that belongs to the key id, and whose it is. */
static bool find_secret(Auth *auth, Exchange *exchange, const Claim *claim, Session *ret_session) {
    Caller *caller = &exchange->request.caller;
    *ret_session = (Session){0};
    str_copy(caller->key_id, sizeof caller->key_id, claim->key_id);
    str_copy(caller->region, sizeof caller->region, claim->region);
    str_copy(caller->service, sizeof caller->service, claim->service);
    str_copy(caller->stamp, sizeof caller->stamp, claim->stamp);
    str_copy(caller->signature, sizeof caller->signature, claim->signature);
    if (strcmp(claim->key_id, auth->key_id) == 0) {
        str_copy(caller->secret, sizeof caller->secret, auth->secret);
        caller->account = 0;
        return claim->token == NULL || refuse(exchange, REFUSE_TOKEN);
    }
    if (!str_starts(claim->key_id, "ASIA") || claim->token == NULL) {
        return refuse(exchange, REFUSE_KEY);
    }
    if (!remember_session(auth, claim->key_id, claim->token, ret_session)) {
        return refuse(exchange, REFUSE_TOKEN);
    }
    caller->account = world_find_account(exchange->world, ret_session->account_id);
    if (caller->account == WORLD_NONE) {
        return refuse(exchange, REFUSE_TOKEN);
    }
    caller->is_session = true;
    str_copy(caller->secret, sizeof caller->secret, ret_session->secret);
    str_copy(caller->role, sizeof caller->role, ret_session->role);
    str_copy(caller->session_name, sizeof caller->session_name, ret_session->name);
    return true;
}

static bool check_time(Exchange *exchange, const Claim *claim, int64_t now_ms) {
    int64_t signed_ms = 0;
    if (!clock_parse_stamp(claim->stamp, &signed_ms) ||
        strncmp(claim->stamp, claim->date, 8) != 0) {
        return refuse(exchange, REFUSE_MALFORMED);
    }
    if (!claim->in_query) {
        return llabs(now_ms - signed_ms) <= MAX_SKEW_MS || refuse(exchange, REFUSE_SKEW);
    }
    if (claim->expires_s < 1 || claim->expires_s > MAX_LINK_S) {
        reply_error(&exchange->reply, 400, "AuthorizationQueryParametersError",
                    "X-Amz-Expires must be between 1 and %d seconds", MAX_LINK_S);
        return false;
    }
    if (signed_ms > now_ms + MAX_SKEW_MS) {
        return refuse(exchange, REFUSE_SKEW);
    }
    if (now_ms > signed_ms + claim->expires_s * 1000) {
        reply_error(&exchange->reply, 403, "AccessDenied", "Request has expired");
        return false;
    }
    return true;
}

static bool check_signed_headers(Exchange *exchange, const Claim *claim) {
    if (!claim_signs(claim, "host")) {
        return refuse(exchange, REFUSE_UNSIGNED);
    }
    for (size_t i = 0; i < exchange->request.header_count; i++) {
        const char *name = exchange->request.headers[i].name;
        if (strncasecmp(name, "x-amz-", 6) == 0 && !claim_signs(claim, name)) {
            return refuse(exchange, REFUSE_UNSIGNED);
        }
    }
    return true;
}

/* The query without its signature. */
static void append_signed_query(const char *query, Buf *out) {
    while (*query != '\0') {
        size_t size = strcspn(query, "&");
        if (size > 0 && !str_starts(query, "X-Amz-Signature=")) {
            buf_puts(out, out->size > 0 ? "&" : "");
            buf_append(out, query, size);
        }
        query += size;
        query += *query == '&' ? 1 : 0;
    }
}

/* What stands for the body in the signature. */
static bool find_payload_hash(Exchange *exchange, const Claim *claim,
                              char ret_hash[SHA256_HEX_SIZE]) {
    const Request *request = &exchange->request;
    const char *header = request_header(request, "x-amz-content-sha256");
    bool is_s3 = exchange->reply.protocol == PROTOCOL_S3;
    if (is_s3 && claim->in_query) {
        str_copy(ret_hash, SHA256_HEX_SIZE, header != NULL ? header : "UNSIGNED-PAYLOAD");
        return true;
    }
    if (!is_s3) {
        digest_sha256_hex(buf_text(&request->body), request->body.size, ret_hash);
        return true;
    }
    if (header == NULL) {
        reply_error(&exchange->reply, 400, "InvalidRequest",
                    "Missing required header for this request: x-amz-content-sha256");
        return false;
    }
    str_copy(ret_hash, SHA256_HEX_SIZE, header);
    return true;
}

static Status compute_signature(Auth *auth, Exchange *exchange, const Claim *claim,
                                const char *payload_hash, char ret_hex[SHA256_HEX_SIZE], Err *err) {
    const Request *request = &exchange->request;
    SigV4Pair headers[EXCHANGE_MAX_HEADERS];
    OWN(buf_done) Buf query = {0};
    append_signed_query(request->query, &query);
    SigV4Request to_sign = {
        .method = request->method,
        .path = request->path,
        .query = buf_text(&query),
        .headers = headers,
        .payload_hash = payload_hash,
        .is_s3 = exchange->reply.protocol == PROTOCOL_S3,
    };
    for (size_t i = 0; i < request->header_count; i++) {
        if (claim_signs(claim, request->headers[i].name)) {
            headers[to_sign.header_count++] = request->headers[i];
        }
    }
    OWN(buf_done) Buf canonical = {0};
    OWN(buf_done) Buf signed_headers = {0};
    OWN(buf_done) Buf text = {0};
    TRY(sigv4_canonical_request(&to_sign, &canonical, &signed_headers, err));
    SigV4Key key = {
        .region = claim->region, .service = claim->service, .secret_key = request->caller.secret};
    str_copy(key.stamp, sizeof key.stamp, claim->stamp);
    sigv4_string_to_sign(&key, canonical.data, canonical.size, &text);
    sigv4_signature(&key, text.data, text.size, auth->signing_keys, ret_hex);
    return ST_OK;
}

static bool check_signature(Auth *auth, Exchange *exchange, const Claim *claim) {
    char payload_hash[SHA256_HEX_SIZE];
    char expected[SHA256_HEX_SIZE];
    Err err = {0};
    if (!find_payload_hash(exchange, claim, payload_hash)) {
        return false;
    }
    pthread_mutex_lock(&auth->lock);
    Status status = compute_signature(auth, exchange, claim, payload_hash, expected, &err);
    pthread_mutex_unlock(&auth->lock);
    if (status != ST_OK || strlen(claim->signature) != strlen(expected) ||
        !digest_equal(expected, claim->signature, strlen(expected))) {
        return refuse(exchange, REFUSE_SIGNATURE);
    }
    return true;
}

static bool check_claim(Auth *auth, Exchange *exchange, const Claim *claim) {
    Session session;
    int64_t now_ms = clock_now_ms();
    pthread_mutex_lock(&auth->lock);
    bool found = find_secret(auth, exchange, claim, &session);
    pthread_mutex_unlock(&auth->lock);
    if (!found || !check_time(exchange, claim, now_ms) || !check_signed_headers(exchange, claim) ||
        !check_signature(auth, exchange, claim)) {
        return false;
    }
    if (exchange->request.caller.is_session && now_ms >= session.expires_ms) {
        return refuse(exchange, REFUSE_EXPIRED);
    }
    return true;
}

bool auth_check(Auth *auth, Exchange *exchange) {
    Claim claim;
    bool good = false;
    switch (claim_read(&exchange->request, &claim)) {
    case CLAIM_MISSING:
        good = refuse(exchange, REFUSE_MISSING);
        break;
    case CLAIM_MALFORMED:
        good = refuse(exchange, REFUSE_MALFORMED);
        break;
    case CLAIM_PRESENT:
        good = check_claim(auth, exchange, &claim);
        break;
    }
    claim_done(&claim);
    return good;
}

void auth_sign_text(Auth *auth, const Caller *caller, const char *text, size_t size,
                    char ret_hex[SHA256_HEX_SIZE]) {
    SigV4Key key = {
        .region = caller->region, .service = caller->service, .secret_key = caller->secret};
    str_copy(key.stamp, sizeof key.stamp, caller->stamp);
    pthread_mutex_lock(&auth->lock);
    sigv4_signature(&key, text, size, auth->signing_keys, ret_hex);
    pthread_mutex_unlock(&auth->lock);
}
