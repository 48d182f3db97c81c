/* A profile of IAM Identity Center: 'aws sso login' has put a token into ~/.aws/sso/cache, and the
 * portal gives the keys of a role for it. The token is renewed where the cache says how
 * (source_sso_token.h). Sources:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html
 * https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html */
#include "aws/call.h"
#include "aws/source.h"
#include "aws/source_sso_token.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/uri.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_MAX_BYTES = 64 << 10, TIMEOUT_MS = 15 * 1000 };

typedef struct SsoSetup {
    ProfileValue account_id;
    ProfileValue role_name;
    SsoSession session;
} SsoSetup;

/* --- What the profile says ------------------------------------------------------------------- */

static Status refuse_absent(const SourceContext *context, const char *name, const char *property,
                            Err *err) {
    ProfileValue place = profile_place(context->profile, name);
    return err_set(err, ST_USAGE, "%.400s:%d: profile '%.64s' uses SSO, but has no %s", place.path,
                   place.line, name, property);
}

/* A property of the session; the profile may repeat it, but not say anything else. */
static Status read_of_session(const Profile *profile, const char *name, const char *session,
                              const char *property, ProfileValue *ret_value, Err *err) {
    ProfileValue own = profile_get(profile, name, property);
    *ret_value = profile_get_shared(profile, "sso-session", session, property);
    if (str_is_empty(ret_value->text)) {
        ProfileValue place = profile_get_shared(profile, "sso-session", session, NULL);
        return err_set(err, ST_USAGE, "%.400s:%d: [sso-session %.64s] has no %s", place.path,
                       place.line, session, property);
    }
    if (own.text != NULL && !str_equal(own.text, ret_value->text)) {
        return err_set(err, ST_USAGE, "%.400s:%d: %s is another one than that of [sso-session %s]",
                       own.path, own.line, property, session);
    }
    return ST_OK;
}

static Status read_session(const SourceContext *context, const char *name, SsoSetup *setup,
                           Err *err) {
    const Profile *profile = context->profile;
    SsoSession *session = &setup->session;
    ProfileValue named = profile_get(profile, name, "sso_session");
    session->profile_name = name;
    session->name = named.text;
    if (named.text == NULL) {
        session->region = profile_get(profile, name, "sso_region");
        session->start_url = profile_get(profile, name, "sso_start_url");
        return ST_OK;
    }
    if (profile_get_shared(profile, "sso-session", named.text, NULL).text == NULL) {
        return err_set(err, ST_USAGE, "%.400s:%d: there is no [sso-session %.64s]", named.path,
                       named.line, named.text);
    }
    TRY(read_of_session(profile, name, named.text, "sso_region", &session->region, err));
    return read_of_session(profile, name, named.text, "sso_start_url", &session->start_url, err);
}

static Status check_setup(const SourceContext *context, const char *name, const SsoSetup *setup,
                          Err *err) {
    const struct {
        const char *property;
        const ProfileValue *value;
    } needed[] = {{"sso_account_id", &setup->account_id},
                  {"sso_role_name", &setup->role_name},
                  {"sso_region", &setup->session.region},
                  {"sso_start_url", &setup->session.start_url}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (str_is_empty(needed[i].value->text)) {
            return refuse_absent(context, name, needed[i].property, err);
        }
    }
    if (!str_is_account(setup->account_id.text)) {
        return err_set(err, ST_USAGE, "%.400s:%d: sso_account_id is no account id: 12 digits",
                       setup->account_id.path, setup->account_id.line);
    }
    if (!str_is_region(setup->session.region.text)) {
        return err_set(err, ST_USAGE, "%.400s:%d: sso_region is no name of a region",
                       setup->session.region.path, setup->session.region.line);
    }
    return ST_OK;
}

/* --- The role's keys ------------------------------------------------------------------------- */

static Status copy_member(const Json *root, const char *path, char *to, size_t size, Err *err) {
    const char *text = NULL;
    TRY(json_text(root, path, 1, size - 1, &text, err));
    return credentials_copy_key(to, size, text, path, err);
}

static Status parse_keys(void *context, const HttpAnswer *answer, Err *err) {
    AwsKeys *keys = context;
    OWN(json_free_at) Json *root = NULL;
    TRY(json_parse(answer->body, answer->body_size, &root, err));
    TRY(copy_member(root, "roleCredentials.accessKeyId", keys->access_key_id,
                    sizeof keys->access_key_id, err));
    TRY(copy_member(root, "roleCredentials.secretAccessKey", keys->secret_key,
                    sizeof keys->secret_key, err));
    TRY(copy_member(root, "roleCredentials.sessionToken", keys->session_token,
                    sizeof keys->session_token, err));
    return json_int_or(root, "roleCredentials.expiration", 0, INT64_MAX, 0, &keys->expires_ms, err);
}

static Status ask_portal(const SourceContext *context, const SsoSetup *setup, const char *token,
                         AwsKeys *keys, Err *err) {
    OWN(source_client_close) SourceClient client = {0};
    OWN(buf_done) Buf query = {0};
    OWN(source_wipe_text) Buf header = {0};
    const char *role = setup->role_name.text;
    buf_printf(&query, "account_id=%s&role_name=", setup->account_id.text);
    uri_append_encoded(&query, role, strlen(role), false);
    buf_printf(&header, "x-amz-sso_bearer_token: %s", token);
    TRY(source_client_open(context, NULL, setup->session.region.text, &client, err));
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_SSO;
    request.target =
        (AwsTarget){.account_id = setup->account_id.text, .region = setup->session.region.text};
    request.operation = "GetRoleCredentials";
    request.method = "GET";
    request.path = "/federation/credentials";
    request.query = buf_text(&query);
    request.headers[request.header_count++] = buf_text(&header);
    request.is_unsigned = true;
    request.max_answer_bytes = ANSWER_MAX_BYTES;
    request.timeout_ms = TIMEOUT_MS;
    request.parse = parse_keys;
    return call_run(client.aws, &request, keys, err);
}

static Status find(const SourceContext *context, const SsoSetup *setup, AwsKeys *keys, Err *err) {
    OWN(source_wipe_text) Buf token = {0};
    TRY(source_sso_token(context, &setup->session, &token, err));
    Status status = ask_portal(context, setup, buf_text(&token), keys, err);
    if (status != ST_OK && err->http_status == 401) {
        return source_sso_say_login(&setup->session, "is over", err);
    }
    if (status == ST_DENIED || status == ST_NOT_FOUND) {
        return err_hint(err, "whether the role is assigned to you in that account, 'aws sso "
                             "list-account-roles' tells");
    }
    return status;
}

Status source_sso(const SourceContext *context, const char *name, SourceKeys *ret_found, Err *err) {
    Err own = {0};
    SsoSetup setup = {.account_id = profile_get(context->profile, name, "sso_account_id"),
                      .role_name = profile_get(context->profile, name, "sso_role_name")};
    if (setup.account_id.text == NULL && setup.role_name.text == NULL) {
        return err_set(err, ST_NOTHING, "no sso_account_id");
    }
    Status status = read_session(context, name, &setup, &own);
    if (status == ST_OK) {
        status = check_setup(context, name, &setup, &own);
    }
    if (status == ST_OK) {
        status = find(context, &setup, &ret_found->keys, &own);
    }
    if (status != ST_OK) {
        if (err != NULL) {
            *err = own;
        }
        return status;
    }
    snprintf(ret_found->words, sizeof ret_found->words,
             "SSO role %.64s in account %.12s (profile '%.64s')", setup.role_name.text,
             setup.account_id.text, name);
    return ST_OK;
}
