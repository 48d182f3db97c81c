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
    int64_t rank;   /* of the call: see AwsTarget */
} StsAssumeRole;

/* `keys` live during the callback; NULL when failure is not. */
typedef void StsAssumeRoleDone(void *context, const AwsKeys *keys, const Err *failure);
Status sts_assume_role(Aws *aws, const StsAssumeRole *options, StsAssumeRoleDone *done,
                       void *context, Err *err) WARN_UNUSED;

/* A role that is named in full, as profiles name it. `duration_s` 0 = 3600. */
typedef struct StsRole {
    const char *arn;
    const char *session_name;
    const char *external_id; /* NULL = none */
    const char *mfa_serial;  /* NULL = none; and then the code that it shows */
    const char *mfa_code;
    int duration_s;
} StsRole;

/* With the client's own keys. Waits. */
Status sts_assume_role_arn(Aws *aws, const StsRole *role, AwsKeys *ret_keys, Err *err) WARN_UNUSED;
/* With the token that another identity provider gave: unsigned. Uses the role's ARN, session name
 * and duration. Waits. */
Status sts_assume_role_with_token(Aws *aws, const StsRole *role, const char *token,
                                  AwsKeys *ret_keys, Err *err) WARN_UNUSED;

/* "arn:aws:iam::123456789012:role/path/name" */
bool sts_is_role_arn(const char *text);
bool sts_is_session_name(const char *text); /* [\w+=,.@-]{2,64} */
bool sts_is_external_id(const char *text);  /* [\w+=,.@:/-]{2,1224} */

typedef struct StsIdentity {
    char account_id[13];
    char arn[2049];
    char user_id[512];
} StsIdentity;

/* Whose the client's own keys are. Waits. */
Status sts_get_identity(Aws *aws, StsIdentity *ret_identity, Err *err) WARN_UNUSED;

/* The account of the client's own keys. Waits. */
Status sts_get_caller_identity(Aws *aws, char ret_account_id[13], Err *err) WARN_UNUSED;

#endif
