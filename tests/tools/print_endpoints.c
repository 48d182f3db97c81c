/* Prints where confhouse asks each service: for tests/e2e/test_partitions.py, which compares it
 * with what botocore's rules say.
 *
 *     print_endpoints REGION...
 *
 * One line for each region, service and kind: "config eu-west-1 fips dualstack URL SIGNING_REGION",
 * where fips and dualstack are 0 or 1; the URL is "-" where there is none. */
#include "aws/aws.h"
#include "aws/endpoint.h"

#include <stdio.h>

static void print_one(AwsService service, const char *region, bool fips, bool dualstack) {
    const EndpointSettings settings = {.use_fips = fips, .use_dualstack = dualstack};
    Endpoint endpoint;
    Err err;
    OWN(buf_done) Buf url = {0};
    if (endpoint_resolve(&settings, service, region, &endpoint, &err) == ST_OK) {
        endpoint_append_url(&url, &endpoint, NULL);
        printf("%s %s %d %d %s %s\n", aws_service_name(service), region, fips, dualstack,
               buf_text(&url), endpoint.signing_region);
    } else {
        printf("%s %s %d %d - -\n", aws_service_name(service), region, fips, dualstack);
    }
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        for (int service = 0; service < AWS_SERVICE_COUNT; service++) {
            for (int kind = 0; kind < 4; kind++) {
                print_one((AwsService)service, argv[i], (kind & 1) != 0, (kind & 2) != 0);
            }
        }
    }
    return 0;
}
