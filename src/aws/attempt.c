#include "aws/attempt.h"

#include "base/clock.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *signing_name;
    const char *target_prefix;
    const char *content_type;
} services[] = {
#define X(name, prefix, signing, target, content, setting) [name] = {signing, target, content},
    AWS_SERVICES(X)
#undef X
};

const AwsKeys *attempt_keys(const Aws *aws, const AwsRequest *request) {
    return request->target.keys != NULL ? request->target.keys : &aws->keys;
}

/* The headers of one attempt: as lines for HTTP and as pairs for the signature. */
typedef struct HeaderSet {
    Arena *arena;
    HttpRequest *request;
    SigV4Pair pairs[HTTP_MAX_HEADERS];
} HeaderSet;

static void add_header(HeaderSet *set, const char *name, const char *value) {
    size_t at = set->request->header_count++;
    ASSERT(at < HTTP_MAX_HEADERS);
    set->pairs[at] = (SigV4Pair){.name = name, .value = value};
    set->request->headers[at] = arena_printf(set->arena, "%s: %s", name, value);
}

static void add_header_line(HeaderSet *set, const char *line) {
    size_t name_size = strcspn(line, ":");
    ASSERT(line[name_size] == ':');
    const char *name = arena_strndup(set->arena, line, name_size);
    const char *value = line + name_size + 1;
    add_header(set, name, arena_strdup(set->arena, value + strspn(value, " ")));
}

static const char *payload_hash_of(const AwsRequest *request, Arena *arena) {
    if (request->payload_hash != NULL) {
        return request->payload_hash;
    }
    ASSERT(request->body_fd < 0);
    char *hash = arena_alloc(arena, SHA256_HEX_SIZE);
    bool empty = request->body == NULL;
    digest_sha256_hex(empty ? "" : request->body, empty ? 0 : request->body_size, hash);
    return hash;
}

static void collect_headers(const AwsRequest *request, const AwsKeys *keys, HeaderSet *set) {
    const char *target_prefix = services[request->service].target_prefix;
    const char *content_type = services[request->service].content_type;
    if (target_prefix != NULL) {
        add_header(set, "X-Amz-Target",
                   arena_printf(set->arena, "%s%s", target_prefix, request->operation));
    }
    if (content_type != NULL) {
        add_header(set, "Content-Type", content_type);
    }
    if (keys != NULL && keys->session_token[0] != '\0') {
        add_header(set, "X-Amz-Security-Token", arena_strdup(set->arena, keys->session_token));
    }
    for (size_t i = 0; i < request->header_count; i++) {
        add_header_line(set, request->headers[i]);
    }
}

/* In a Lambda function, the trace of the event is passed on: by it, AWS sees functions that call
 * each other in a circle, and ends them. It is not signed, because the way may change it. Source:
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html */
static void add_trace(HeaderSet *set) {
    const char *trace = getenv("_X_AMZN_TRACE_ID");
    if (getenv("AWS_LAMBDA_FUNCTION_NAME") == NULL || str_is_empty(trace)) {
        return;
    }
    for (const char *c = trace; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            return;
        }
    }
    add_header(set, "X-Amzn-Trace-Id", trace);
}

/* Collects the headers and puts Authorization behind them. */
static Status sign(Aws *aws, const AwsRequest *request, const Endpoint *endpoint, const char *path,
                   HeaderSet *set, Err *err) {
    const AwsKeys *keys = attempt_keys(aws, request);
    SigV4Key key = {.region = endpoint->signing_region,
                    .service = services[request->service].signing_name,
                    .secret_key = keys->secret_key};
    clock_format_stamp(clock_now_ms(), key.stamp);
    SigV4Request to_sign = {.method = set->request->method,
                            .path = path,
                            .query = request->query,
                            .headers = set->pairs,
                            .payload_hash = payload_hash_of(request, set->arena),
                            .is_s3 = request->service == AWS_S3};
    add_header(set, "X-Amz-Date", key.stamp);
    if (to_sign.is_s3) {
        add_header(set, "X-Amz-Content-Sha256", to_sign.payload_hash);
    }
    collect_headers(request, keys, set);
    to_sign.header_count = set->request->header_count;
    OWN(buf_done) Buf authorization = {0};
    TRY(sigv4_authorization(&to_sign, &key, keys->access_key_id, aws->cache, &authorization, err));
    add_header(set, "Authorization", buf_text(&authorization));
    return ST_OK;
}

Status attempt_prepare(Aws *aws, const AwsRequest *request, Arena *arena, HttpRequest *http,
                       Err *err) {
    Endpoint endpoint;
    TRY(endpoint_resolve(&aws->endpoints, request->service, request->target.region, &endpoint,
                         err));
    const char *host_prefix = request->host_prefix == NULL ? "" : request->host_prefix;
    const char *path = request->path == NULL ? "/" : request->path;
    OWN(buf_done) Buf url = {0};
    endpoint_append_url(&url, &endpoint, host_prefix);
    buf_puts(&url, path);
    if (!str_is_empty(request->query)) {
        buf_printf(&url, "?%s", request->query);
    }
    http->url = arena_strdup(arena, buf_text(&url));

    HeaderSet set = {.arena = arena, .request = http};
    http->header_count = 0;
    add_header(&set, "Host", arena_printf(arena, "%s%s", host_prefix, endpoint.authority));
    if (request->is_unsigned) {
        collect_headers(request, NULL, &set);
    } else {
        path = arena_printf(arena, "%s%s", endpoint.base_path, path);
        TRY(sign(aws, request, &endpoint, path, &set, err));
    }
    add_trace(&set);
    return ST_OK;
}
