#include "aws/endpoint.h"

#include "base/partition.h"
#include "base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *prefix;
    const char *setting;
} services_table[] = {
#define X(name, prefix, signing, target, content, setting) [name] = {prefix, setting},
    AWS_SERVICES(X)
#undef X
};

/* --- Settings -------------------------------------------------------------------------------- */

/* An endpoint that is set, and by what. */
static Status take(EndpointSettings *settings, int service, const ProfileValue *value,
                   const char *origin, Err *err) {
    Err cause = {0};
    if (uri_parse(value->text, &settings->uris[service], &cause) != ST_OK) {
        (void)err_set(err, ST_USAGE, "%s: %s", origin, cause.message);
        return err == NULL ? ST_USAGE : err_hint(err, "like https://proxy.example.com:8443");
    }
    settings->is_set[service] = true;
    str_copy(settings->origins[service], ENDPOINT_ORIGIN_SIZE, origin);
    return ST_OK;
}

static Status take_variable(EndpointSettings *settings, int service, const char *variable,
                            Err *err) {
    ProfileValue value = {.text = getenv(variable)};
    if (settings->is_set[service] || str_is_empty(value.text)) {
        return ST_OK;
    }
    return take(settings, service, &value, variable, err);
}

static Status take_property(EndpointSettings *settings, int service, ProfileValue value, Err *err) {
    char place[PROFILE_PLACE_SIZE];
    char origin[ENDPOINT_ORIGIN_SIZE];
    if (settings->is_set[service] || str_is_empty(value.text)) {
        return ST_OK;
    }
    profile_format_place(&value, place);
    snprintf(origin, sizeof origin, "%s: endpoint_url", place);
    return take(settings, service, &value, origin, err);
}

/* "config_service.endpoint_url" of the [services NAME] that the profile names. */
static ProfileValue find_services_url(const Profile *profile, int service) {
    ProfileValue services = profile_get(profile, NULL, "services");
    char property[80];
    snprintf(property, sizeof property, "%s.endpoint_url", services_table[service].setting);
    for (char *c = property; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    return services.text == NULL ? services
                                 : profile_get_shared(profile, "services", services.text, property);
}

static Status check_services_section(const Profile *profile, Err *err) {
    ProfileValue name = profile_get(profile, NULL, "services");
    if (name.text == NULL || profile_get_shared(profile, "services", name.text, NULL).text) {
        return ST_OK;
    }
    return err_set(err, ST_USAGE, "%.400s:%d: there is no [services %.80s]", name.path, name.line,
                   name.text);
}

static Status read_urls(const Profile *profile, EndpointSettings *settings, Err *err) {
    if (profile != NULL) {
        TRY(check_services_section(profile, err));
    }
    for (int service = 0; service < AWS_SERVICE_COUNT; service++) {
        char variable[64];
        snprintf(variable, sizeof variable, "AWS_ENDPOINT_URL_%s", services_table[service].setting);
        TRY(take_variable(settings, service, variable, err));
        TRY(take_variable(settings, service, "AWS_ENDPOINT_URL", err));
        if (profile != NULL) {
            TRY(take_property(settings, service, find_services_url(profile, service), err));
            TRY(take_property(settings, service, profile_get(profile, NULL, "endpoint_url"), err));
        }
    }
    return ST_OK;
}

Status endpoint_read_settings(const Profile *profile, EndpointSettings *ret_settings, Err *err) {
    bool ignore = false;
    *ret_settings = (EndpointSettings){0};
    TRY(profile_flag(profile, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint", &ret_settings->use_fips,
                     err));
    TRY(profile_flag(profile, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint",
                     &ret_settings->use_dualstack, err));
    TRY(profile_flag(profile, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                     "ignore_configured_endpoint_urls", &ignore, err));
    return ignore ? ST_OK : read_urls(profile, ret_settings, err);
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

/* Where the ordinary name of a service is a FIPS endpoint already, "-fips" is only in its
 * dual-stack name. */
static bool needs_fips_name(const EndpointSettings *settings, const Partition *partition,
                            const char *prefix) {
    return settings->use_fips &&
           (settings->use_dualstack || !partition_list_has(partition->fips_by_default, prefix));
}

static Status check_names(const EndpointSettings *settings, const Partition *partition, bool is_s3,
                          Err *err) {
    if (settings->use_fips && is_s3 && !partition->has_s3_fips) {
        err_set(err, ST_USAGE, "S3 has no FIPS endpoints in the partition %s", partition->name);
        return err_hint(err, "unset AWS_USE_FIPS_ENDPOINT and use_fips_endpoint");
    }
    if (settings->use_dualstack && !is_s3 && partition->dualstack_suffix == NULL) {
        err_set(err, ST_USAGE, "the partition %s has no dual-stack endpoints", partition->name);
        return err_hint(err, "unset AWS_USE_DUALSTACK_ENDPOINT and use_dualstack_endpoint");
    }
    return ST_OK;
}

/* One of AWS's own names: "config-fips.us-east-1.api.aws". S3 has dual-stack names of its own. */
static Status name_host(const EndpointSettings *settings, AwsService service,
                        const Partition *partition, Endpoint *endpoint, Err *err) {
    const char *prefix = services_table[service].prefix;
    bool is_s3 = service == AWS_S3;
    bool is_dualstack = settings->use_dualstack;
    TRY(check_names(settings, partition, is_s3, err));
    snprintf(endpoint->authority, sizeof endpoint->authority, "%s%s%s.%s.%s", prefix,
             needs_fips_name(settings, partition, prefix) ? "-fips" : "",
             is_s3 && is_dualstack ? ".dualstack" : "", endpoint->signing_region,
             is_dualstack && !is_s3 ? partition->dualstack_suffix : partition->dns_suffix);
    return ST_OK;
}

/* Organizations is one service for a whole partition, in one region of it. */
static const char *region_of_service(AwsService service, const Partition *partition,
                                     const char *region) {
    bool is_elsewhere = service == AWS_ORGANIZATIONS && partition != NULL &&
                        partition->organizations_region != NULL;
    return is_elsewhere ? partition->organizations_region : region;
}

Status endpoint_resolve(const EndpointSettings *settings, AwsService service, const char *region,
                        Endpoint *ret_endpoint, Err *err) {
    if (str_is_empty(region) || !str_is_region(region)) {
        return err_set(err, ST_USAGE, "\"%.40s\" is not the name of a region",
                       region == NULL ? "" : region);
    }
    const Partition *partition = partition_of_region(region);
    *ret_endpoint = (Endpoint){.is_https = true};
    str_copy(ret_endpoint->signing_region, sizeof ret_endpoint->signing_region,
             region_of_service(service, partition, region));
    if (settings->is_set[service]) {
        use_setting(&settings->uris[service], ret_endpoint);
        return ST_OK;
    }
    TRY(partition_find(region, &partition, err));
    return name_host(settings, service, partition, ret_endpoint, err);
}

void endpoint_append_url(Buf *out, const Endpoint *endpoint, const char *host_prefix) {
    buf_printf(out, "%s://%s%s%s", endpoint->is_https ? "https" : "http",
               host_prefix == NULL ? "" : host_prefix, endpoint->authority, endpoint->base_path);
}
