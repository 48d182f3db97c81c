/* The keys of an EC2 instance's role, from the instance metadata service, version 2: a token first
 * (PUT), then the role's name and its keys with it. Version 1, which needs no token, is not asked:
 * whoever can make a server fetch a URL can read it. Source:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html */
#include "aws/failure.h"
#include "aws/source.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "format/uri.h"

#include <stdio.h>
#include <string.h>

#define TOKEN_PATH "/latest/api/token"
#define TOKEN_TTL  "X-aws-ec2-metadata-token-ttl-seconds: 21600"
#define KEYS_PATH  "/latest/meta-data/iam/security-credentials/"

enum {
    TIMEOUT_S = 1,
    MAX_TIMEOUT_S = 60,
    MAX_TRIES = 10,
    ROLE_MAX_BYTES = 256,
    OUTAGE_MS = 20 * 60 * 1000, /* how long keys are used that the service did not renew in time */
};

typedef struct Metadata {
    const SourceContext *context;
    char base[300]; /* without a slash at its end */
    int timeout_ms;
    int tries;
    Buf token_header;
} Metadata;

static void metadata_done(Metadata *metadata) {
    source_wipe_text(&metadata->token_header);
}

/* --- Settings -------------------------------------------------------------------------------- */

static Status read_number(const Profile *profile, const char *variable, const char *property,
                          int max, int *number, Err *err) {
    ProfileValue value = profile_setting(profile, variable, property);
    int64_t parsed = *number;
    if (value.text != NULL && !str_parse_int(value.text, 1, max, &parsed)) {
        return err_set(err, ST_USAGE, "%s (or %s in the profile) must be a number from 1 to %d",
                       variable, property, max);
    }
    *number = (int)parsed;
    return ST_OK;
}

static Status read_base(const Profile *profile, Metadata *metadata, Err *err) {
    ProfileValue endpoint = profile_setting(profile, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                            "ec2_metadata_service_endpoint");
    ProfileValue mode = profile_setting(profile, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                        "ec2_metadata_service_endpoint_mode");
    bool is_v6 = mode.text != NULL && str_equal_nocase(mode.text, "IPv6");
    const char *usual = is_v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
    const char *url = endpoint.text == NULL ? usual : endpoint.text;
    Uri uri;
    Err cause = {0};
    if (strlen(url) >= sizeof metadata->base || uri_parse(url, &uri, &cause) != ST_OK) {
        return err_set(err, ST_USAGE, "AWS_EC2_METADATA_SERVICE_ENDPOINT: %s", cause.message);
    }
    str_copy(metadata->base, sizeof metadata->base, url);
    size_t size = strlen(metadata->base);
    while (size > 0 && metadata->base[size - 1] == '/') {
        metadata->base[--size] = '\0';
    }
    return ST_OK;
}

static Status read_settings(Metadata *metadata, Err *err) {
    const Profile *profile = metadata->context->profile;
    int seconds = TIMEOUT_S;
    metadata->tries = 1;
    TRY(read_number(profile, "AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout",
                    MAX_TIMEOUT_S, &seconds, err));
    TRY(read_number(profile, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts",
                    MAX_TRIES, &metadata->tries, err));
    metadata->timeout_ms = seconds * 1000;
    return read_base(profile, metadata, err);
}

/* --- Asking ---------------------------------------------------------------------------------- */

/* A path of the service. ST_NOTHING when it is not there, or does not answer. */
static Status ask(Metadata *metadata, const char *method, const char *path, const char *header,
                  Buf *body, Err *err) {
    char url[700];
    Err cause = {0};
    int http_status = 0;
    Status status = ST_OK;
    snprintf(url, sizeof url, "%s%s", metadata->base, path);
    const SourceFetch fetch = {
        .method = method, .url = url, .header = header, .timeout_ms = metadata->timeout_ms};
    for (int i = 0; i < metadata->tries; i++) {
        status = source_fetch(metadata->context, &fetch, &http_status, body, &cause);
        if (status == ST_OK && http_status < 500) {
            break;
        }
    }
    if (status == ST_CANCELLED || status == ST_DEADLINE) {
        return err_set(err, status, "%s", cause.message);
    }
    if (status != ST_OK) {
        return err_set(err, ST_NOTHING, "%s does not answer", metadata->base);
    }
    if (http_status != 200 || body->size == 0) {
        return err_set(err, ST_NOTHING, "%s%s answers with HTTP status %d", metadata->base, path,
                       http_status);
    }
    return ST_OK;
}

static Status get_token(Metadata *metadata, Err *err) {
    OWN(source_wipe_text) Buf body = {0};
    TRY(ask(metadata, "PUT", TOKEN_PATH, TOKEN_TTL, &body, err));
    if (strcspn(buf_text(&body), "\r\n") != body.size) {
        return err_set(err, ST_NOTHING, "%s gives no token", metadata->base);
    }
    buf_printf(&metadata->token_header, "X-aws-ec2-metadata-token: %s", buf_text(&body));
    return ST_OK;
}

/* The first line: a name alone, which becomes part of the next path. */
static Status get_role(Metadata *metadata, char ret_role[ROLE_MAX_BYTES], Err *err) {
    OWN(buf_done) Buf body = {0};
    TRY(ask(metadata, "GET", KEYS_PATH, buf_text(&metadata->token_header), &body, err));
    str_copy(ret_role, ROLE_MAX_BYTES, buf_text(&body));
    ret_role[strcspn(ret_role, "\r\n")] = '\0';
    if (!str_is_role_name(ret_role) || strchr(ret_role, '/') != NULL) {
        return err_set(err, ST_NOTHING, "%s names no role", metadata->base);
    }
    return ST_OK;
}

/* {"Code": "Success", …} or {"Code": "AssumeRoleUnauthorizedAccess", "Message": …}. */
static Status read_answer(const Buf *body, AwsKeys *keys, Err *err) {
    OWN(json_free_at) Json *root = NULL;
    Err ignored = {0};
    if (json_parse(buf_text(body), body->size, &root, &ignored) != ST_OK) {
        return err_set(err, ST_CREDENTIALS, "its answer is no JSON");
    }
    const char *code = json_text_value(json_at(root, "Code"));
    if (code != NULL && !str_equal(code, "Success")) {
        char clean[100];
        failure_copy_clean(clean, sizeof clean, code);
        return err_set(err, ST_CREDENTIALS, "it answers with %s", clean);
    }
    return source_read_keys(root, "Token", keys, err);
}

static Status get_keys(Metadata *metadata, const char *role, AwsKeys *keys, Err *err) {
    OWN(source_wipe_text) Buf body = {0};
    char path[sizeof KEYS_PATH + ROLE_MAX_BYTES];
    snprintf(path, sizeof path, KEYS_PATH "%s", role);
    TRY(ask(metadata, "GET", path, buf_text(&metadata->token_header), &body, err));
    Status status = read_answer(&body, keys, err);
    return status == ST_OK ? status : err_wrap(err, "%s%s", metadata->base, path);
}

/* While the service cannot renew them, it hands out keys that have ended, which AWS goes on
 * accepting. */
static void bear_with_outage(AwsKeys *keys) {
    int64_t now_ms = clock_now_ms();
    if (keys->expires_ms != 0 && keys->expires_ms <= now_ms) {
        log_message(LOG_WARN, "the EC2 instance's keys have ended and it has no new ones yet: they "
                              "are used as long as AWS takes them");
        keys->expires_ms = now_ms + OUTAGE_MS;
    }
}

static Status find(Metadata *metadata, SourceKeys *found, Err *err) {
    char role[ROLE_MAX_BYTES];
    TRY(read_settings(metadata, err));
    TRY(get_token(metadata, err));
    TRY(get_role(metadata, role, err));
    TRY(get_keys(metadata, role, &found->keys, err));
    bear_with_outage(&found->keys);
    snprintf(found->words, sizeof found->words, "EC2 instance metadata at %.200s, role %.64s",
             metadata->base, role);
    return ST_OK;
}

Status source_instance(const SourceContext *context, SourceKeys *ret_found, Err *err) {
    OWN(metadata_done) Metadata metadata = {.context = context};
    Err own = {0};
    bool is_disabled = false;
    TRY(profile_flag(NULL, "AWS_EC2_METADATA_DISABLED", "", &is_disabled, err));
    if (is_disabled) {
        return err_set(err, ST_NOTHING, "AWS_EC2_METADATA_DISABLED is set");
    }
    Status status = find(&metadata, ret_found, &own);
    if (status != ST_OK && err != NULL) {
        *err = own;
    }
    return status;
}
