/* The endpoint that ECS and EKS give their containers: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or
 * _FULL_URI, with AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or AWS_CONTAINER_AUTHORIZATION_TOKEN. Over
 * plain HTTP it must be on this machine, or one of the addresses that AWS has for it. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
#include "aws/source_container.h"

#include "aws/failure.h"
#include "aws/source.h"
#include "base/file.h"
#include "base/str.h"
#include "format/uri.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RELATIVE_BASE "http://169.254.170.2"

enum { TIMEOUT_MS = 2000, TRIES = 3, PAUSE_MS = 500, TOKEN_MAX_BYTES = 16 << 10 };

/* --- Where it is, and what it wants ---------------------------------------------------------- */

static bool is_same_address(const char *host, const char *known) {
    struct in6_addr a;
    struct in6_addr b;
    return str_equal(host, known) ||
           (inet_pton(AF_INET6, host, &a) == 1 && inet_pton(AF_INET6, known, &b) == 1 &&
            memcmp(&a, &b, sizeof a) == 0);
}

static bool may_be_plain(const char *host) {
    return uri_host_is_loopback(host) || is_same_address(host, "169.254.170.2") ||
           is_same_address(host, "169.254.170.23") || is_same_address(host, "fd00:ec2::23");
}

Status source_container_url(Buf *ret_url, Err *err) {
    const char *relative = getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    Uri uri;
    Err cause = {0};
    bool is_relative = relative != NULL && relative[0] != '\0';
    buf_clear(ret_url);
    if (!is_relative && str_is_empty(full)) {
        return err_set(err, ST_NOTHING, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not set");
    }
    if (is_relative && relative[0] != '/') {
        return err_set(err, ST_USAGE,
                       "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with a slash");
    }
    buf_printf(ret_url, "%s%s", is_relative ? RELATIVE_BASE : "", is_relative ? relative : full);
    if (uri_parse(buf_text(ret_url), &uri, &cause) != ST_OK) {
        return err_set(err, ST_USAGE, "AWS_CONTAINER_CREDENTIALS_%s_URI: %s",
                       is_relative ? "RELATIVE" : "FULL", cause.message);
    }
    if (!uri.is_https && !may_be_plain(uri.host)) {
        return err_set(err, ST_USAGE,
                       "AWS_CONTAINER_CREDENTIALS_FULL_URI: %.100s may be asked over https only",
                       uri.host);
    }
    return ST_OK;
}

static Status read_authorization(Buf *header, Err *err) {
    OWN(source_wipe_text) Buf token = {0};
    const char *path = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *value = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if (!str_is_empty(path)) {
        TRY(file_read(path, TOKEN_MAX_BYTES, &token, err));
    } else if (!str_is_empty(value)) {
        buf_puts(&token, value);
    } else {
        return ST_OK;
    }
    while (token.size > 0 && strchr("\r\n", token.data[token.size - 1]) != NULL) {
        token.data[--token.size] = '\0';
    }
    if (token.size == 0 || strcspn(token.data, "\r\n") != token.size) {
        return err_set(err, ST_CREDENTIALS, "AWS_CONTAINER_AUTHORIZATION_TOKEN%s is no token",
                       str_is_empty(path) ? "" : "_FILE");
    }
    buf_printf(header, "Authorization: %s", buf_text(&token));
    return ST_OK;
}

/* --- Asking ---------------------------------------------------------------------------------- */

static bool is_worth_another_try(Status status, int http_status) {
    return status == ST_NETWORK || (status == ST_OK && http_status >= 500);
}

static Status ask(const SourceContext *context, const char *url, const char *header, Buf *body,
                  Err *err) {
    const SourceFetch fetch = {
        .method = "GET", .url = url, .header = header, .timeout_ms = TIMEOUT_MS};
    int http_status = 0;
    Status status = ST_OK;
    for (int i = 0; i < TRIES; i++) {
        const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
        if (i > 0) {
            nanosleep(&pause, NULL);
        }
        status = source_fetch(context, &fetch, &http_status, body, err);
        if (!is_worth_another_try(status, http_status)) {
            break;
        }
    }
    if (status == ST_OK && http_status != 200) {
        return err_set(err, ST_CREDENTIALS, "it answers with HTTP status %d", http_status);
    }
    return status;
}

static Status read_answer(const Buf *body, AwsKeys *keys, Err *err) {
    OWN(json_free_at) Json *root = NULL;
    Err ignored = {0};
    if (json_parse(buf_text(body), body->size, &root, &ignored) != ST_OK) {
        return err_set(err, ST_CREDENTIALS, "its answer is no JSON");
    }
    return source_read_keys(root, "Token", keys, err);
}

static Status find(const SourceContext *context, const char *url, AwsKeys *keys, Err *err) {
    OWN(source_wipe_text) Buf header = {0};
    OWN(source_wipe_text) Buf body = {0};
    TRY(read_authorization(&header, err));
    TRY(ask(context, url, header.size == 0 ? NULL : buf_text(&header), &body, err));
    return read_answer(&body, keys, err);
}

Status source_container(const SourceContext *context, SourceKeys *ret_found, Err *err) {
    OWN(buf_done) Buf url = {0};
    Err own = {0};
    TRY(source_container_url(&url, err));
    Status status = find(context, buf_text(&url), &ret_found->keys, &own);
    char shown[200];
    failure_copy_clean(shown, sizeof shown, buf_text(&url));
    if (status != ST_OK) {
        (void)err_wrap(&own, "the container's credentials at %s", shown);
        if (err != NULL) {
            *err = own;
        }
        return status;
    }
    snprintf(ret_found->words, sizeof ret_found->words, "the container's endpoint %s", shown);
    return ST_OK;
}
