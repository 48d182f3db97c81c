/* Operations: every call to AWS that the program can make, and the permissions that each needs of
 * its caller. A call that is not listed here does not start (aws/call.c).
 *
 * lambda/deploy/permissions.csv says which role has them, on what, why, and what is lost without;
 * tests/e2e/test_permissions.py holds one list against the other.
 *
 * Source: the service authorization reference,
 * https://docs.aws.amazon.com/service-authorization/latest/reference/ */
#ifndef AWS_OPERATIONS_H
#define AWS_OPERATIONS_H

#include "aws/aws.h"

/* X(service, operation, permissions). "" = needs none: the answer is about the caller, or a token
 * in the request is what allows it. A put with If-Match needs s3:GetObject, too. */
#define AWS_OPERATIONS(X)                                                                          \
    X(AWS_CONFIG, "DescribeConfigRules", "config:DescribeConfigRules")                             \
    X(AWS_CONFIG, "DescribeComplianceByConfigRule", "config:DescribeComplianceByConfigRule")       \
    X(AWS_CONFIG, "GetComplianceDetailsByConfigRule", "config:GetComplianceDetailsByConfigRule")   \
    X(AWS_CONFIG, "DescribeConfigurationRecorderStatus",                                           \
      "config:DescribeConfigurationRecorderStatus")                                                \
    X(AWS_CONFIG, "ListTagsForResource", "config:ListTagsForResource")                             \
    X(AWS_CONFIG, "SelectResourceConfig", "config:SelectResourceConfig")                           \
    X(AWS_ORGANIZATIONS, "DescribeOrganization", "organizations:DescribeOrganization")             \
    X(AWS_ORGANIZATIONS, "ListAccounts", "organizations:ListAccounts")                             \
    X(AWS_ORGANIZATIONS, "ListAccountsForParent", "organizations:ListAccountsForParent")           \
    X(AWS_ORGANIZATIONS, "ListOrganizationalUnitsForParent",                                       \
      "organizations:ListOrganizationalUnitsForParent")                                            \
    X(AWS_ORGANIZATIONS, "ListRoots", "organizations:ListRoots")                                   \
    X(AWS_ORGANIZATIONS, "ListTagsForResource", "organizations:ListTagsForResource")               \
    X(AWS_STS, "AssumeRole", "sts:AssumeRole")                                                     \
    X(AWS_STS, "AssumeRoleWithWebIdentity", "")                                                    \
    X(AWS_STS, "GetCallerIdentity", "")                                                            \
    X(AWS_S3, "AbortMultipartUpload", "s3:AbortMultipartUpload")                                   \
    X(AWS_S3, "CompleteMultipartUpload", "s3:PutObject")                                           \
    X(AWS_S3, "CopyObject", "s3:GetObject s3:PutObject")                                           \
    X(AWS_S3, "CreateMultipartUpload", "s3:PutObject")                                             \
    X(AWS_S3, "DeleteObject", "s3:DeleteObject")                                                   \
    X(AWS_S3, "GetObject", "s3:GetObject")                                                         \
    X(AWS_S3, "HeadObject", "s3:GetObject")                                                        \
    X(AWS_S3, "ListMultipartUploads", "s3:ListBucketMultipartUploads")                             \
    X(AWS_S3, "ListObjectsV2", "s3:ListBucket")                                                    \
    X(AWS_S3, "PutObject", "s3:PutObject")                                                         \
    X(AWS_S3, "UploadPart", "s3:PutObject")                                                        \
    X(AWS_SSO, "GetRoleCredentials", "")                                                           \
    X(AWS_SSO_OIDC, "CreateToken", "")                                                             \
    X(AWS_SNS, "Publish", "sns:Publish")                                                           \
    X(AWS_SES, "SendEmail", "ses:SendEmail")                                                       \
    X(AWS_EC2, "DescribeRegions", "ec2:DescribeRegions")                                           \
    X(AWS_TAGGING, "GetResources", "tag:GetResources")

bool operations_has(AwsService service, const char *operation);

#endif
