/* Pages: where a listing goes on, and how much of it comes at once.
 *
 * A token is opaque and bound to its call: operation, account, region, week and what was asked. It
 * carries a MAC, so that a token of another call, or one made up, is refused. */
#ifndef SIM_TOKENS_H
#define SIM_TOKENS_H

#include "exchange.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct Page {
    uint64_t offset; /* of the first result of this page */
    size_t limit;    /* 0 = an empty page, on purpose */
    char binding[32];
    unsigned empties; /* empty pages given in a row */
} Page;

/* `token` NULL or "" begins. `arguments` is what else the token is bound to. False when the token
 * was not given out for this call. */
bool page_open(const Exchange *exchange, const char *token, const char *arguments, size_t limit,
               Page *ret_page);

/* The token for what follows: `offset` of the next result. */
void page_append_token(const Exchange *exchange, const Page *page, uint64_t offset, Buf *out);

#endif
