/* Uploads in parts, within the aws layer: begun, sent side by side, completed or taken back.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html */
#ifndef AWS_S3_UPLOAD_H
#define AWS_S3_UPLOAD_H

#include "aws/s3_put.h"

enum { S3_UPLOAD_MAX_PARTS = 10000 };

/* How large the parts of a file are: no smaller than `part_bytes`, and no more of them than S3
 * takes. */
int64_t s3_upload_part_bytes(int64_t bytes, int64_t part_bytes);

/* `source` is an open file. An upload that is not completed is aborted, also when the client is
 * cancelled; what is left by a process that was killed, see s3_leftovers.h. */
Status s3_upload(S3 *s3, const S3Put *put, const S3Source *source, S3Object *ret_object,
                 Err *err) WARN_UNUSED;

/* AbortMultipartUpload, as far as it goes. */
void s3_upload_abort(S3 *s3, const char *key, const char *upload_id);

#endif
