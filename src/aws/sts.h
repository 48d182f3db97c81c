/* AWS Security Token Service: https://docs.aws.amazon.com/STS/latest/APIReference/ */
#ifndef AWS_STS_H
#define AWS_STS_H

#include "aws/aws.h"

typedef struct StsAssumeRole {
    const char *account_id;
    const char *role_name;   /* may hold a path: "service/reader" */
    const char *region;      /* whose endpoint is asked, and which partition the role is in */
    const char *external_id; /* NULL = none */
    const char *session_name;
    int duration_s; /* 900 to 43200; 0 = 3600, what role chaining allows */
} StsAssumeRole;

/* `keys` live during the callback; NULL when failure is not. */
typedef void StsAssumeRoleDone(void *context, const AwsKeys *keys, const Err *failure);
Status sts_assume_role(Aws *aws, const StsAssumeRole *options, StsAssumeRoleDone *done,
                       void *context, Err *err) WARN_UNUSED;

/* The account of the client's own keys. Waits. */
Status sts_get_caller_identity(Aws *aws, char ret_account_id[13], Err *err) WARN_UNUSED;

/* "aws", "aws-us-gov" or "aws-cn" */
const char *sts_partition(const char *region);

#endif
