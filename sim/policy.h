/* Policy: IAM policy documents, judged as AWS judges them, as far as deployments of confhouse use
 * them. What this does not know (NotAction, other operators, policy variables) is refused when a
 * document is read: a document that is judged is judged in full.
 *
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
#ifndef SIM_POLICY_H
#define SIM_POLICY_H

#include "base/err.h"
#include "format/json.h"

#include <stdbool.h>

enum { POLICY_MAX_KEYS = 8 };

/* What a policy is asked: may this principal do this, to that, under these circumstances? */
typedef struct PolicyRequest {
    const char *action;      /* "s3:GetObject" */
    const char *resource;    /* its ARN; "*" where the action knows none */
    const char *role_arn;    /* who asks; for documents with principals alone */
    const char *account_arn; /* "arn:aws:iam::123456789012:root" of who asks; likewise */
    struct {
        const char *name;  /* "sts:ExternalId", in any case */
        const char *value; /* NULL = the request has none */
    } keys[POLICY_MAX_KEYS];
} PolicyRequest;

typedef enum PolicyAnswer { POLICY_SILENT, POLICY_ALLOWS, POLICY_DENIES } PolicyAnswer;

/* Is this a document that can be judged? Those of roles and buckets (trust) name principals and
 * those of identities do not; a trust names no resource. ST_USAGE says what is not known. */
Status policy_check(const Json *document, bool has_principals, Err *err) WARN_UNUSED;

/* Of a document that policy_check has passed. One statement that denies is enough. */
PolicyAnswer policy_judge(const Json *document, const PolicyRequest *request);

#endif
