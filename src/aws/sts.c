#include "aws/sts.h"

#include "aws/call.h"
#include "aws/failure.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/partition.h"
#include "base/str.h"
#include "format/uri.h"
#include "format/xml.h"

#include <ctype.h>
#include <string.h>

#define API_VERSION "2011-06-15"

enum {
    DURATION_MIN_S = 900,
    DURATION_MAX_S = 43200,
    DURATION_S = 3600,
    ANSWER_MAX_BYTES = 1 << 20,
    TIMEOUT_MS = 15 * 1000, /* of one attempt, while everything else waits for it */
};

static void append_parameter(Buf *body, const char *name, const char *value) {
    buf_printf(body, "&%s=", name);
    uri_append_encoded(body, value, strlen(value), false);
}

static Status parse_answer(Arena *arena, const HttpAnswer *answer, const char *root_name,
                           const XmlNode **ret_root, Err *err) {
    TRY(xml_parse(arena, answer->body, answer->body_size, ret_root, err));
    if (!str_equal((*ret_root)->name, root_name)) {
        return err_set(err, ST_PROTOCOL, "the answer is no %s", root_name);
    }
    return ST_OK;
}

/* --- AssumeRole ------------------------------------------------------------------------------ */

typedef struct AssumeCall {
    Buf body;
    AwsKeys keys;
    StsAssumeRoleDone *done;
    void *context;
} AssumeCall;

static void free_call(void *context) {
    AssumeCall *call = context;
    buf_done(&call->body);
    credentials_wipe(&call->keys);
    mem_free(call);
}

/* `min` to `max` characters that are letters, digits or one of `others`. */
static bool is_made_of(const char *text, size_t min, size_t max, const char *others) {
    size_t size = text == NULL ? 0 : strlen(text);
    for (size_t i = 0; i < size; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr(others, text[i]) == NULL) {
            return false;
        }
    }
    return size >= min && size <= max;
}

bool sts_is_session_name(const char *text) {
    return is_made_of(text, 2, 64, "_+=,.@-");
}

bool sts_is_external_id(const char *text) {
    return is_made_of(text, 2, 1224, "_+=,.@:/-");
}

bool sts_is_role_arn(const char *text) {
    if (text == NULL || !str_starts(text, "arn:aws") || strlen(text) > 2048) {
        return false;
    }
    const char *service = strchr(text + strlen("arn:"), ':');
    if (service == NULL || !str_starts(service, ":iam::")) {
        return false;
    }
    char account[13];
    str_copy(account, sizeof account, service + strlen(":iam::"));
    const char *rest = service + strlen(":iam::") + strnlen(account, sizeof account);
    return str_is_account(account) && str_starts(rest, ":role/") &&
           str_is_role_name(rest + strlen(":role/"));
}

static Status check_options(const StsAssumeRole *options, Err *err) {
    const Partition *partition = NULL;
    TRY(partition_find(options->region, &partition, err));
    if (!str_is_account(options->account_id)) {
        return err_set(err, ST_USAGE, "\"%.40s\" is no account id: 12 digits", options->account_id);
    }
    if (!str_is_role_name(options->role_name)) {
        return err_set(err, ST_USAGE, "\"%.100s\" is no name of a role", options->role_name);
    }
    if (!sts_is_session_name(options->session_name)) {
        return err_set(err, ST_USAGE,
                       "a role's session name has 2 to 64 letters, digits or _+=,.@-");
    }
    if (options->external_id != NULL && !sts_is_external_id(options->external_id)) {
        return err_set(err, ST_USAGE, "an external id has 2 to 1224 letters, digits or _+=,.@:/-");
    }
    if (options->duration_s != 0 &&
        (options->duration_s < DURATION_MIN_S || options->duration_s > DURATION_MAX_S)) {
        return err_set(err, ST_USAGE, "a session lasts 900 to 43200 seconds, not %d",
                       options->duration_s);
    }
    return ST_OK;
}

static Status copy_key(const XmlNode *credentials, const char *name, char *to, size_t size,
                       Err *err) {
    const char *text = NULL;
    TRY(xml_need(credentials, name, 1, size - 1, &text, err));
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~') {
            return err_set(err, ST_PROTOCOL, "%s holds a character that no key has", name);
        }
    }
    str_copy(to, size, text);
    return ST_OK;
}

static Status read_keys(const XmlNode *credentials, AwsKeys *keys, Err *err) {
    const char *expiration = NULL;
    TRY(copy_key(credentials, "AccessKeyId", keys->access_key_id, sizeof keys->access_key_id, err));
    TRY(copy_key(credentials, "SecretAccessKey", keys->secret_key, sizeof keys->secret_key, err));
    TRY(copy_key(credentials, "SessionToken", keys->session_token, sizeof keys->session_token,
                 err));
    TRY(xml_need(credentials, "Expiration", 1, 64, &expiration, err));
    if (!clock_parse_time(expiration, &keys->expires_ms)) {
        return err_set(err, ST_PROTOCOL, "the keys' Expiration is no time");
    }
    return ST_OK;
}

static Status on_parse(void *context, const HttpAnswer *answer, Err *err) {
    AssumeCall *call = context;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    TRY(parse_answer(&arena, answer, "AssumeRoleResponse", &root, err));
    const XmlNode *credentials = xml_at(root, "AssumeRoleResult.Credentials");
    if (credentials == NULL) {
        return err_set(err, ST_PROTOCOL, "the answer holds no credentials");
    }
    return read_keys(credentials, &call->keys, err);
}

static void on_done(void *context, const HttpAnswer *answer, const Err *failure) {
    (void)answer;
    AssumeCall *call = context;
    call->done(call->context, failure == NULL ? &call->keys : NULL, failure);
    free_call(call);
}

/* The options were checked: their region has a partition. */
static void write_body(const StsAssumeRole *options, Buf *body) {
    OWN(mem_free_at)
    char *arn = mem_printf("arn:%s:iam::%s:role/%s", partition_of_region(options->region)->name,
                           options->account_id, options->role_name);
    buf_puts(body, "Action=AssumeRole&Version=" API_VERSION);
    append_parameter(body, "RoleArn", arn);
    append_parameter(body, "RoleSessionName", options->session_name);
    if (options->external_id != NULL) {
        append_parameter(body, "ExternalId", options->external_id);
    }
    buf_printf(body, "&DurationSeconds=%d",
               options->duration_s == 0 ? DURATION_S : options->duration_s);
}

Status sts_assume_role(Aws *aws, const StsAssumeRole *options, StsAssumeRoleDone *done,
                       void *context, Err *err) {
    TRY(check_options(options, err));
    AssumeCall *call = mem_alloc(sizeof *call);
    call->done = done;
    call->context = context;
    write_body(options, &call->body);
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_STS;
    request.target = (AwsTarget){
        .account_id = options->account_id, .region = options->region, .rank = options->rank};
    request.operation = "AssumeRole";
    request.body = buf_text(&call->body);
    request.body_size = call->body.size;
    request.max_answer_bytes = ANSWER_MAX_BYTES;
    request.parse = on_parse;
    request.drop = free_call;
    Status status = aws_start(aws, &request, on_done, call, err);
    if (status != ST_OK) {
        free_call(call);
    }
    return status;
}

/* --- A role named in full -------------------------------------------------------------------- */

/* Which answer is waited for, and where its keys go. */
typedef struct KeysAnswer {
    const char *root;
    const char *path;
    AwsKeys *keys;
} KeysAnswer;

static Status parse_keys(void *context, const HttpAnswer *answer, Err *err) {
    const KeysAnswer *expected = context;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    TRY(parse_answer(&arena, answer, expected->root, &root, err));
    const XmlNode *credentials = xml_at(root, expected->path);
    if (credentials == NULL) {
        return err_set(err, ST_PROTOCOL, "the answer holds no credentials");
    }
    return read_keys(credentials, expected->keys, err);
}

static void append_role(Buf *body, const char *action, const StsRole *role) {
    buf_printf(body, "Action=%s&Version=" API_VERSION, action);
    append_parameter(body, "RoleArn", role->arn);
    append_parameter(body, "RoleSessionName", role->session_name);
    buf_printf(body, "&DurationSeconds=%d", role->duration_s == 0 ? DURATION_S : role->duration_s);
}

static Status ask_for_keys(Aws *aws, const StsRole *role, AwsRequest *request, KeysAnswer *answer,
                           Err *err) {
    char account[13] = "";
    str_copy(account, sizeof account, strstr(role->arn, ":iam::") + strlen(":iam::"));
    request->service = AWS_STS;
    request->target = (AwsTarget){.account_id = account, .region = aws_region(aws)};
    request->max_answer_bytes = ANSWER_MAX_BYTES;
    request->timeout_ms = TIMEOUT_MS;
    request->parse = parse_keys;
    Status status = call_run(aws, request, answer, err);
    if (status != ST_OK) {
        credentials_wipe(answer->keys);
    }
    return status;
}

Status sts_assume_role_arn(Aws *aws, const StsRole *role, AwsKeys *ret_keys, Err *err) {
    OWN(buf_done) Buf body = {0};
    KeysAnswer answer = {"AssumeRoleResponse", "AssumeRoleResult.Credentials", ret_keys};
    ASSERT(sts_is_role_arn(role->arn));
    append_role(&body, "AssumeRole", role);
    if (role->external_id != NULL) {
        append_parameter(&body, "ExternalId", role->external_id);
    }
    if (role->mfa_serial != NULL) {
        append_parameter(&body, "SerialNumber", role->mfa_serial);
        append_parameter(&body, "TokenCode", role->mfa_code);
    }
    AwsRequest request = AWS_REQUEST_NONE;
    request.operation = "AssumeRole";
    request.body = buf_text(&body);
    request.body_size = body.size;
    return ask_for_keys(aws, role, &request, &answer, err);
}

Status sts_assume_role_with_token(Aws *aws, const StsRole *role, const char *token,
                                  AwsKeys *ret_keys, Err *err) {
    OWN(buf_done) Buf body = {0};
    KeysAnswer answer = {"AssumeRoleWithWebIdentityResponse",
                         "AssumeRoleWithWebIdentityResult.Credentials", ret_keys};
    ASSERT(sts_is_role_arn(role->arn));
    append_role(&body, "AssumeRoleWithWebIdentity", role);
    append_parameter(&body, "WebIdentityToken", token);
    AwsRequest request = AWS_REQUEST_NONE;
    request.operation = "AssumeRoleWithWebIdentity";
    request.is_unsigned = true;
    request.body = buf_text(&body);
    request.body_size = body.size;
    return ask_for_keys(aws, role, &request, &answer, err);
}

/* --- GetCallerIdentity ----------------------------------------------------------------------- */

static Status parse_identity(void *context, const HttpAnswer *answer, Err *err) {
    StsIdentity *identity = context;
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    const char *account_id = NULL;
    TRY(parse_answer(&arena, answer, "GetCallerIdentityResponse", &root, err));
    TRY(xml_need(root, "GetCallerIdentityResult.Account", 12, 12, &account_id, err));
    if (!str_is_account(account_id)) {
        return err_set(err, ST_PROTOCOL, "the answer's Account is no account id");
    }
    const char *arn = xml_text(root, "GetCallerIdentityResult.Arn");
    const char *user_id = xml_text(root, "GetCallerIdentityResult.UserId");
    *identity = (StsIdentity){0};
    memcpy(identity->account_id, account_id, sizeof identity->account_id);
    failure_copy_clean(identity->arn, sizeof identity->arn, arn == NULL ? "" : arn);
    failure_copy_clean(identity->user_id, sizeof identity->user_id, user_id == NULL ? "" : user_id);
    return ST_OK;
}

Status sts_get_identity(Aws *aws, StsIdentity *ret_identity, Err *err) {
    static const char body[] = "Action=GetCallerIdentity&Version=" API_VERSION;
    AwsRequest request = AWS_REQUEST_NONE;
    request.service = AWS_STS;
    request.target.region = aws_region(aws);
    request.operation = "GetCallerIdentity";
    request.body = body;
    request.body_size = sizeof body - 1;
    request.max_answer_bytes = ANSWER_MAX_BYTES;
    request.parse = parse_identity;
    return call_run(aws, &request, ret_identity, err);
}

Status sts_get_caller_identity(Aws *aws, char ret_account_id[13], Err *err) {
    StsIdentity identity;
    TRY(sts_get_identity(aws, &identity, err));
    memcpy(ret_account_id, identity.account_id, sizeof identity.account_id);
    return ST_OK;
}
