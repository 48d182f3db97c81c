/* Aws: the client that all service calls share, and one call: sign, send, classify, retry with
 * jitter, until it is answered or its deadline has come.
 *
 * A service function (aws/config.h, aws/sts.h, …) builds an AwsRequest, starts it and turns the
 * answer into plain C for its own callback. */
#ifndef AWS_AWS_H
#define AWS_AWS_H

#include "aws/credentials.h"
#include "base/err.h"
#include "http/http.h"

#include <stdbool.h>
#include <stdint.h>

/* X(enum, endpoint prefix, signing name, target prefix, content type, endpoint setting) */
#define AWS_SERVICES(X)                                                                            \
    X(AWS_CONFIG, "config", "config", "StarlingDoveService.", "application/x-amz-json-1.1",        \
      "CONFIG_SERVICE")                                                                            \
    X(AWS_ORGANIZATIONS, "organizations", "organizations", "AWSOrganizationsV20161128.",           \
      "application/x-amz-json-1.1", "ORGANIZATIONS")                                               \
    X(AWS_STS, "sts", "sts", NULL, "application/x-www-form-urlencoded; charset=utf-8", "STS")      \
    X(AWS_S3, "s3", "s3", NULL, NULL, "S3")                                                        \
    X(AWS_SSO, "portal.sso", "awsssoportal", NULL, NULL, "SSO")                                    \
    X(AWS_SSO_OIDC, "oidc", "sso-oauth", NULL, "application/json", "SSO_OIDC")                     \
    X(AWS_SNS, "sns", "sns", NULL, "application/x-www-form-urlencoded; charset=utf-8", "SNS")      \
    X(AWS_SES, "email", "ses", NULL, "application/json", "SESV2")                                  \
    X(AWS_EC2, "ec2", "ec2", NULL, "application/x-www-form-urlencoded; charset=utf-8", "EC2")      \
    X(AWS_TAGGING, "tagging", "tagging", "ResourceGroupsTaggingAPI_20170126.",                     \
      "application/x-amz-json-1.1", "RESOURCE_GROUPS_TAGGING_API")

typedef enum AwsService {
#define X(name, prefix, signing, target, content, setting) name,
    AWS_SERVICES(X)
#undef X
        AWS_SERVICE_COUNT
} AwsService;

enum { AWS_REGION_SIZE = 32 };

typedef struct Aws Aws;

typedef struct AwsOptions {
    Http *http;               /* borrowed */
    const AwsKeys *keys;      /* copied: the client's own, for what is not done in a session */
    Credentials *credentials; /* borrowed: where they come from instead, now and for each attempt.
                                 With neither, only unsigned requests can be made */
    const Profile *profile;   /* borrowed while opening: may set endpoints. NULL = none in use */
    const char *region;       /* copied: where what has no region of its own is asked (STS, S3) */
    int64_t deadline_ms;      /* wall clock; no attempt begins later, and what has no answer by
                                 then gets none (ST_DEADLINE). 0 = none */
    const bool *cancelled;    /* borrowed; true: the same, from now on (ST_CANCELLED), but what is
                                 being written or sent has some seconds yet. May be NULL */
    const bool *ending;       /* borrowed; true: `cancelled` half a minute later. May be NULL */
} AwsOptions;

/* Settings of endpoints (aws/endpoint.h) are read here, once: ST_USAGE names the one that is wrong.
 * Credentials are asked for their keys here, too: without any, no client. */
Status aws_open(const AwsOptions *options, Aws **ret_aws, Err *err) WARN_UNUSED;
/* Before http_close. Calls still in flight are dropped; their callbacks do not run. */
void aws_close(Aws *aws);
void aws_close_at(Aws **aws);
Http *aws_http(Aws *aws);
const char *aws_region(const Aws *aws);

/* Who is asked, as whom: an account in a region, through a role's session. */
typedef struct AwsTarget {
    const char *account_id; /* for errors and logs; "" = the client's own */
    const char *region;
    const AwsKeys *keys; /* NULL = the client's own. Read again for every attempt */
    int64_t rank;        /* where calls wait for a connection, those with a lower one go first */
} AwsTarget;

/* Looks at a 2xx answer, with the context of the request: reads it into plain C, or says what is
 * wrong with it. An answer that makes no sense (ST_PROTOCOL) is asked for again like one that broke
 * on its way, so this may be called more than once. */
typedef Status AwsParse(void *context, const HttpAnswer *answer, Err *err);

/* Texts and body are borrowed until the callback has run; the target's account and region are
 * copied. */
typedef struct AwsRequest {
    AwsService service;
    AwsTarget target;
    const char *operation;   /* as AWS names it */
    const char *method;      /* "POST" when NULL */
    const char *path;        /* encoded; "/" when NULL. For S3: see aws/s3.h */
    const char *query;       /* encoded; NULL = none */
    const char *host_prefix; /* "bucket." where S3 is addressed by host; NULL = none */
    size_t header_count;
    const char *headers[HTTP_MAX_HEADERS - 8]; /* "Name: value", all of them signed */
    const void *body;
    size_t body_size;
    int body_fd; /* >= 0: see HttpRequest */
    int64_t body_offset;
    const char *payload_hash; /* NULL = computed from `body` */
    bool is_unsigned;         /* for the few calls that are made before there are keys */
    int sink_fd;
    int64_t sink_offset;
    int64_t sink_max_bytes;
    size_t max_answer_bytes;
    int64_t timeout_ms;
    bool is_cleanup;         /* takes back what was begun: one attempt even when it is too late,
                                which then has a few seconds */
    int *ret_broken;         /* counts attempts that broke, and may have been carried out for all
                                that is known; may be NULL */
    char *ret_bucket_region; /* [AWS_REGION_SIZE]: where S3 says that the bucket is, when it is not
                                asked there; may be NULL */
    AwsParse *parse;         /* NULL = any 2xx answer will do */
    void (*drop)(
        void *context); /* instead of the callback, when aws_close comes first; may be NULL */
} AwsRequest;

#define AWS_REQUEST_NONE ((AwsRequest){.body_fd = -1, .sink_fd = -1})

/* `failure` is NULL on a 2xx answer. Else its status says of what kind, and account, region,
 * operation, code, request id and HTTP status are filled in; `answer` may then be NULL. */
typedef void AwsDone(void *context, const HttpAnswer *answer, const Err *failure);

/* Each attempt is signed anew, when its turn has come. What is throttled is asked again until the
 * deadline (or for 15 minutes, when there is none); what broke, a few times; what is denied, never.
 * The client's own keys are renewed once when an answer says that they have expired; `target.keys`
 * are tried again only if there are new ones by then, else the failure is ST_EXPIRED and their
 * owner renews them. `done` runs from within the loop, never before
 * aws_start has returned. */
Status aws_start(Aws *aws, const AwsRequest *request, AwsDone *done, void *context,
                 Err *err) WARN_UNUSED;

/* Runs the loop until `*finished` (set by a callback) is true. */
Status aws_wait(Aws *aws, const bool *finished, Err *err) WARN_UNUSED;

/* Drops what is in flight: those callbacks do not run. Not from within a callback. */
void aws_drop_calls(Aws *aws);

/* Where a service is reached: "https://config.eu-west-1.amazonaws.com" or what a setting says. */
Status aws_endpoint(const Aws *aws, AwsService service, const char *region, char *ret_url,
                    size_t size, Err *err) WARN_UNUSED;

/* The setting that made it so: "AWS_ENDPOINT_URL"; "" where it is AWS's own name. */
const char *aws_endpoint_origin(const Aws *aws, AwsService service);

/* "config", …: as messages and AWS's own names begin. */
const char *aws_service_name(AwsService service);

/* What an answer's code means: exposed for tests. `code` may be "prefix#Code:uri". */
Status aws_classify(int http_status, const char *code);

/* Counts since aws_open. */
typedef struct AwsStats {
    int64_t attempts;
    int64_t throttled;
    int64_t retried; /* after something broke */
} AwsStats;
AwsStats aws_stats(const Aws *aws);

#endif
