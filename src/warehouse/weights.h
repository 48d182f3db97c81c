/* Weights: how many calls of AWS each account is worth, as the history's runs counted them. Merge
 * writes them beside the history, as a small object (layout: LAYOUT_WEIGHTS), so that a plan need
 * not fetch a history to make shards that take the same time:
 *
 *     {"group_id": "2026-11-22", "calls": {"123456789012": 152}}
 *
 * They are a hint, and no more: a plan without them is as good, but its shards are less even. */
#ifndef WAREHOUSE_WEIGHTS_H
#define WAREHOUSE_WEIGHTS_H

#include "base/arena.h"
#include "base/err.h"
#include "db/db.h"
#include "store/store.h"

#include <stdint.h>

typedef struct Weight {
    const char *account_id;
    int64_t calls; /* at least 1 */
} Weight;

typedef struct Weights {
    Arena arena; /* all texts, and the array */
    size_t count;
    Weight *items; /* in the order of their ids */
} Weights;         /* all zero = none */

enum { WEIGHTS_MAX_CALLS = 1000000000 };

void weights_done(Weights *weights);

/* The calls of an account; 0 when they are not known. */
int64_t weights_of(const Weights *weights, const char *account_id);

/* Of the accounts of the newest run: each scope as it was last scanned. */
Status weights_write(Db *history, Store *store, Err *err) WARN_UNUSED;

/* None when there is no such object. ST_CORRUPT when it makes no sense. */
Status weights_read(Store *store, Weights *ret_weights, Err *err) WARN_UNUSED;

#endif
