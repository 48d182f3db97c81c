#include "claim.h"

#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <string.h>

#define ALGORITHM "AWS4-HMAC-SHA256"

static bool take(char *to, size_t room, const char *from, size_t size) {
    if (size == 0 || size >= room) {
        return false;
    }
    memcpy(to, from, size);
    to[size] = '\0';
    return true;
}

/* KEY/20261122/eu-west-1/config/aws4_request, taken apart from its end: none of it has a slash. */
static bool parse_credential(const char *text, Claim *claim) {
    const char *parts[5];
    size_t sizes[5];
    const char *at = text;
    for (size_t i = 0; i < 5; i++) {
        parts[i] = at;
        sizes[i] = strcspn(at, "/");
        at += sizes[i];
        if ((*at == '/') != (i < 4)) {
            return false;
        }
        at += i < 4 ? 1 : 0;
    }
    return take(claim->key_id, sizeof claim->key_id, parts[0], sizes[0]) &&
           take(claim->date, sizeof claim->date, parts[1], sizes[1]) && sizes[1] == 8 &&
           take(claim->region, sizeof claim->region, parts[2], sizes[2]) &&
           take(claim->service, sizeof claim->service, parts[3], sizes[3]) &&
           strcmp(parts[4], "aws4_request") == 0;
}

/* "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…" */
static bool parse_header(const char *header, Claim *claim) {
    OWN(mem_free_at) char *copy = mem_strdup(header + strlen(ALGORITHM));
    char *rest = copy;
    int found = 0;
    for (char *part = str_split(&rest, ","); part != NULL; part = str_split(&rest, ",")) {
        char *equals = strchr(part, '=');
        if (equals == NULL) {
            return false;
        }
        *equals = '\0';
        const char *value = equals + 1;
        if (strcmp(part, "Credential") == 0) {
            found += parse_credential(value, claim) ? 1 : -9;
        } else if (strcmp(part, "SignedHeaders") == 0) {
            found += take(claim->signed_headers, sizeof claim->signed_headers, value, strlen(value))
                         ? 10
                         : -90;
        } else if (strcmp(part, "Signature") == 0) {
            found +=
                take(claim->signature, sizeof claim->signature, value, strlen(value)) ? 100 : -900;
        }
    }
    return found == 111;
}

static bool take_query(const Request *request, const char *name, char *to, size_t room) {
    OWN(mem_free_at) char *value = request_query(request, name);
    return value != NULL && take(to, room, value, strlen(value));
}

static bool parse_query(const Request *request, Claim *claim) {
    char algorithm[32];
    char credential[256];
    char expires[16];
    claim->in_query = true;
    claim->token = request_query(request, "X-Amz-Security-Token");
    return take_query(request, "X-Amz-Algorithm", algorithm, sizeof algorithm) &&
           strcmp(algorithm, ALGORITHM) == 0 &&
           take_query(request, "X-Amz-Credential", credential, sizeof credential) &&
           parse_credential(credential, claim) &&
           take_query(request, "X-Amz-Date", claim->stamp, sizeof claim->stamp) &&
           take_query(request, "X-Amz-Expires", expires, sizeof expires) &&
           str_parse_int(expires, 0, INT64_MAX, &claim->expires_s) &&
           take_query(request, "X-Amz-SignedHeaders", claim->signed_headers,
                      sizeof claim->signed_headers) &&
           take_query(request, "X-Amz-Signature", claim->signature, sizeof claim->signature);
}

ClaimState claim_read(const Request *request, Claim *ret_claim) {
    *ret_claim = (Claim){0};
    const char *header = request_header(request, "authorization");
    if (header != NULL) {
        const char *stamp = request_header(request, "x-amz-date");
        const char *token = request_header(request, "x-amz-security-token");
        ret_claim->token = mem_strdup(token);
        bool good = str_starts(header, ALGORITHM " ") && parse_header(header, ret_claim) &&
                    stamp != NULL &&
                    take(ret_claim->stamp, sizeof ret_claim->stamp, stamp, strlen(stamp));
        return good ? CLAIM_PRESENT : CLAIM_MALFORMED;
    }
    if (request_has_query(request, "X-Amz-Algorithm") ||
        request_has_query(request, "X-Amz-Signature")) {
        return parse_query(request, ret_claim) ? CLAIM_PRESENT : CLAIM_MALFORMED;
    }
    return CLAIM_MISSING;
}

void claim_done(Claim *claim) {
    mem_free(claim->token);
    claim->token = NULL;
}

bool claim_signs(const Claim *claim, const char *name) {
    size_t name_size = strlen(name);
    const char *at = claim->signed_headers;
    while (*at != '\0') {
        size_t size = strcspn(at, ";");
        if (size == name_size && strncasecmp(at, name, size) == 0) {
            return true;
        }
        at += size;
        at += *at == ';' ? 1 : 0;
    }
    return false;
}
