/* Claim: what a request says about its signature, in its header or its query. */
#ifndef SIM_CLAIM_H
#define SIM_CLAIM_H

#include "exchange.h"

#include <stdbool.h>

typedef enum ClaimState { CLAIM_MISSING, CLAIM_MALFORMED, CLAIM_PRESENT } ClaimState;

typedef struct Claim {
    bool in_query; /* a presigned URL */
    char key_id[64];
    char date[9];
    char region[32];
    char service[32];
    char stamp[CLOCK_STAMP_SIZE];
    char signed_headers[1024];
    char signature[SHA256_HEX_SIZE];
    int64_t expires_s; /* of a presigned URL */
    char *token;       /* NULL = none; mem_free */
} Claim;

ClaimState claim_read(const Request *request, Claim *ret_claim);
void claim_done(Claim *claim);

/* Is the lower-case `name` among the signed headers? */
bool claim_signs(const Claim *claim, const char *name);

#endif
