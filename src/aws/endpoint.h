/* Endpoints: where a service is reached in a region, and with which region's name its requests are
 * signed. What is set comes before AWS's own names, in this order: AWS_ENDPOINT_URL_<SERVICE>,
 * AWS_ENDPOINT_URL, the service's endpoint_url in the [services] section that the profile names,
 * the profile's endpoint_url; AWS_IGNORE_CONFIGURED_ENDPOINT_URLS passes over all of them. FIPS and
 * dual-stack names are for AWS's own. Sources:
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html */
#ifndef AWS_ENDPOINT_H
#define AWS_ENDPOINT_H

#include "aws/aws.h"
#include "aws/profile.h"
#include "format/uri.h"

enum { ENDPOINT_ORIGIN_SIZE = 480 };

typedef struct EndpointSettings {
    bool is_set[AWS_SERVICE_COUNT];
    Uri uris[AWS_SERVICE_COUNT];
    char origins[AWS_SERVICE_COUNT][ENDPOINT_ORIGIN_SIZE]; /* what set it: "AWS_ENDPOINT_URL" */
    bool use_fips;
    bool use_dualstack;
} EndpointSettings;

/* From the environment and the profile in use (NULL = none). ST_USAGE names the variable, or file
 * and line, that is no http or https URL, or neither true nor false. */
Status endpoint_read_settings(const Profile *profile, EndpointSettings *ret_settings,
                              Err *err) WARN_UNUSED;

typedef struct Endpoint {
    bool is_https;
    bool is_configured;   /* by a setting: not one of AWS's own names */
    char authority[272];  /* host, or host:port */
    char base_path[1024]; /* "" or "/something", without a slash at its end */
    char signing_region[32];
} Endpoint;

/* ST_USAGE when `region` does not look like one or, where no endpoint is set, its partition is
 * unknown (base/partition.h) or has no endpoint of the kind that is set (FIPS, dual stack). */
Status endpoint_resolve(const EndpointSettings *settings, AwsService service, const char *region,
                        Endpoint *ret_endpoint, Err *err) WARN_UNUSED;

/* Scheme, host and base path, with "bucket." or the like before the host: NULL = nothing. */
void endpoint_append_url(Buf *out, const Endpoint *endpoint, const char *host_prefix);

#endif
