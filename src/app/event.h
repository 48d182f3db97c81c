/* Event: what a worker is told to do, as JSON:
 *
 *     {"accounts": [{"account_id": "123456789012", "account_name": "prod-app-01"}],
 *      "group_id": "2023-10-27", "mode": "batch", "role_name": "configreport-read-role",
 *      "shard_id": "01", "regions": ["eu-west-1"], "external_id": "…", "date": "2023-10-27"}
 *
 * All members are optional; null is as good as absent. What an event leaves out, the settings
 * say. */
#ifndef APP_EVENT_H
#define APP_EVENT_H

#include "app/settings.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

typedef enum EventMode {
    EVENT_BATCH,  /* scan one shard; the default */
    EVENT_FINAL,  /* merge and report */
    EVENT_PLAN,   /* write the plan */
    EVENT_REPORT, /* render the workbook */
    EVENT_RUN,    /* all of it */
} EventMode;

const char *event_mode_name(EventMode mode);

typedef struct EventAccount {
    const char *id;   /* 12 digits */
    const char *name; /* "" when absent */
} EventAccount;

enum { EVENT_MAX_BYTES = 8 << 20, EVENT_MAX_ACCOUNTS = 100000, EVENT_MAX_REGIONS = 64 };

typedef struct Event {
    Arena arena; /* all texts and arrays */
    EventMode mode;
    size_t account_count; /* 0 = the whole organization */
    EventAccount *accounts;
    const char *group_id; /* these are NULL when absent */
    const char *shard_id;
    const char *role_name;
    const char *external_id;
    const char *date;
    const char *regions; /* joined by commas */
} Event;                 /* all zero = an event that says nothing */

/* ST_INPUT names the member that is not as it should be. Members that mean nothing here are warned
 * of; an account named twice counts once. */
Status event_parse(const char *text, size_t size, Event *ret_event, Err *err) WARN_UNUSED;
void event_done(Event *event);

/* From a file; "-" is standard input. ST_INPUT also when it cannot be read. */
Status event_read(const char *path, Event *ret_event, Err *err) WARN_UNUSED;

/* Puts what the event says over the settings. */
Status event_apply(const Event *event, Settings *settings, Err *err) WARN_UNUSED;

/* Appends the event as JSON, for others to be told. */
void event_append_json(const Event *event, Buf *out);

#endif
