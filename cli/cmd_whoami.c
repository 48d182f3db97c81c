#include "app/whoami.h"
#include "cli.h"
#include "format/table.h"
#include "output.h"

#include <ctype.h>
#include <stdio.h>

/* "endpoint_config" of AWS_CONFIG. */
static void name_endpoint(AwsService service, char *ret_name, size_t size) {
    snprintf(ret_name, size, "endpoint_%s", aws_service_name(service));
    for (char *c = ret_name; *c != '\0'; c++) {
        *c = isalnum((unsigned char)*c) ? *c : '_';
    }
}

Status cmd_whoami(Cli *cli, Err *err) {
    enum { FIELD_COUNT = 10 };
    WhoAmI who;
    char names[AWS_SERVICE_COUNT][48];
    char endpoints[AWS_SERVICE_COUNT][2000];
    TRY(whoami_ask(&cli->app, &who, err));
    OutputField fields[FIELD_COUNT + AWS_SERVICE_COUNT + 1] = {
        FIELD_TEXT("account_id", who.identity.account_id),
        FIELD_TEXT("arn", who.identity.arn),
        FIELD_TEXT("user_id", who.identity.user_id),
        FIELD_TEXT("source", who.source),
        FIELD_TEXT("access_key_id", who.access_key_id),
        FIELD_TEXT("expires", who.expires[0] == '\0' ? "never" : who.expires),
        FIELD_TEXT("profile", who.profile),
        FIELD_TEXT("region", who.region),
        FIELD_TEXT("region_source", who.region_source),
        FIELD_TEXT("partition", who.partition),
    };
    for (int i = 0; i < AWS_SERVICE_COUNT; i++) {
        bool is_own = who.endpoint_sources[i][0] == '\0';
        name_endpoint((AwsService)i, names[i], sizeof names[i]);
        snprintf(endpoints[i], sizeof endpoints[i], "%s%s%s%s", who.endpoints[i],
                 is_own ? "" : " (", who.endpoint_sources[i], is_own ? "" : ")");
        fields[FIELD_COUNT + i] = FIELD_TEXT(names[i], endpoints[i]);
    }
    fields[FIELD_COUNT + AWS_SERVICE_COUNT] = FIELD_END;
    return output_record(cli, fields, err);
}
