/* Notify: tells people that there is a report, by SNS and by mail (SES). Both are optional. */
#ifndef NOTIFY_NOTIFY_H
#define NOTIFY_NOTIFY_H

#include "aws/aws.h"
#include "base/err.h"
#include "db/db.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/* The report that is told of. All borrowed. */
typedef struct NotifyReport {
    Db *history;
    Store *store;
    const char *group_id; /* the run */
    const char *key;      /* of the workbook in the store */
    const char *path;     /* of the same file here */
} NotifyReport;

typedef struct NotifyOptions {
    const char *topic_arn;    /* of SNS; NULL = none */
    const char *mail_from;    /* NULL = no mail */
    const char *mail_to;      /* addresses, separated by commas */
    int64_t attach_max_bytes; /* a workbook up to that size is attached to the mail; 0 = none */
    int link_life_s;          /* as long as the link is to work, if its keys live so long */
    double green_from;        /* thresholds of the colours */
    double yellow_from;
} NotifyOptions;

typedef struct NotifyResult {
    bool published; /* to the topic */
    bool mailed;
} NotifyResult;

/* Sends what is asked for. One that fails does not keep the other from being sent: `ret_result`
 * says what went, and the error what did not, and why. A store that is a directory has no link: the
 * path is told instead. */
Status notify_send(Aws *aws, const NotifyReport *report, const NotifyOptions *options,
                   NotifyResult *ret_result, Err *err) WARN_UNUSED;

#endif
