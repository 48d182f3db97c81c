#include "aws/source.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_TIMEOUT_MS = 5 * 1000, FETCH_MAX_BYTES = 64 << 10, REASON_SIZE = 150 };

void source_wipe(SourceKeys *found) {
    credentials_wipe(&found->keys);
}

void source_wipe_text(Buf *text) {
    if (text->data != NULL) {
        explicit_bzero(text->data, text->capacity);
    }
    buf_done(text);
}

/* --- Keys that stand somewhere --------------------------------------------------------------- */

Status source_environment(SourceKeys *ret_found, Err *err) {
    if (str_is_empty(getenv("AWS_ACCESS_KEY_ID")) &&
        str_is_empty(getenv("AWS_SECRET_ACCESS_KEY"))) {
        return err_set(err, ST_NOTHING, "AWS_ACCESS_KEY_ID is not set");
    }
    TRY(credentials_from_environment(&ret_found->keys, err));
    snprintf(ret_found->words, sizeof ret_found->words, "the environment (AWS_ACCESS_KEY_ID)");
    return ST_OK;
}

/* Copies a property that is part of a key; "" when it is absent. */
static Status copy_property(const ProfileValue *value, const char *property, char *to, size_t size,
                            Err *err) {
    char place[PROFILE_PLACE_SIZE];
    char what[PROFILE_PLACE_SIZE + 40];
    if (value->text == NULL) {
        to[0] = '\0';
        return ST_OK;
    }
    profile_format_place(value, place);
    snprintf(what, sizeof what, "%s: %s", place, property);
    return credentials_copy_key(to, size, value->text, what, err);
}

static Status refuse_half(const char *name, const ProfileValue *id, const ProfileValue *secret,
                          Err *err) {
    char place[PROFILE_PLACE_SIZE];
    bool has_id = !str_is_empty(id->text);
    profile_format_place(has_id ? id : secret, place);
    return err_set(err, ST_USAGE, "%s: profile '%.64s' has an %s, but no %s", place, name,
                   has_id ? "aws_access_key_id" : "aws_secret_access_key",
                   has_id ? "aws_secret_access_key" : "aws_access_key_id");
}

static Status find_static_keys(const SourceContext *context, ProfileFile file, const char *name,
                               SourceKeys *ret_found, Err *err) {
    const Profile *profile = context->profile;
    AwsKeys *keys = &ret_found->keys;
    ProfileValue id = profile_get_in(profile, file, name, "aws_access_key_id");
    ProfileValue secret = profile_get_in(profile, file, name, "aws_secret_access_key");
    ProfileValue token = profile_get_in(profile, file, name, "aws_session_token");
    if (id.text == NULL && secret.text == NULL) {
        return err_set(err, ST_NOTHING, "no aws_access_key_id in %.80s",
                       profile_path(profile, file));
    }
    if (str_is_empty(id.text) || str_is_empty(secret.text)) {
        return refuse_half(name, &id, &secret, err);
    }
    TRY(copy_property(&id, "aws_access_key_id", keys->access_key_id, sizeof keys->access_key_id,
                      err));
    TRY(copy_property(&secret, "aws_secret_access_key", keys->secret_key, sizeof keys->secret_key,
                      err));
    TRY(copy_property(&token, "aws_session_token", keys->session_token, sizeof keys->session_token,
                      err));
    char place[PROFILE_PLACE_SIZE];
    profile_format_place(&id, place);
    snprintf(ret_found->words, sizeof ret_found->words, "keys of profile '%.64s' (%s)", name,
             place);
    return ST_OK;
}

/* --- The places, in their order -------------------------------------------------------------- */

static Status find_environment(const SourceContext *context, const char *name, SourceKeys *found,
                               Err *err) {
    (void)name;
    if (profile_is_explicit(context->profile)) {
        return err_set(err, ST_NOTHING, "passed over: a profile was named");
    }
    return source_environment(found, err);
}

static Status find_token(const SourceContext *context, const char *name, SourceKeys *found,
                         Err *err) {
    Err reason = {0};
    if (profile_is_explicit(context->profile)) {
        return source_profile_token(context, name, found, err);
    }
    Status status = source_environment_token(context, found, err);
    if (status != ST_NOTHING) {
        return status;
    }
    status = source_profile_token(context, name, found, &reason);
    if (status != ST_NOTHING && status != ST_OK && err != NULL) {
        *err = reason;
    }
    return status;
}

static Status find_in_credentials(const SourceContext *context, const char *name, SourceKeys *found,
                                  Err *err) {
    return find_static_keys(context, PROFILE_CREDENTIALS, name, found, err);
}

static Status find_in_config(const SourceContext *context, const char *name, SourceKeys *found,
                             Err *err) {
    return find_static_keys(context, PROFILE_CONFIG, name, found, err);
}

static Status find_container(const SourceContext *context, const char *name, SourceKeys *found,
                             Err *err) {
    (void)name;
    return source_container(context, found, err);
}

static Status find_instance(const SourceContext *context, const char *name, SourceKeys *found,
                            Err *err) {
    (void)name;
    return source_instance(context, found, err);
}

typedef Status FindPlace(const SourceContext *context, const char *name, SourceKeys *found,
                         Err *err);

static const struct {
    const char *words;
    FindPlace *find;
} places[] = {
    {"the environment", find_environment},
    {"a role", source_role},
    {"a web identity", find_token},
    {"SSO", source_sso},
    {"the credentials file", find_in_credentials},
    {"a process", source_process},
    {"the config file", find_in_config},
    {"the container", find_container},
    {"EC2 instance metadata", find_instance},
};

static void append_reason(Buf *tried, const char *words, const Err *err) {
    buf_printf(tried, "%s%s (%.*s)", tried->size == 0 ? "" : "; ", words, REASON_SIZE,
               err->message);
}

static Status say_nothing_was_found(const SourceContext *context, const Buf *tried, Err *err) {
    (void)err_set(err, ST_CREDENTIALS,
                  "there are no AWS credentials. Tried for profile '%.64s': %s",
                  profile_name(context->profile), buf_text(tried));
    return err == NULL ? ST_CREDENTIALS
                       : err_hint(err, "name a profile with --profile, set AWS_ACCESS_KEY_ID and "
                                       "AWS_SECRET_ACCESS_KEY, or run 'aws configure'");
}

Status source_find(const SourceContext *context, SourceKeys *ret_found, Err *err) {
    OWN(buf_done) Buf tried = {0};
    const char *name = profile_name(context->profile);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        Err reason = {0};
        TRY(source_check_time(context, err));
        Status status = places[i].find(context, name, ret_found, &reason);
        if (status == ST_OK) {
            return ST_OK;
        }
        source_wipe(ret_found);
        if (status != ST_NOTHING) {
            if (err != NULL) {
                *err = reason;
            }
            return status;
        }
        append_reason(&tried, places[i].words, &reason);
    }
    return say_nothing_was_found(context, &tried, err);
}

Status source_of_profile(const SourceContext *context, const char *name, SourceKeys *ret_found,
                         Err *err) {
    static FindPlace *const of_profile[] = {source_profile_token, source_sso, find_in_credentials,
                                            source_process, find_in_config};
    for (size_t i = 0; i < sizeof of_profile / sizeof *of_profile; i++) {
        Status status = of_profile[i](context, name, ret_found, err);
        if (status != ST_NOTHING) {
            return status;
        }
    }
    return err_set(err, ST_NOTHING, "profile '%.64s' has no keys, nor says where to get them",
                   name);
}

/* --- Asking ---------------------------------------------------------------------------------- */

static bool is_cancelled(const SourceContext *context) {
    return context->cancelled != NULL && *(const volatile bool *)context->cancelled;
}

Status source_check_time(const SourceContext *context, Err *err) {
    if (is_cancelled(context)) {
        return err_set(err, ST_CANCELLED, "cancelled");
    }
    if (clock_now_ms() >= context->deadline_ms) {
        return err_set(err, ST_DEADLINE, "looking for credentials took too long");
    }
    return ST_OK;
}

Status source_client_open(const SourceContext *context, const AwsKeys *keys, const char *region,
                          SourceClient *ret_client, Err *err) {
    const HttpOptions http = {.max_connections = 1,
                              .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                              .ca_bundle = context->ca_bundle,
                              .user_agent = context->user_agent};
    *ret_client = (SourceClient){0};
    TRY(source_check_time(context, err));
    TRY(http_open(&http, &ret_client->http, err));
    const AwsOptions options = {.http = ret_client->http,
                                .keys = keys,
                                .profile = context->profile,
                                .region = region,
                                .deadline_ms = context->deadline_ms,
                                .cancelled = context->cancelled};
    Status status = aws_open(&options, &ret_client->aws, err);
    if (status != ST_OK) {
        source_client_close(ret_client);
    }
    return status;
}

void source_client_close(SourceClient *client) {
    aws_close(client->aws);
    http_close(client->http);
    *client = (SourceClient){0};
}

typedef struct Fetched {
    bool finished;
    int status;
    Buf *body;
    Err failure;
} Fetched;

static void on_fetched(void *context, const HttpAnswer *answer, const Err *failure) {
    Fetched *fetched = context;
    fetched->finished = true;
    if (failure != NULL) {
        fetched->failure = *failure;
        return;
    }
    fetched->status = answer->status;
    buf_append(fetched->body, answer->body, answer->body_size);
}

Status source_fetch(const SourceContext *context, const SourceFetch *fetch, int *ret_status,
                    Buf *ret_body, Err *err) {
    OWN(http_close_at) Http *http = NULL;
    Fetched fetched = {.body = ret_body};
    const HttpOptions options = {.max_connections = 1,
                                 .connect_timeout_ms = fetch->timeout_ms,
                                 .ca_bundle = context->ca_bundle,
                                 .user_agent = context->user_agent};
    HttpRequest request = HTTP_REQUEST_NONE;
    request.method = fetch->method;
    request.url = fetch->url;
    request.header_count = fetch->header == NULL ? 0 : 1;
    request.headers[0] = fetch->header;
    request.timeout_ms = fetch->timeout_ms;
    request.max_answer_bytes = FETCH_MAX_BYTES;
    buf_clear(ret_body);
    TRY(source_check_time(context, err));
    TRY(http_open(&options, &http, err));
    TRY(http_start(http, &request, on_fetched, &fetched, NULL, err));
    TRY(http_run(http, &fetched.finished, err));
    ASSERT(fetched.finished);
    if (fetched.failure.status != ST_OK && err != NULL) {
        *err = fetched.failure;
    }
    *ret_status = fetched.status;
    return fetched.failure.status;
}

/* --- Keys in JSON ---------------------------------------------------------------------------- */

/* A required part of a key; what it holds stays out of messages. */
static Status copy_member(const Json *root, const char *name, char *to, size_t size, Err *err) {
    const char *text = json_text_value(json_at(root, name));
    if (str_is_empty(text)) {
        return err_set(err, ST_CREDENTIALS, "the answer has no %s", name);
    }
    return credentials_copy_key(to, size, text, name, err);
}

static Status read_expiration(const Json *root, int64_t *ret_time_ms, Err *err) {
    const Json *node = json_at(root, "Expiration");
    if (node == NULL) {
        *ret_time_ms = 0;
        return ST_OK;
    }
    if (!credentials_parse_expiry(json_text_value(node), ret_time_ms)) {
        return err_set(err, ST_CREDENTIALS, "the answer's Expiration is no time");
    }
    return ST_OK;
}

Status source_read_keys(const Json *root, const char *token_name, AwsKeys *ret_keys, Err *err) {
    TRY(copy_member(root, "AccessKeyId", ret_keys->access_key_id, sizeof ret_keys->access_key_id,
                    err));
    TRY(copy_member(root, "SecretAccessKey", ret_keys->secret_key, sizeof ret_keys->secret_key,
                    err));
    ret_keys->session_token[0] = '\0';
    if (!str_is_empty(json_text_value(json_at(root, token_name)))) {
        TRY(copy_member(root, token_name, ret_keys->session_token, sizeof ret_keys->session_token,
                        err));
    }
    return read_expiration(root, &ret_keys->expires_ms, err);
}
