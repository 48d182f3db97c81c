/* Chain: the histories that a history was built upon, one after the other, as the history itself
 * keeps them (table predecessor). latest.json knows but one of them. */
#ifndef WAREHOUSE_CHAIN_H
#define WAREHOUSE_CHAIN_H

#include "base/err.h"
#include "db/db.h"
#include "warehouse/history.h"

/* What a history is built upon, before it is published: `latest` as it was when it was fetched. */
Status chain_extend(Db *db, const HistoryLatest *latest, Err *err) WARN_UNUSED;

/* Whether a predecessor had this key. */
Status chain_has(Db *db, const char *key, bool *ret_has, Err *err) WARN_UNUSED;

/* The predecessors of the newest history, the last one first. Where it kept no chain yet, that is
 * the one which latest.json names. */
typedef Status ChainEach(void *context, const HistoryRef *ref, Err *err);
Status chain_walk(Db *db, const HistoryLatest *latest, ChainEach *each, void *context,
                  Err *err) WARN_UNUSED;

#endif
