/* A role that is assumed with a token of another identity provider, as Kubernetes and CI services
 * put it into a file: of the environment (AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN,
 * AWS_ROLE_SESSION_NAME) or of a profile. The file is read anew each time: the provider renews it.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html */
#include "aws/source.h"
#include "aws/sts.h"
#include "base/file.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX_BYTES = 20000 };

/* What is set up, and what set it. */
typedef struct TokenSetup {
    const char *file;
    StsRole role;
    char origin[PROFILE_PLACE_SIZE];
} TokenSetup;

static Status read_token(const char *path, Buf *token, Err *err) {
    TRY(file_read(path, TOKEN_MAX_BYTES, token, err));
    while (token->size > 0 && strchr(" \t\r\n", token->data[token->size - 1]) != NULL) {
        token->data[--token->size] = '\0';
    }
    if (token->size == 0 || strlen(token->data) != token->size) {
        return err_set(err, ST_CREDENTIALS, "%.300s holds no token", path);
    }
    return ST_OK;
}

static Status check_setup(const TokenSetup *setup, Err *err) {
    if (str_is_empty(setup->role.arn)) {
        return err_set(err, ST_USAGE, "%s: a web identity token needs a role's ARN beside it",
                       setup->origin);
    }
    if (!sts_is_role_arn(setup->role.arn)) {
        return err_set(err, ST_USAGE, "%s: '%.100s' is no ARN of a role", setup->origin,
                       setup->role.arn);
    }
    if (!sts_is_session_name(setup->role.session_name)) {
        return err_set(err, ST_USAGE,
                       "%s: a role's session name has 2 to 64 letters, digits or _+=,.@-",
                       setup->origin);
    }
    return ST_OK;
}

static Status assume(const SourceContext *context, const TokenSetup *setup, SourceKeys *found,
                     Err *err) {
    OWN(source_wipe_text) Buf token = {0};
    OWN(source_client_close) SourceClient client = {0};
    TRY(check_setup(setup, err));
    TRY(read_token(setup->file, &token, err));
    TRY(source_client_open(context, NULL, context->region, &client, err));
    Status status =
        sts_assume_role_with_token(client.aws, &setup->role, buf_text(&token), &found->keys, err);
    if (status == ST_EXPIRED && err != NULL) {
        (void)err_hint(err, "whoever puts the token into %.200s must renew it", setup->file);
    }
    return status;
}

static Status find(const SourceContext *context, const TokenSetup *setup, SourceKeys *found,
                   Err *err) {
    Err own = {0};
    Status status = assume(context, setup, found, &own);
    if (status != ST_OK) {
        own.status = status == ST_NOT_FOUND ? ST_CREDENTIALS : status;
        (void)err_wrap(&own, "the web identity of %.300s", setup->origin);
        if (err != NULL) {
            *err = own;
        }
        return own.status;
    }
    snprintf(found->words, sizeof found->words, "role %.200s, assumed with the token in %.200s",
             setup->role.arn, setup->file);
    return ST_OK;
}

static const char *text_or(const char *text, const char *fallback) {
    return str_is_empty(text) ? fallback : text;
}

Status source_environment_token(const SourceContext *context, SourceKeys *ret_found, Err *err) {
    const Profile *profile = context->profile;
    TokenSetup setup = {.file = getenv("AWS_WEB_IDENTITY_TOKEN_FILE"),
                        .origin = "AWS_WEB_IDENTITY_TOKEN_FILE"};
    if (str_is_empty(setup.file)) {
        return err_set(err, ST_NOTHING, "AWS_WEB_IDENTITY_TOKEN_FILE is not set");
    }
    setup.role.arn = profile_setting(profile, "AWS_ROLE_ARN", "role_arn").text;
    setup.role.session_name = text_or(
        profile_setting(profile, "AWS_ROLE_SESSION_NAME", "role_session_name").text, "confhouse");
    return find(context, &setup, ret_found, err);
}

Status source_profile_token(const SourceContext *context, const char *name, SourceKeys *ret_found,
                            Err *err) {
    const Profile *profile = context->profile;
    ProfileValue file = profile_get(profile, name, "web_identity_token_file");
    TokenSetup setup = {.file = file.text};
    if (str_is_empty(file.text)) {
        return err_set(err, ST_NOTHING, "no web_identity_token_file");
    }
    profile_format_place(&file, setup.origin);
    setup.role.arn = profile_get(profile, name, "role_arn").text;
    setup.role.session_name =
        text_or(profile_get(profile, name, "role_session_name").text, "confhouse");
    return find(context, &setup, ret_found, err);
}
