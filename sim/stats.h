/* Stats: calls by operation, HTTP status and error code, and the most at once, since the start or
 * the last reset. */
#ifndef SIM_STATS_H
#define SIM_STATS_H

#include "format/json.h"

#include <stdint.h>

typedef struct Stats Stats;

Stats *stats_new(void);
void stats_free(Stats *stats);

/* `code` is "" for what went well, and may name a fault ("Dropped") where nothing was answered. */
void stats_count(Stats *stats, const char *operation, int http_status, const char *code);
void stats_reset(Stats *stats);

/* A call has come, or is about to be answered: how many wait at once is told, too. */
void stats_begin_call(Stats *stats);
void stats_end_call(Stats *stats);

/* Members "calls", "operations", "errors" and "peak_in_flight" into the object that is open. */
void stats_write(Stats *stats, JsonWriter *json);

#endif
