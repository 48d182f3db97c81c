#include "aws/failure.h"

#include "base/arena.h"
#include "base/str.h"
#include "format/json.h"
#include "format/xml.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* --- Text from outside ----------------------------------------------------------------------- */

void failure_copy_clean(char *to, size_t size, const char *from) {
    size_t at = 0;
    size_t left = strlen(from);
    while (left > 0 && at + 5 < size) { /* room for a whole character and the end */
        size_t width = 1;
        unsigned char c = (unsigned char)*from;
        while (width < 4 && width < left && ((unsigned char)from[width] & 0xc0) == 0x80) {
            width++;
        }
        bool control =
            c < ' ' || c == 0x7f || (c == 0xc2 && width > 1 && (unsigned char)from[1] < 0xa0);
        if (control) {
            to[at++] = ' ';
        } else if (str_valid_utf8(from, width) == width) {
            memcpy(to + at, from, width);
            at += width;
        } else {
            to[at++] = '?';
            width = 1;
        }
        from += width;
        left -= width;
    }
    to[at] = '\0';
}

void failure_copy_code(char *to, size_t size, const char *code) {
    char plain[256];
    size_t end = strcspn(code, ":");
    size_t begin = 0;
    for (size_t i = 0; i < end; i++) {
        if (code[i] == '#') {
            begin = i + 1;
        }
    }
    snprintf(plain, sizeof plain, "%.*s", (int)(end - begin < 200 ? end - begin : 200),
             code + begin);
    failure_copy_clean(to, size, plain);
}

/* --- What kind it is ------------------------------------------------------------------------- */

/* Patterns as str_glob reads them; the first that matches counts. */
static const struct {
    const char *code;
    Status status;
} codes[] = {
    {"Throttling", ST_THROTTLED},
    {"ThrottlingException", ST_THROTTLED},
    {"ThrottledException", ST_THROTTLED},
    {"RequestThrottledException", ST_THROTTLED},
    {"TooManyRequestsException", ST_THROTTLED},
    {"ProvisionedThroughputExceededException", ST_THROTTLED},
    {"TransactionInProgressException", ST_THROTTLED},
    {"RequestLimitExceeded", ST_THROTTLED},
    {"BandwidthLimitExceeded", ST_THROTTLED},
    {"RequestThrottled", ST_THROTTLED},
    {"SlowDown", ST_THROTTLED},
    {"PriorRequestNotComplete", ST_THROTTLED},
    {"EC2ThrottledException", ST_THROTTLED},
    {"RequestTimeout", ST_SERVER},
    {"RequestTimeoutException", ST_SERVER},
    {"IDPCommunicationError", ST_SERVER},
    {"InternalError", ST_SERVER},
    {"InternalFailure", ST_SERVER},
    {"ServiceUnavailable*", ST_SERVER},
    {"ExpiredToken*", ST_EXPIRED},
    {"RequestExpired", ST_EXPIRED},
    {"InvalidClientTokenId", ST_CREDENTIALS},
    {"UnrecognizedClientException", ST_CREDENTIALS},
    {"SignatureDoesNotMatch", ST_CREDENTIALS},
    {"InvalidSignatureException", ST_CREDENTIALS},
    {"IncompleteSignature*", ST_CREDENTIALS},
    {"InvalidAccessKeyId", ST_CREDENTIALS},
    {"InvalidToken", ST_CREDENTIALS},
    {"MissingAuthenticationToken*", ST_CREDENTIALS},
    {"RequestTimeTooSkewed", ST_CREDENTIALS},
    {"AuthFailure", ST_CREDENTIALS},
    {"AccessDenied*", ST_DENIED},
    {"UnauthorizedOperation", ST_DENIED},
    {"OptInRequired", ST_DENIED},
    {"RegionDisabledException", ST_DENIED},
    {"NoSuchBucket", ST_REJECTED}, /* a wrong name, where NoSuchKey is an answer */
    {"NoSuch*", ST_NOT_FOUND},
    {"NotFound*", ST_NOT_FOUND},
    {"*NotFoundException", ST_NOT_FOUND},
    {"PreconditionFailed", ST_CONFLICT},
    {"ConditionalRequestConflict", ST_CONFLICT},
};

static Status classify_http_status(int http_status) {
    switch (http_status) {
    case 401:
        return ST_CREDENTIALS;
    case 403:
        return ST_DENIED;
    case 404:
        return ST_NOT_FOUND;
    case 412:
        return ST_CONFLICT;
    case 429:
        return ST_THROTTLED;
    case 501: /* not implemented: it will not be the next time either */
        return ST_REJECTED;
    default:
        return http_status >= 500 ? ST_SERVER : ST_REJECTED;
    }
}

Status failure_classify(int http_status, const char *code) {
    if (http_status >= 200 && http_status <= 299) {
        return ST_OK;
    }
    char plain[96];
    failure_copy_code(plain, sizeof plain, code == NULL ? "" : code);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (str_glob(codes[i].code, plain)) {
            return codes[i].status;
        }
    }
    return classify_http_status(http_status);
}

/* --- What to do about it --------------------------------------------------------------------- */

static bool is_about_the_clock(const Err *err) {
    return str_equal(err->code, "RequestTimeTooSkewed") ||
           strstr(err->message, "Signature expired") != NULL ||
           strstr(err->message, "Signature not yet current") != NULL;
}

static const char *hint_for_credentials(const Err *err) {
    if (is_about_the_clock(err)) {
        return "the clock of this machine is wrong by more than five minutes: set it, by NTP";
    }
    if (str_equal(err->code, "SignatureDoesNotMatch") ||
        str_equal(err->code, "InvalidSignatureException")) {
        return "the secret key does not belong to the access key: check AWS_SECRET_ACCESS_KEY";
    }
    return "check AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN; a region that the account has not "
           "turned "
           "on answers so, too";
}

static const char *hint_for_rejected(const AwsRequest *request, const Err *err) {
    if (request->service == AWS_SES) {
        return "SES must know the sender's address or domain in that region; in its sandbox, those "
               "of all receivers too";
    }
    if (str_equal(err->code, "AWSOrganizationsNotInUseException")) {
        return "the account is in no organization: name the accounts with --accounts";
    }
    if (str_equal(err->code, "NoSuchBucket")) {
        return "make the bucket first, or name another one with --store";
    }
    return NULL;
}

static const char *hint_for_denied(const AwsRequest *request, const Err *err) {
    if (str_equal(err->code, "RegionDisabledException") || str_equal(err->code, "OptInRequired")) {
        return "the account has not turned this region or service on";
    }
    if (str_equal(request->operation, "AssumeRole")) {
        return "check the role's name, that it exists in the account, and that its trust policy "
               "names who asks (and the external id, if it wants one)";
    }
    if (request->service == AWS_S3) {
        return "the bucket's policy or the caller's does not allow it; without s3:ListBucket, S3 "
               "answers so for what is not there, too";
    }
    if (request->service == AWS_ORGANIZATIONS) {
        return "only the management account or a delegated administrator may list accounts: run it "
               "there, or name the accounts with --accounts";
    }
    return NULL;
}

static const char *hint_for(const AwsRequest *request, const Err *err) {
    switch (err->status) {
    case ST_CREDENTIALS:
        return hint_for_credentials(err);
    case ST_DENIED:
        return hint_for_denied(request, err);
    case ST_EXPIRED:
        return "the session has ended: get new credentials";
    case ST_NETWORK:
        return "check the network, a proxy's settings and AWS_ENDPOINT_URL, and that the region "
               "exists";
    case ST_FOREIGN:
        return "check HTTPS_PROXY, NO_PROXY and AWS_ENDPOINT_URL, and log in where the network "
               "asks "
               "for it";
    case ST_PROTOCOL:
        return "if it is not AWS that answers: check AWS_ENDPOINT_URL and a proxy's settings";
    case ST_REJECTED:
        return hint_for_rejected(request, err);
    default:
        return NULL;
    }
}

/* --- What an answer says --------------------------------------------------------------------- */

#define BLANKS " \t\r\n" /* S3 sends them while it works */

typedef struct ErrorDocument {
    char code[96];
    char message[480];
    char request_id[128];
    char bucket_region[32];
} ErrorDocument;

/* {"__type": "prefix#Code", "message": "…"}, or with "code" and "Message". */
static void read_json_document(const HttpAnswer *answer, ErrorDocument *document) {
    OWN(json_free_at) Json *root = NULL;
    Err ignored = {0};
    if (json_parse(answer->body, answer->body_size, &root, &ignored) != ST_OK) {
        return;
    }
    const char *code_names[] = {"__type", "code"};
    const char *message_names[] = {"message", "Message"};
    for (int i = 0; i < 2; i++) {
        const char *code = json_text_value(json_at(root, code_names[i]));
        const char *message = json_text_value(json_at(root, message_names[i]));
        if (code != NULL && document->code[0] == '\0') {
            failure_copy_code(document->code, sizeof document->code, code);
        }
        if (message != NULL && document->message[0] == '\0') {
            failure_copy_clean(document->message, sizeof document->message, message);
        }
    }
}

static void copy_element(char *to, size_t size, const XmlNode *node, const char *path) {
    const char *text = xml_text(node, path);
    if (text != NULL) {
        failure_copy_clean(to, size, text);
    }
}

/* <ErrorResponse><Error><Code>… of the query services, <Error><Code>… of S3. */
static void read_xml_document(const HttpAnswer *answer, ErrorDocument *document) {
    OWN(arena_done) Arena arena = {0};
    const XmlNode *root = NULL;
    Err ignored = {0};
    size_t at = strspn(answer->body, BLANKS);
    if (xml_parse(&arena, answer->body + at, answer->body_size - at, &root, &ignored) != ST_OK) {
        return;
    }
    const XmlNode *error = str_equal(root->name, "Error") ? root : xml_at(root, "Error");
    if (error == NULL) {
        error = xml_at(root, "Errors.Error"); /* EC2's way */
    }
    copy_element(document->request_id, sizeof document->request_id, root, "RequestId");
    if (error != NULL) {
        copy_element(document->code, sizeof document->code, error, "Code");
        copy_element(document->message, sizeof document->message, error, "Message");
        copy_element(document->bucket_region, sizeof document->bucket_region, error, "Region");
    }
}

static void read_headers(const HttpAnswer *answer, ErrorDocument *document) {
    char value[256];
    if (http_header(answer, "x-amzn-errortype", value, sizeof value)) {
        failure_copy_code(document->code, sizeof document->code, value);
    }
    if (http_header(answer, "x-amzn-requestid", value, sizeof value) ||
        http_header(answer, "x-amz-request-id", value, sizeof value)) {
        failure_copy_clean(document->request_id, sizeof document->request_id, value);
    }
    if (http_header(answer, "x-amz-bucket-region", value, sizeof value)) {
        failure_copy_clean(document->bucket_region, sizeof document->bucket_region, value);
    }
}

static void read_document(const HttpAnswer *answer, ErrorDocument *document) {
    size_t at = strspn(answer->body, BLANKS);
    if (answer->body[at] == '{') {
        read_json_document(answer, document);
    } else if (answer->body[at] == '<') {
        read_xml_document(answer, document);
    }
    read_headers(answer, document); /* they win: a proxy may have replaced the body */
}

/* A bucket that is asked for in the wrong region is not there, whatever the answer calls it. */
static bool is_in_another_region(const AwsRequest *request, const HttpAnswer *answer,
                                 const ErrorDocument *document) {
    return request->service == AWS_S3 && document->bucket_region[0] != '\0' &&
           !str_equal(document->bucket_region, request->target.region) &&
           (answer->status == 301 || answer->status == 307 || answer->status == 400);
}

Status failure_locate(const AwsRequest *request, Err *err) {
    const AwsTarget *target = &request->target;
    const char *account = target->account_id == NULL ? "" : target->account_id;
    const char *hint = err->hint[0] == '\0' ? hint_for(request, err) : NULL;
    if (hint != NULL) {
        (void)err_hint(err, "%s", hint);
    }
    str_copy(err->account, sizeof err->account, account);
    str_copy(err->region, sizeof err->region, target->region);
    str_copy(err->operation, sizeof err->operation, request->operation);
    return err_wrap(err, "%s:%s in %s%s%s", aws_service_name(request->service), request->operation,
                    account, account[0] == '\0' ? "" : "/", target->region);
}

/* What the document and its status say, without what was asked for. */
static void describe(int http_status, Status status, const ErrorDocument *document, Err *err) {
    const char *colon = document->message[0] == '\0' ? "" : ": ";
    if (document->code[0] == '\0') {
        (void)err_set(err, status, "HTTP status %d%s%s", http_status, colon, document->message);
    } else {
        (void)err_set(err, status, "%s%s%s", document->code, colon, document->message);
    }
    str_copy(err->code, sizeof err->code, document->code);
    str_copy(err->request_id, sizeof err->request_id, document->request_id);
    err->http_status = http_status;
}

bool failure_is_page(const HttpAnswer *answer) {
    const char *body = answer->body + strspn(answer->body, BLANKS);
    return strncasecmp(body, "<!doctype html", strlen("<!doctype html")) == 0 ||
           strncasecmp(body, "<html", strlen("<html")) == 0;
}

/* AWS's errors carry a code or the request's id. An error without a body, as S3's answers to HEAD
 * are, may lack both; so may the portal of SSO. What answers with 5xx may be a load balancer of
 * AWS. */
static bool is_foreign(const AwsRequest *request, const HttpAnswer *answer,
                       const ErrorDocument *document) {
    bool is_portal = request->service == AWS_SSO || request->service == AWS_SSO_OIDC;
    bool has_no_body = answer->body_size == 0 && answer->status >= 400;
    if (answer->status >= 500 || answer->status == 429 || has_no_body) {
        return false;
    }
    return document->code[0] == '\0' && document->request_id[0] == '\0' &&
           document->bucket_region[0] == '\0' && (!is_portal || failure_is_page(answer));
}

Status failure_from_foreign(const AwsRequest *request, const HttpAnswer *answer, Err *err) {
    (void)err_set(err, ST_FOREIGN, "it is not AWS that answers (HTTP status %d%s): a proxy?",
                  answer->status, failure_is_page(answer) ? ", a web page" : "");
    str_copy(err->code, sizeof err->code, "NotAws");
    err->http_status = answer->status;
    return failure_locate(request, err);
}

Status failure_from_answer(const AwsRequest *request, const HttpAnswer *answer, Err *err) {
    ErrorDocument document = {0};
    read_document(answer, &document);
    if (is_foreign(request, answer, &document)) {
        return failure_from_foreign(request, answer, err);
    }
    describe(answer->status, failure_classify(answer->status, document.code), &document, err);
    if (is_in_another_region(request, answer, &document)) {
        (void)err_hint(err, "the bucket is in %s: set the region to that", document.bucket_region);
        if (request->ret_bucket_region != NULL) {
            str_copy(request->ret_bucket_region, AWS_REGION_SIZE, document.bucket_region);
        }
    }
    return failure_locate(request, err);
}

Status failure_from_late_error(const HttpAnswer *answer, Err *err) {
    ErrorDocument document = {0};
    read_document(answer, &document);
    Status status = failure_classify(500, document.code);
    describe(answer->status, status, &document, err);
    return status;
}
