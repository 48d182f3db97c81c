/* Failures of AWS calls: what an error answer says, which kind of error that is, and what to do
 * about it. Text from AWS goes into messages only cleaned and cut. */
#ifndef AWS_FAILURE_H
#define AWS_FAILURE_H

#include "aws/aws.h"

/* What AWS calls one kind of failure: "prefix#Code:uri" gives "Code". */
void failure_copy_code(char *to, size_t size, const char *code);

Status failure_classify(int http_status, const char *code);

/* Fills everything in from an answer that is not 2xx. ST_FOREIGN when it is not in AWS's form: it
 * says nothing about the account, the role or the bucket. */
Status failure_from_answer(const AwsRequest *request, const HttpAnswer *answer, Err *err);

/* Whether an answer is an HTML page, as proxies, captive portals and login pages send. */
bool failure_is_page(const HttpAnswer *answer);

/* Fills everything in for an answer that is not in AWS's form: ST_FOREIGN. */
Status failure_from_foreign(const AwsRequest *request, const HttpAnswer *answer, Err *err);

/* A 2xx answer whose body is an error after all, as S3's copies and completed uploads may be: its
 * kind, as if it had come with status 500. */
Status failure_from_late_error(const HttpAnswer *answer, Err *err);

/* For a failure without an answer: puts before it what was asked, of whom and where, and says what
 * to do about it. */
Status failure_locate(const AwsRequest *request, Err *err);

/* `from` without control characters and what is not UTF-8, cut to fit. */
void failure_copy_clean(char *to, size_t size, const char *from);

#endif
