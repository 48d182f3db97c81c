/* AWS Security Token Service: AssumeRole and GetCallerIdentity, in the query protocol. */
#include "base/mem.h"
#include "base/str.h"
#include "form.h"
#include "format/digest.h"
#include "format/xml.h"
#include "service.h"
#include "sim.h"

#include <stdio.h>
#include <string.h>

enum { DEFAULT_DURATION_S = 3600, CHAINED_DURATION_S = 3600 };

#define STS_NAMESPACE "https://sts.amazonaws.com/doc/2011-06-15/"

static void begin(Exchange *exchange, const char *action) {
    buf_printf(&exchange->reply.body, "<%sResponse xmlns=\"" STS_NAMESPACE "\">\n  <%sResult>\n",
               action, action);
}

static void end(Exchange *exchange, const char *action) {
    buf_printf(&exchange->reply.body,
               "  </%sResult>\n  <ResponseMetadata>\n    <RequestId>%s</RequestId>\n"
               "  </ResponseMetadata>\n</%sResponse>\n",
               action, exchange->reply.request_id, action);
}

/* The caller as IAM names it. */
static void append_caller_arn(const Exchange *exchange, Buf *out) {
    const Caller *caller = &exchange->request.caller;
    const char *account = exchange->world->accounts[caller->account].id;
    const char *partition = world_partition(caller->region);
    if (caller->is_session) {
        buf_printf(out, "arn:%s:sts::%s:assumed-role/%s/%s", partition, account, caller->role,
                   caller->session_name);
    } else {
        buf_printf(out, "arn:%s:iam::%s:user/simulator", partition, account);
    }
}

static void get_caller_identity(Exchange *exchange) {
    const Caller *caller = &exchange->request.caller;
    Buf *out = &exchange->reply.body;
    begin(exchange, "GetCallerIdentity");
    buf_puts(out, "    <Arn>");
    append_caller_arn(exchange, out);
    buf_printf(out, "</Arn>\n    <UserId>%s%s%s</UserId>\n    <Account>%s</Account>\n",
               caller->is_session ? "AROASIMULATEDROLE0001" : "AIDASIMULATEDUSER0001",
               caller->is_session ? ":" : "", caller->session_name,
               exchange->world->accounts[caller->account].id);
    end(exchange, "GetCallerIdentity");
}

static void refuse_value(Exchange *exchange, const char *name, const char *why) {
    reply_error(&exchange->reply, 400, "ValidationError",
                "1 validation error detected: Value at '%s' failed to satisfy constraint: %s", name,
                why);
}

static void deny_role(Exchange *exchange, const char *arn) {
    OWN(buf_done) Buf who = {0};
    append_caller_arn(exchange, &who);
    reply_error(&exchange->reply, 403, "AccessDenied",
                "User: %s is not authorized to perform: sts:AssumeRole on resource: %.300s",
                buf_text(&who), arn);
}

static bool is_made_of(const char *text, size_t min, size_t max, const char *more) {
    size_t size = strlen(text);
    char allowed[128];
    snprintf(allowed, sizeof allowed,
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_%s", more);
    return size >= min && size <= max && strspn(text, allowed) == size;
}

/* "arn:aws:iam::123456789012:role/path/name": the account's place and the role's name. */
static bool parse_role_arn(const Exchange *exchange, const char *arn, int *ret_account,
                           const char **ret_role) {
    char start[48];
    snprintf(start, sizeof start, "arn:%s:iam::", world_partition(exchange->request.caller.region));
    if (!str_starts(arn, start) || strlen(arn) > 2048) {
        return false;
    }
    const char *account = arn + strlen(start);
    if (strlen(account) < 12 + strlen(":role/x") || !str_starts(account + 12, ":role/")) {
        return false;
    }
    char id[13];
    memcpy(id, account, 12);
    id[12] = '\0';
    *ret_role = strrchr(arn, '/') + 1;
    *ret_account = world_find_account(exchange->world, id);
    return str_is_account(id) && str_is_role_name(*ret_role);
}

static bool is_known_role(const Sim *sim, const char *role) {
    if (access_has_role(sim->access, role)) {
        return true;
    }
    for (size_t i = 0; i < sim->options->role_count; i++) {
        if (strcmp(sim->options->roles[i], role) == 0) {
            return true;
        }
    }
    return false;
}

static bool may_assume(const Exchange *exchange, const Form *form, int account, const char *role) {
    const SimOptions *options = exchange->sim->options;
    const Caller *caller = &exchange->request.caller;
    return account != WORLD_NONE && caller->account == 0 && is_known_role(exchange->sim, role) &&
           (options->external_id == NULL ||
            str_equal(form_text(form, "ExternalId"), options->external_id)) &&
           access_trusts(exchange, role, form_text(form, "ExternalId")) &&
           world_outcome(exchange->world, exchange->knobs, account, WORLD_NONE) == WORLD_SCANNED;
}

static bool read_duration(Exchange *exchange, const Form *form, int64_t *ret_seconds) {
    const char *text = form_text(form, "DurationSeconds");
    *ret_seconds = DEFAULT_DURATION_S;
    if (text != NULL && !str_parse_int(text, 900, 43200, ret_seconds)) {
        refuse_value(exchange, "durationSeconds", "Member must have value between 900 and 43200");
        return false;
    }
    if (exchange->request.caller.is_session && *ret_seconds > CHAINED_DURATION_S) {
        reply_error(&exchange->reply, 400, "ValidationError",
                    "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                    "assumed by role chaining");
        return false;
    }
    return true;
}

static void answer_session(Exchange *exchange, int account, const char *role, const char *name,
                           int64_t duration_s) {
    const Knobs *knobs = exchange->knobs;
    Session session = {0};
    int64_t lives_s = knobs->session_seconds > 0 ? knobs->session_seconds : duration_s;
    session.expires_ms = clock_now_ms() + lives_s * 1000;
    digest_random(&session.nonce, sizeof session.nonce);
    str_copy(session.account_id, sizeof session.account_id, exchange->world->accounts[account].id);
    str_copy(session.role, sizeof session.role, role);
    str_copy(session.name, sizeof session.name, name);
    OWN(buf_done) Buf token = {0};
    session_issue(auth_session_key(exchange->sim->auth), &session, &token);
    char expiration[CLOCK_TIME_SIZE];
    clock_format_time(session.expires_ms, expiration);
    Buf *out = &exchange->reply.body;
    begin(exchange, "AssumeRole");
    buf_printf(
        out,
        "    <AssumedRoleUser>\n      <Arn>arn:%s:sts::%s:assumed-role/%s/%s</Arn>\n"
        "      <AssumedRoleId>AROASIMULATEDROLE0001:%s</AssumedRoleId>\n"
        "    </AssumedRoleUser>\n    <Credentials>\n      <AccessKeyId>%s</AccessKeyId>\n"
        "      <SecretAccessKey>%s</SecretAccessKey>\n      <SessionToken>%s</SessionToken>\n"
        "      <Expiration>%s</Expiration>\n    </Credentials>\n",
        world_partition(exchange->request.caller.region), session.account_id, role, name, name,
        session.key_id, session.secret, buf_text(&token), expiration);
    end(exchange, "AssumeRole");
}

static void assume_role(Exchange *exchange, const Form *form) {
    const char *arn = form_text(form, "RoleArn");
    const char *name = form_text(form, "RoleSessionName");
    const char *external_id = form_text(form, "ExternalId");
    const char *role = NULL;
    int account = WORLD_NONE;
    int64_t duration_s = 0;
    if (str_is_empty(arn) || !parse_role_arn(exchange, arn, &account, &role)) {
        refuse_value(exchange, "roleArn", "Member must be the ARN of a role");
        return;
    }
    if (str_is_empty(name) || !is_made_of(name, 2, 64, "+=,.@-")) {
        refuse_value(exchange, "roleSessionName",
                     "Member must satisfy regular expression pattern: [\\w+=,.@-]{2,64}");
        return;
    }
    if (external_id != NULL && !is_made_of(external_id, 2, 1224, "+=,.@:/-")) {
        refuse_value(exchange, "externalId",
                     "Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]{2,1224}");
        return;
    }
    if (!read_duration(exchange, form, &duration_s)) {
        return;
    }
    if (!may_assume(exchange, form, account, role)) {
        deny_role(exchange, arn);
        return;
    }
    answer_session(exchange, account, role, name, duration_s);
}

void sts_answer(Exchange *exchange) {
    Reply *reply = &exchange->reply;
    Form form;
    bool is_form = form_open(&exchange->request, &form);
    const char *action = is_form ? form_text(&form, "Action") : NULL;
    bool assumes = str_equal(action, "AssumeRole");
    const char *unknown = form_find_unknown(
        &form, assumes ? "RoleArn RoleSessionName PolicyArns. Policy DurationSeconds Tags. "
                         "TransitiveTagKeys. ExternalId SerialNumber TokenCode SourceIdentity"
                       : "");
    if (!is_form) {
        reply_error(reply, 400, "MalformedInput", "The body is not a form");
    } else if (!str_equal(form_text(&form, "Version"), "2011-06-15") ||
               (!assumes && !str_equal(action, "GetCallerIdentity"))) {
        reply_error(reply, 400, "InvalidAction", "Could not find operation %.60s for version %.20s",
                    action != NULL ? action : "",
                    form_text(&form, "Version") != NULL ? form_text(&form, "Version") : "");
    } else if (unknown != NULL) {
        reply_error(reply, 400, "ValidationError", "Unknown parameter %.80s", unknown);
    } else if (assumes) {
        assume_role(exchange, &form);
    } else {
        get_caller_identity(exchange);
    }
    form_done(&form);
}
