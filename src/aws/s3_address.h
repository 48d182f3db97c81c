/* Where an object of S3 is asked for, within the aws layer: by host or by path. */
#ifndef AWS_S3_ADDRESS_H
#define AWS_S3_ADDRESS_H

#include "aws/call.h"

typedef struct S3Address {
    Endpoint endpoint;
    char host_prefix[65]; /* "bucket." or "" */
    Buf path;             /* encoded: "/key" or "/bucket/key" */
} S3Address;

/* ST_USAGE when bucket or key cannot be names of such. A NULL key is the bucket itself. */
Status s3_address_init(Aws *aws, const char *bucket, const char *key, S3Address *ret_address,
                       Err *err) WARN_UNUSED;
void s3_address_done(S3Address *address);

/* A request to there, of no operation yet. It borrows from the address. */
AwsRequest s3_address_request(Aws *aws, const S3Address *address);

#endif
