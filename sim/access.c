#include "access.h"

#include "base/mem.h"
#include "base/str.h"
#include "form.h"
#include "format/json.h"
#include "format/uri.h"
#include "policy.h"
#include "sim.h"

#include <stdio.h>
#include <string.h>

enum { MAX_POLICIES = 20, MAX_NEEDS = 2, ARN_SIZE = 2200 };

struct Access {
    Json *root;
};

/* One thing that a call needs. */
typedef struct Need {
    char action[96];
    char resource[ARN_SIZE];
} Need;
typedef struct Needs {
    size_t count;
    Need needs[MAX_NEEDS];
} Needs;

/* ---- the documents ---- */

static const Json *find_role(const Access *access, const char *role) {
    const Json *roles = access == NULL ? NULL : json_at(access->root, "roles");
    for (const Json *item = json_first(roles); item != NULL; item = json_next(item)) {
        if (str_equal(json_name(item), role)) {
            return item;
        }
    }
    return NULL;
}

bool access_has_role(const Access *access, const char *role) {
    return find_role(access, role) != NULL;
}

static Status check_role(const Json *role, Err *err) {
    const Json *policies = NULL;
    TRY(json_array(role, "policies", MAX_POLICIES, &policies, err));
    for (const Json *item = json_first(policies); item != NULL; item = json_next(item)) {
        TRY(policy_check(item, false, err));
    }
    const Json *trust = json_at(role, "trust");
    return trust == NULL ? ST_OK : policy_check(trust, true, err);
}

Status access_parse(const char *text, size_t size, Access **ret_access, Err *err) {
    OWN(json_free_at) Json *root = NULL;
    TRY(json_parse(text, size, &root, err));
    const Json *roles = json_at(root, "roles");
    if (!json_is_object(roles)) {
        return err_set(err, ST_USAGE, "policies: roles is not an object");
    }
    for (const Json *item = json_first(roles); item != NULL; item = json_next(item)) {
        if (!str_is_role_name(json_name(item))) {
            return err_set(err, ST_USAGE, "policies: '%.60s' is not the name of a role",
                           json_name(item));
        }
        TRY(check_role(item, err));
    }
    *ret_access = mem_alloc(sizeof **ret_access);
    (*ret_access)->root = root;
    root = NULL;
    return ST_OK;
}

void access_free(Access *access) {
    if (access != NULL) {
        json_free(access->root);
        mem_free(access);
    }
}

/* ---- what a call needs ---- */

static void add_need(Needs *needs, const char *action, const char *resource) {
    ASSERT(needs->count < MAX_NEEDS);
    Need *need = &needs->needs[needs->count++];
    str_copy(need->action, sizeof need->action, action);
    str_copy(need->resource, sizeof need->resource, resource);
}

/* "/bucket/key", encoded, as an ARN. */
static void add_object_need(Needs *needs, const char *action, const char *path) {
    OWN(buf_done) Buf arn = {0};
    const char *text = path + (path[0] == '/');
    buf_puts(&arn, "arn:aws:s3:::");
    (void)uri_append_decoded(&arn, text, strlen(text), false);
    if (arn.size > 0 && arn.data[arn.size - 1] == '/' &&
        strchr(text, '/') == text + strlen(text) - 1) {
        arn.data[--arn.size] = '\0'; /* "/bucket/" is the bucket */
    }
    add_need(needs, action, buf_text(&arn));
}

/* Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
static void find_s3_needs(const Exchange *exchange, Needs *needs) {
    static const struct {
        const char *operation;
        const char *action;
    } actions[] = {
        {"HeadObject", "s3:GetObject"},
        {"UploadPart", "s3:PutObject"},
        {"CreateMultipartUpload", "s3:PutObject"},
        {"CompleteMultipartUpload", "s3:PutObject"},
        {"CopyObject", "s3:PutObject"},
        {"ListObjectsV2", "s3:ListBucket"},
        {"HeadBucket", "s3:ListBucket"},
        {"ListMultipartUploads", "s3:ListBucketMultipartUploads"},
    };
    const Request *request = &exchange->request;
    const char *action = exchange->operation;
    const char *source = request_header(request, "x-amz-copy-source");
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        if (str_equal(exchange->operation + strlen("s3:"), actions[i].operation)) {
            action = actions[i].action;
        }
    }
    add_object_need(needs, action, request->path);
    if (source != NULL) {
        add_object_need(needs, "s3:GetObject", source);
    } else if (str_equal(action, "s3:PutObject") && request_header(request, "if-match") != NULL) {
        add_object_need(needs, "s3:GetObject", request->path);
    }
}

/* The identity is the domain of the address. */
static void find_ses_needs(const Exchange *exchange, Needs *needs) {
    const Request *request = &exchange->request;
    const Caller *caller = &request->caller;
    OWN(json_free_at) Json *input = NULL;
    Err err = {0};
    char identity[ARN_SIZE] = "*";
    if (json_parse(buf_text(&request->body), request->body.size, &input, &err) == ST_OK) {
        const char *from = json_text_value(json_at(input, "FromEmailAddress"));
        const char *domain = from == NULL ? NULL : strrchr(from, '@');
        if (domain != NULL) {
            snprintf(identity, sizeof identity, "arn:aws:ses:%s:%s:identity/%.*s", caller->region,
                     exchange->world->accounts[caller->account].id, (int)strcspn(domain + 1, ">"),
                     domain + 1);
        }
    }
    add_need(needs, "ses:SendEmail", identity);
    if (json_at(input, "Content.Simple.Attachments") != NULL) {
        add_need(needs, "ses:SendRawEmail", identity);
    }
}

static void find_form_need(const Exchange *exchange, const char *field, Needs *needs) {
    Form form;
    const char *text = form_open(&exchange->request, &form) ? form_text(&form, field) : NULL;
    add_need(needs, exchange->operation, text == NULL ? "*" : text);
    form_done(&form);
}

static void find_needs(const Exchange *exchange, Needs *needs) {
    const char *operation = exchange->operation;
    if (str_equal(operation, "sts:GetCallerIdentity")) {
        return; /* needs no permission */
    }
    if (str_starts(operation, "s3:")) {
        find_s3_needs(exchange, needs);
    } else if (str_starts(operation, "ses:")) {
        find_ses_needs(exchange, needs);
    } else if (str_equal(operation, "sts:AssumeRole")) {
        find_form_need(exchange, "RoleArn", needs);
    } else if (str_equal(operation, "sns:Publish")) {
        find_form_need(exchange, "TopicArn", needs);
    } else if (str_starts(operation, "tagging:")) {
        char action[96];
        snprintf(action, sizeof action, "tag:%s", operation + strlen("tagging:"));
        add_need(needs, action, "*");
    } else {
        add_need(needs, operation, "*");
    }
}

/* ---- judging ---- */

static PolicyRequest make_request(const Exchange *exchange, const char *action,
                                  const char *resource, char role_arn[ARN_SIZE],
                                  char account_arn[ARN_SIZE]) {
    const Caller *caller = &exchange->request.caller;
    const char *account = exchange->world->accounts[caller->account].id;
    const char *partition = world_partition(caller->region);
    snprintf(role_arn, ARN_SIZE, "arn:%s:iam::%s:%s%s", partition, account,
             caller->is_session ? "role/" : "user/simulator", caller->role);
    snprintf(account_arn, ARN_SIZE, "arn:%s:iam::%s:root", partition, account);
    return (PolicyRequest){.action = action,
                           .resource = resource,
                           .role_arn = role_arn,
                           .account_arn = account_arn,
                           .keys = {{"aws:PrincipalArn", role_arn},
                                    {"aws:PrincipalAccount", account},
                                    {"aws:PrincipalOrgID", exchange->world->organization_id},
                                    {"aws:RequestedRegion", caller->region},
                                    /* Nobody reaches AWS otherwise. */
                                    {"aws:SecureTransport", "true"}}};
}

static PolicyAnswer judge(const Exchange *exchange, const char *action, const char *resource) {
    char role_arn[ARN_SIZE];
    char account_arn[ARN_SIZE];
    const Caller *caller = &exchange->request.caller;
    const Json *role = caller->is_session ? find_role(exchange->sim->access, caller->role) : NULL;
    if (role == NULL) {
        return POLICY_ALLOWS;
    }
    const PolicyRequest request = make_request(exchange, action, resource, role_arn, account_arn);
    PolicyAnswer answer = POLICY_SILENT;
    const Json *policies = json_at(role, "policies");
    for (const Json *item = json_first(policies); item != NULL; item = json_next(item)) {
        PolicyAnswer one = policy_judge(item, &request);
        if (one == POLICY_DENIES) {
            return one;
        }
        answer = one == POLICY_ALLOWS ? one : answer;
    }
    return answer;
}

bool access_allows(const Exchange *exchange, const char *action, const char *resource) {
    return judge(exchange, action, resource) == POLICY_ALLOWS;
}

bool access_trusts(const Exchange *exchange, const char *role, const char *external_id) {
    char role_arn[ARN_SIZE];
    char account_arn[ARN_SIZE];
    const Json *trust = json_at(find_role(exchange->sim->access, role), "trust");
    if (trust == NULL) {
        return true;
    }
    PolicyRequest request = make_request(exchange, "sts:AssumeRole", "*", role_arn, account_arn);
    request.keys[5].name = "sts:ExternalId";
    request.keys[5].value = external_id;
    return policy_judge(trust, &request) == POLICY_ALLOWS;
}

/* As each family of services says it. */
static void refuse(Exchange *exchange, const Need *need, PolicyAnswer answer) {
    const Caller *caller = &exchange->request.caller;
    const char *operation = exchange->operation;
    bool is_s3 = str_starts(operation, "s3:");
    bool is_sns = str_starts(operation, "sns:");
    bool is_ec2 = str_starts(operation, "ec2:");
    bool names_it = strcmp(need->resource, "*") != 0;
    const char *code = is_ec2   ? "UnauthorizedOperation"
                       : is_sns ? "AuthorizationError"
                       : exchange->reply.protocol == PROTOCOL_JSON ||
                               exchange->reply.protocol == PROTOCOL_REST_JSON
                           ? "AccessDeniedException"
                           : "AccessDenied";
    char why[160];
    if (answer == POLICY_DENIES) {
        str_copy(why, sizeof why, "with an explicit deny in an identity-based policy");
    } else {
        snprintf(why, sizeof why, "because no identity-based policy allows the %s action",
                 need->action);
    }
    reply_error(
        &exchange->reply, exchange->reply.protocol == PROTOCOL_JSON ? 400 : 403, code,
        "%sUser: arn:%s:sts::%s:assumed-role/%s/%s is not authorized to perform: %s%s%s%s%s "
        "%s",
        is_ec2 ? "You are not authorized to perform this operation. " : "",
        world_partition(caller->region), exchange->world->accounts[caller->account].id,
        caller->role, caller->session_name, need->action, names_it ? " on resource: " : "",
        is_s3 ? "\"" : "", names_it ? need->resource : "", is_s3 ? "\"" : "", why);
}

bool access_check(Exchange *exchange) {
    if (exchange->sim->access == NULL || !exchange->request.caller.is_session) {
        return true;
    }
    Needs needs = {0};
    find_needs(exchange, &needs);
    for (size_t i = 0; i < needs.count; i++) {
        PolicyAnswer answer = judge(exchange, needs.needs[i].action, needs.needs[i].resource);
        if (answer != POLICY_ALLOWS) {
            refuse(exchange, &needs.needs[i], answer);
            return false;
        }
    }
    return true;
}
