/* What the ways up to S3 share (aws/s3_put, s3_upload, s3_settle), within the aws layer. */
#ifndef AWS_S3_PUT_H
#define AWS_S3_PUT_H

#include "aws/s3_client.h"

/* What is put: the put's data, or its file, open. */
typedef struct S3Source {
    int fd; /* -1: from memory */
    int64_t bytes;
} S3Source;

Status s3_put_digest(const S3Put *put, const S3Source *source, S3Digest *ret_digest,
                     Err *err) WARN_UNUSED;
void s3_put_add_condition(const S3Put *put, Arena *arena, AwsRequest *request);
const char *s3_put_content_type(const S3Put *put, Arena *arena);

/* 409: another write came in between, and nobody has won yet. */
bool s3_put_is_race(const Err *failure);

#endif
