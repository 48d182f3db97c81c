#include "tokens.h"

#include "base/str.h"
#include "faults.h"
#include "format/digest.h"
#include "sim.h"

#include <string.h>

enum { MAC_BYTES = 16, MAX_EMPTIES = 3 };

/* What a token holds, before it is written as base64. */
typedef struct TokenBytes {
    uint64_t offset;
    uint64_t empties;
    uint8_t mac[MAC_BYTES];
} TokenBytes;

/* The call, digested once: its MAC then is over few bytes. */
static void bind_call(const Exchange *exchange, const char *arguments, char ret_binding[32]) {
    const Caller *caller = &exchange->request.caller;
    OWN(buf_done) Buf call = {0};
    buf_printf(&call, "page\n%s\n%d\n%s\n%lld\n%s", exchange->operation, caller->account,
               caller->region, (long long)exchange->knobs->week, arguments);
    digest_sha256(call.data, call.size, (uint8_t *)ret_binding);
}

static void sign_token(const Exchange *exchange, const char *binding, TokenBytes *token) {
    uint8_t text[32 + 16];
    uint8_t mac[SHA256_BYTES];
    memcpy(text, binding, 32);
    memcpy(text + 32, &token->offset, 8);
    memcpy(text + 40, &token->empties, 8);
    const SessionKey *key = auth_session_key(exchange->sim->auth);
    digest_hmac_sha256(key->bytes, sizeof key->bytes, text, sizeof text, mac);
    memcpy(token->mac, mac, MAC_BYTES);
}

static bool read_token(const Exchange *exchange, const char *text, Page *page) {
    OWN(buf_done) Buf raw = {0};
    TokenBytes token;
    TokenBytes expected;
    if (strlen(text) > 256 || !digest_append_base64_decoded(&raw, text, strlen(text)) ||
        raw.size != sizeof token) {
        return false;
    }
    memcpy(&token, raw.data, sizeof token);
    expected = token;
    sign_token(exchange, page->binding, &expected);
    page->offset = token.offset;
    page->empties = (unsigned)token.empties;
    return digest_equal(token.mac, expected.mac, MAC_BYTES);
}

bool page_open(const Exchange *exchange, const char *token, const char *arguments, size_t limit,
               Page *ret_page) {
    const Knobs *knobs = exchange->knobs;
    *ret_page = (Page){.limit = limit};
    bind_call(exchange, arguments, ret_page->binding);
    if (!str_is_empty(token) && !read_token(exchange, token, ret_page)) {
        return false;
    }
    if (ret_page->empties < MAX_EMPTIES && fault_hits(exchange->sim->faults, knobs->empty_pages)) {
        ret_page->empties++;
        ret_page->limit = 0;
        return true;
    }
    ret_page->empties = 0;
    if (limit > 1 && fault_hits(exchange->sim->faults, knobs->short_pages)) {
        ret_page->limit = 1 + fault_below(exchange->sim->faults, limit - 1);
    }
    return true;
}

void page_append_token(const Exchange *exchange, const Page *page, uint64_t offset, Buf *out) {
    TokenBytes token = {.offset = offset, .empties = page->empties};
    sign_token(exchange, page->binding, &token);
    digest_append_base64(out, &token, sizeof token);
}
