/* One call, within the aws layer: attempts, waits between them, and its end. Services use
 * aws_start, or call_run where they wait for the answer. */
#ifndef AWS_CALL_H
#define AWS_CALL_H

#include "aws/aws.h"
#include "aws/endpoint.h"
#include "aws/late.h"
#include "aws/pace.h"
#include "aws/sigv4.h"
#include "http/retry.h"

typedef struct AwsCall AwsCall;

struct Aws {
    Http *http;
    AwsKeys keys;             /* its own, as they are now */
    Credentials *credentials; /* where they come from; NULL = they stay as they are */
    char region[32];
    Late late;
    EndpointSettings endpoints;
    SigV4Cache *cache;
    RetryQuota quota;
    AwsStats stats;
    uint64_t random; /* state of what spreads the retries: never zero */
    PaceTable *paces;
    uint64_t next_number;
    int foreign_in_a_row; /* answers that were not AWS's, since the last one that was */
    AwsCall *calls;  /* those that have not ended */
    int64_t told_ms; /* when it was last said that something is being tried again and again */
};

Status call_start(Aws *aws, const AwsRequest *request, AwsDone *done, void *context,
                  AwsCall **ret_call, Err *err) WARN_UNUSED;
/* Neither callback runs; the request's `drop` does. */
void call_drop(AwsCall *call);

/* Makes sure that the client's own keys are those that are valid now. */
Status call_refresh_keys(Aws *aws, Err *err) WARN_UNUSED;

/* Starts it and waits until it has ended. `context` is for `request->parse`. */
Status call_run(Aws *aws, const AwsRequest *request, void *context, Err *err) WARN_UNUSED;

#endif
