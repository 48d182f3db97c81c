#include "aws/source_sso_token.h"

#include "aws/call.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"

#include <stdio.h>
#include <string.h>

enum {
    FILE_MAX_BYTES = 256 << 10,
    TOKEN_MAX_BYTES = 16 << 10,
    RENEW_BEFORE_MS = 15 * 60 * 1000,
    TIMEOUT_MS = 15 * 1000,
};

Status source_sso_say_login(const SsoSession *session, const char *what, Err *err) {
    (void)err_set(err, ST_CREDENTIALS, "the SSO session of profile '%.64s' %s",
                  session->profile_name, what);
    if (err == NULL) {
        return ST_CREDENTIALS;
    }
    return err_hint(err, "run: aws sso login --profile %.64s", session->profile_name);
}

/* --- The cache ------------------------------------------------------------------------------- */

static char *cache_path(const SsoSession *session) {
    char hex[SHA1_HEX_SIZE];
    char rest[SHA1_HEX_SIZE + 32];
    const char *named = session->name == NULL ? session->start_url.text : session->name;
    digest_sha1_hex(named, strlen(named), hex);
    snprintf(rest, sizeof rest, "sso/cache/%s.json", hex);
    return profile_home_path(rest);
}

static Status read_cache(const SsoSession *session, const char *path, Json **ret_root, Err *err) {
    OWN(source_wipe_text) Buf text = {0};
    Err cause = {0};
    Status status = path == NULL ? ST_NOT_FOUND : file_read(path, FILE_MAX_BYTES, &text, &cause);
    if (status == ST_NOT_FOUND) {
        return source_sso_say_login(session, "has not been begun", err);
    }
    if (status == ST_OK) {
        status = json_parse(buf_text(&text), text.size, ret_root, &cause);
    }
    if (status != ST_OK) {
        char what[600];
        snprintf(what, sizeof what, "cannot be read from %.200s: %.300s", path, cause.message);
        return source_sso_say_login(session, what, err);
    }
    return ST_OK;
}

static const char *member(const Json *root, const char *name) {
    const char *text = json_text_value(json_at(root, name));
    return text == NULL ? "" : text;
}

/* Whether it may go into a header. */
static bool is_token(const char *text) {
    char copy[TOKEN_MAX_BYTES];
    Err ignored = {0};
    bool good = text[0] != '\0' &&
                credentials_copy_key(copy, sizeof copy, text, "the token", &ignored) == ST_OK;
    explicit_bzero(copy, sizeof copy);
    return good;
}

/* --- Renewing -------------------------------------------------------------------------------- */

typedef struct RenewedToken {
    Buf access_token;
    Buf refresh_token; /* empty = the old one stays */
    int64_t expires_ms;
} RenewedToken;

static void renewed_done(RenewedToken *token) {
    source_wipe_text(&token->access_token);
    source_wipe_text(&token->refresh_token);
}

static bool can_renew(const Json *cached, int64_t now_ms) {
    int64_t registered_until_ms = 0;
    return member(cached, "refreshToken")[0] != '\0' && member(cached, "clientId")[0] != '\0' &&
           member(cached, "clientSecret")[0] != '\0' &&
           credentials_parse_expiry(member(cached, "registrationExpiresAt"),
                                    &registered_until_ms) &&
           registered_until_ms > now_ms;
}

static Status parse_renewed(void *context, const HttpAnswer *answer, Err *err) {
    RenewedToken *token = context;
    OWN(json_free_at) Json *root = NULL;
    int64_t seconds = 0;
    TRY(json_parse(answer->body, answer->body_size, &root, err));
    TRY(json_int_or(root, "expiresIn", 1, 31622400, 0, &seconds, err));
    if (!is_token(member(root, "accessToken")) || seconds == 0) {
        return err_set(err, ST_PROTOCOL, "the answer holds no token");
    }
    buf_clear(&token->access_token);
    buf_clear(&token->refresh_token);
    buf_puts(&token->access_token, member(root, "accessToken"));
    buf_puts(&token->refresh_token, member(root, "refreshToken"));
    token->expires_ms = clock_now_ms() + seconds * 1000;
    return ST_OK;
}

static Status ask_for_token(const SourceContext *context, const SsoSession *session,
                            const Json *cached, RenewedToken *ret_token, Err *err) {
    OWN(source_client_close) SourceClient client = {0};
    OWN(source_wipe_text) Buf body = {0};
    JsonWriter json = {.out = &body};
    json_begin_object(&json, NULL);
    json_put_text(&json, "clientId", member(cached, "clientId"));
    json_put_text(&json, "clientSecret", member(cached, "clientSecret"));
    json_put_text(&json, "grantType", "refresh_token");
    json_put_text(&json, "refreshToken", member(cached, "refreshToken"));
    json_end_object(&json);
    TRY(source_client_open(context, NULL, session->region.text, &client, err));
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_SSO_OIDC;
    request.target.region = session->region.text;
    request.operation = "CreateToken";
    request.path = "/token";
    request.body = buf_text(&body);
    request.body_size = body.size;
    request.is_unsigned = true;
    request.max_answer_bytes = FILE_MAX_BYTES;
    request.timeout_ms = TIMEOUT_MS;
    request.parse = parse_renewed;
    return call_run(client.aws, &request, ret_token, err);
}

/* All that the cache had, with the new token in it. */
static void write_cache(const Json *cached, const RenewedToken *token, const char *path) {
    OWN(source_wipe_text) Buf text = {0};
    char expires_at[CLOCK_TIME_SIZE];
    Err err = {0};
    JsonWriter json = {.out = &text};
    clock_format_time(token->expires_ms, expires_at);
    json_begin_object(&json, NULL);
    for (const Json *item = json_first(cached); item != NULL; item = json_next(item)) {
        const char *name = json_name(item);
        const char *value = json_text_value(item);
        bool is_refresh = str_equal(name, "refreshToken") && token->refresh_token.size > 0;
        if (str_equal(name, "accessToken")) {
            value = buf_text(&token->access_token);
        } else if (str_equal(name, "expiresAt")) {
            value = expires_at;
        } else if (is_refresh) {
            value = buf_text(&token->refresh_token);
        }
        if (value != NULL) {
            json_put_text(&json, name, value);
        }
    }
    json_end_object(&json);
    if (file_write_private(path, text.data, text.size, &err) != ST_OK) {
        log_message(LOG_WARN, "the renewed SSO token could not be kept: %s", err.message);
    }
}

/* Leaves the old token when it cannot be renewed. */
static void renew(const SourceContext *context, const SsoSession *session, const Json *cached,
                  const char *path, Buf *token) {
    OWN(renewed_done) RenewedToken renewed = {0};
    Err err = {0};
    if (ask_for_token(context, session, cached, &renewed, &err) != ST_OK) {
        log_message(LOG_DEBUG, "the SSO token could not be renewed: %s", err.message);
        return;
    }
    write_cache(cached, &renewed, path);
    buf_clear(token);
    buf_puts(token, buf_text(&renewed.access_token));
}

Status source_sso_token(const SourceContext *context, const SsoSession *session, Buf *ret_token,
                        Err *err) {
    OWN(json_free_at) Json *cached = NULL;
    OWN(mem_free_at) char *path = cache_path(session);
    int64_t expires_ms = 0;
    int64_t now_ms = clock_now_ms();
    TRY(read_cache(session, path, &cached, err));
    const char *token = member(cached, "accessToken");
    if (!is_token(token) || !credentials_parse_expiry(member(cached, "expiresAt"), &expires_ms)) {
        return source_sso_say_login(session, "has no token in its cache", err);
    }
    bool has_ended = expires_ms <= now_ms;
    buf_clear(ret_token);
    if (!has_ended) {
        buf_puts(ret_token, token);
    }
    if (session->name != NULL && expires_ms - now_ms < RENEW_BEFORE_MS &&
        can_renew(cached, now_ms)) {
        renew(context, session, cached, path, ret_token);
    }
    return ret_token->size > 0 ? ST_OK : source_sso_say_login(session, "is over", err);
}
