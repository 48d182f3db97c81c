/* Settles a conflict that a write may have had with itself, within the aws layer. */
#ifndef AWS_S3_SETTLE_H
#define AWS_S3_SETTLE_H

#include "aws/s3_put.h"

/* After a write that broke, was sent again and was then refused with what is in `err`: ST_OK and
 * the object when what is there are the very bytes that were to be put; else the refusal as it was.
 */
Status s3_settle(S3 *s3, const S3Put *put, const S3Source *source, S3Object *ret_object,
                 Err *err) WARN_UNUSED;

#endif
