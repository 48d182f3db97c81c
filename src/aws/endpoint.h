/* Endpoints: where a service is reached in a region, and with which region's name its requests are
 * signed. Settings (AWS_ENDPOINT_URL_<SERVICE>, then AWS_ENDPOINT_URL) come before AWS's own names.
 * Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include "aws/aws.h"
#include "format/uri.h"

typedef struct EndpointSettings {
    bool is_set[AWS_SERVICE_COUNT];
    Uri uris[AWS_SERVICE_COUNT];
} EndpointSettings;

/* ST_USAGE names the variable that is no http or https URL. */
Status endpoint_read_settings(EndpointSettings *ret_settings, Err *err) WARN_UNUSED;

typedef struct Endpoint {
    bool is_https;
    bool is_configured;   /* by a setting: not one of AWS's own names */
    char authority[272];  /* host, or host:port */
    char base_path[1024]; /* "" or "/something", without a slash at its end */
    char signing_region[32];
} Endpoint;

/* ST_USAGE when `region` does not look like one. */
Status endpoint_resolve(const EndpointSettings *settings, AwsService service, const char *region,
                        Endpoint *ret_endpoint, Err *err) WARN_UNUSED;

/* Scheme, host and base path, with "bucket." or the like before the host: NULL = nothing. */
void endpoint_append_url(Buf *out, const Endpoint *endpoint, const char *host_prefix);

/* "aws", "aws-us-gov" or "aws-cn" */
const char *endpoint_partition(const char *region);

#endif
