#include "aws/aws.h"

#include "aws/call.h"
#include "aws/failure.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

Status aws_open(const AwsOptions *options, Aws **ret_aws, Err *err) {
    if (str_is_empty(options->region) || !str_is_region(options->region)) {
        Status status = err_set(err, ST_USAGE, "\"%.40s\" is not the name of a region",
                                options->region == NULL ? "" : options->region);
        if (err != NULL) {
            (void)err_hint(err, "set it with --region or AWS_REGION, like eu-west-1");
        }
        return status;
    }
    EndpointSettings endpoints;
    TRY(endpoint_read_settings(options->profile, &endpoints, err));
    OWN(aws_close_at) Aws *aws = mem_alloc(sizeof *aws);
    aws->http = options->http;
    aws->credentials = options->credentials;
    if (options->keys != NULL) {
        aws->keys = *options->keys;
    }
    TRY(call_refresh_keys(aws, err));
    str_copy(aws->region, sizeof aws->region, options->region);
    aws->late = (Late){.deadline_ms = options->deadline_ms,
                       .cancelled = options->cancelled,
                       .ending = options->ending};
    aws->endpoints = endpoints;
    aws->cache = sigv4_cache_new();
    aws->paces = pace_table_new();
    retry_quota_init(&aws->quota);
    digest_random(&aws->random, sizeof aws->random);
    aws->random |= 1;
    *ret_aws = aws;
    aws = NULL;
    return ST_OK;
}

void aws_drop_calls(Aws *aws) {
    while (aws->calls != NULL) {
        call_drop(aws->calls);
    }
}

void aws_close(Aws *aws) {
    if (aws == NULL) {
        return;
    }
    aws_drop_calls(aws);
    pace_table_free(aws->paces);
    sigv4_cache_free(aws->cache);
    credentials_wipe(&aws->keys);
    mem_free(aws);
}

void aws_close_at(Aws **aws) {
    aws_close(*aws);
    *aws = NULL;
}

Http *aws_http(Aws *aws) {
    return aws->http;
}

const char *aws_region(const Aws *aws) {
    return aws->region;
}

AwsStats aws_stats(const Aws *aws) {
    return aws->stats;
}

Status aws_start(Aws *aws, const AwsRequest *request, AwsDone *done, void *context, Err *err) {
    return call_start(aws, request, done, context, NULL, err);
}

Status aws_wait(Aws *aws, const bool *finished, Err *err) {
    while (!*finished) {
        if (http_is_idle(aws->http)) {
            return err_set(err, ST_INTERNAL, "there is nothing left to wait for");
        }
        TRY(http_run(aws->http, finished, err));
    }
    return ST_OK;
}

Status aws_endpoint(const Aws *aws, AwsService service, const char *region, char *ret_url,
                    size_t size, Err *err) {
    Endpoint endpoint;
    OWN(buf_done) Buf url = {0};
    TRY(endpoint_resolve(&aws->endpoints, service, region, &endpoint, err));
    endpoint_append_url(&url, &endpoint, NULL);
    if (url.size >= size) {
        return err_set(err, ST_LIMIT, "the endpoint's URL is longer than %zu bytes", size - 1);
    }
    memcpy(ret_url, url.data, url.size + 1);
    return ST_OK;
}

const char *aws_endpoint_origin(const Aws *aws, AwsService service) {
    return aws->endpoints.origins[service];
}

const char *aws_service_name(AwsService service) {
    static const char *const names[] = {
#define X(name, prefix, signing, target, content, setting) [name] = (prefix),
        AWS_SERVICES(X)
#undef X
    };
    return names[service];
}

Status aws_classify(int http_status, const char *code) {
    return failure_classify(http_status, code);
}
