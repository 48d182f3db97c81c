/* Who one is for AWS, and where it is asked: what "whoami" tells. */
#ifndef APP_WHOAMI_H
#define APP_WHOAMI_H

#include "app/app.h"
#include "aws/sts.h"
#include "base/clock.h"

typedef struct WhoAmI {
    StsIdentity identity;
    const char *source; /* of the keys, in words */
    char access_key_id[129];
    char expires[CLOCK_TIME_SIZE]; /* "" = never */
    const char *profile;
    const char *region;
    const char *region_source;
    const char *partition;
    char endpoints[AWS_SERVICE_COUNT][1400];         /* URLs */
    const char *endpoint_sources[AWS_SERVICE_COUNT]; /* "" = AWS's own */
} WhoAmI;

/* Texts live as long as the App. Asks STS once. */
Status whoami_ask(App *app, WhoAmI *ret_who, Err *err) WARN_UNUSED;

#endif
