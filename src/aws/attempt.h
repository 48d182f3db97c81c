/* One attempt of a call (aws/call): the URL and the signed headers it goes out with. */
#ifndef AWS_ATTEMPT_H
#define AWS_ATTEMPT_H

#include "aws/call.h"
#include "base/arena.h"

/* Whose keys it is signed with now. */
const AwsKeys *attempt_keys(const Aws *aws, const AwsRequest *request);

/* Fills in URL and headers, signed for this moment. Their texts live in the arena. */
Status attempt_prepare(Aws *aws, const AwsRequest *request, Arena *arena, HttpRequest *http,
                       Err *err) WARN_UNUSED;

#endif
