#include "aws/endpoint.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *prefix;
    const char *setting;
} services[] = {
#define X(name, prefix, signing, target, content, setting) [name] = {prefix, setting},
    AWS_SERVICES(X)
#undef X
};

/* Where a region's accounts live apart from those of other partitions. Organizations is one service
 * for a whole partition, in one region of it. */
typedef struct Partition {
    const char *region_prefix;
    const char *name;
    const char *domain;
    const char *organizations_region;
} Partition;

static const Partition partitions[] = {
    {"cn-", "aws-cn", "amazonaws.com.cn", "cn-northwest-1"},
    {"us-gov-", "aws-us-gov", "amazonaws.com", "us-gov-west-1"},
    {"", "aws", "amazonaws.com", "us-east-1"}, /* all others */
};

static const Partition *partition_of(const char *region) {
    const Partition *partition = partitions;
    while (!str_starts(region, partition->region_prefix)) {
        partition++;
    }
    return partition;
}

const char *endpoint_partition(const char *region) {
    return partition_of(region)->name;
}

/* --- Settings -------------------------------------------------------------------------------- */

static Status read_setting(const char *variable, bool *ret_is_set, Uri *ret_uri, Err *err) {
    const char *text = getenv(variable);
    if (str_is_empty(text)) {
        return ST_OK;
    }
    Err cause = {0};
    if (uri_parse(text, ret_uri, &cause) != ST_OK) {
        (void)err_set(err, ST_USAGE, "%s: %s", variable, cause.message);
        return err == NULL ? ST_USAGE : err_hint(err, "like https://proxy.example.com:8443");
    }
    *ret_is_set = true;
    return ST_OK;
}

Status endpoint_read_settings(EndpointSettings *ret_settings, Err *err) {
    *ret_settings = (EndpointSettings){0};
    const char *ignore = getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if (ignore != NULL && str_equal_nocase(ignore, "true")) {
        return ST_OK;
    }
    for (int service = 0; service < AWS_SERVICE_COUNT; service++) {
        bool *is_set = &ret_settings->is_set[service];
        Uri *uri = &ret_settings->uris[service];
        char variable[64];
        snprintf(variable, sizeof variable, "AWS_ENDPOINT_URL_%s", services[service].setting);
        TRY(read_setting(variable, is_set, uri, err));
        if (!*is_set) {
            TRY(read_setting("AWS_ENDPOINT_URL", is_set, uri, err));
        }
    }
    return ST_OK;
}

/* --- Resolving ------------------------------------------------------------------------------- */

static void use_setting(const Uri *uri, Endpoint *endpoint) {
    OWN(buf_done) Buf authority = {0};
    uri_append_authority(&authority, uri);
    endpoint->is_https = uri->is_https;
    endpoint->is_configured = true;
    str_copy(endpoint->authority, sizeof endpoint->authority, buf_text(&authority));
    str_copy(endpoint->base_path, sizeof endpoint->base_path, uri->path);
    size_t size = strnlen(endpoint->base_path, sizeof endpoint->base_path);
    while (size > 0 && endpoint->base_path[size - 1] == '/') {
        endpoint->base_path[--size] = '\0';
    }
}

Status endpoint_resolve(const EndpointSettings *settings, AwsService service, const char *region,
                        Endpoint *ret_endpoint, Err *err) {
    if (str_is_empty(region) || !str_is_region(region)) {
        return err_set(err, ST_USAGE, "\"%.40s\" is not the name of a region",
                       region == NULL ? "" : region);
    }
    const Partition *partition = partition_of(region);
    const char *at = service == AWS_ORGANIZATIONS ? partition->organizations_region : region;
    *ret_endpoint = (Endpoint){.is_https = true};
    str_copy(ret_endpoint->signing_region, sizeof ret_endpoint->signing_region, at);
    if (settings->is_set[service]) {
        use_setting(&settings->uris[service], ret_endpoint);
    } else {
        snprintf(ret_endpoint->authority, sizeof ret_endpoint->authority, "%s.%s.%s",
                 services[service].prefix, at, partition->domain);
    }
    return ST_OK;
}

void endpoint_append_url(Buf *out, const Endpoint *endpoint, const char *host_prefix) {
    buf_printf(out, "%s://%s%s%s", endpoint->is_https ? "https" : "http",
               host_prefix == NULL ? "" : host_prefix, endpoint->authority, endpoint->base_path);
}
