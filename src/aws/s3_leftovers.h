/* What uploads in parts leave behind when their process is killed: invisible, and paid for. Within
 * the aws layer. */
#ifndef AWS_S3_LEFTOVERS_H
#define AWS_S3_LEFTOVERS_H

#include "aws/s3_client.h"

/* Aborts uploads below the client's own prefix that were begun more than a day ago. Once for each
 * client, before its first upload in parts: who never uploads needs no permission for it. What does
 * not work is logged, and no failure. */
void s3_leftovers_clear(S3 *s3);

#endif
