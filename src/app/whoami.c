#include "app/whoami.h"

#include "base/partition.h"

static Status read_endpoints(const App *app, WhoAmI *who, Err *err) {
    for (int service = 0; service < AWS_SERVICE_COUNT; service++) {
        TRY(aws_endpoint(app->aws, (AwsService)service, aws_region(app->aws),
                         who->endpoints[service], sizeof who->endpoints[service], err));
        who->endpoint_sources[service] = aws_endpoint_origin(app->aws, (AwsService)service);
    }
    return ST_OK;
}

Status whoami_ask(App *app, WhoAmI *ret_who, Err *err) {
    Aws *aws = NULL;
    const AwsKeys *keys = NULL;
    *ret_who = (WhoAmI){0};
    TRY(app_aws(app, &aws, err));
    TRY(sts_get_identity(aws, &ret_who->identity, err));
    TRY(credentials_get(app->connections->credentials, &keys, err));
    TRY(read_endpoints(app, ret_who, err));
    str_copy(ret_who->access_key_id, sizeof ret_who->access_key_id, keys->access_key_id);
    if (keys->expires_ms != 0) {
        clock_format_time(keys->expires_ms, ret_who->expires);
    }
    ret_who->source = credentials_source(app->connections->credentials);
    ret_who->profile = profile_name(app->connections->profile);
    ret_who->region = aws_region(aws);
    ret_who->region_source = settings_origin(app->settings, SETTING_REGION);
    if (ret_who->region_source == NULL) {
        ret_who->region_source = settings_origin(app->settings, SETTING_REGIONS);
    }
    const Partition *partition = partition_of_region(aws_region(aws));
    ret_who->partition = partition == NULL ? "unknown" : partition->name;
    return ST_OK;
}
