/* Stats: calls by operation, HTTP status and error code, since the start or the last reset. */
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

/* Members "calls", "operations" and "errors" into the object that is open. */
void stats_write(Stats *stats, JsonWriter *json);

#endif
