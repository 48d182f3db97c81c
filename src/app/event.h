/* Event: what an invocation is told to do, as JSON (docs/events.md has an example of each form):
 *
 *     {"accounts": [{"account_id": "123456789012", "account_name": "prod-app-01"}],
 *      "group_id": "2023-10-27", "mode": "batch", "role_name": "configreport-read-role",
 *      "shard_id": "01", "regions": ["eu-west-1"], "external_id": "…", "date": "2023-10-27",
 *      "time": "2023-10-27T06:00:00Z"}
 *
 * All members are optional; null counts as absent. Where an event says nothing, the settings do.
 *
 * Understood, too: a schedule's event (of an EventBridge rule or of EventBridge Scheduler), S3's
 * notifications (its own Records, and EventBridge's "Object Created"), and S3's test event. */
#ifndef APP_EVENT_H
#define APP_EVENT_H

#include "app/settings.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum EventMode {
    EVENT_BATCH,  /* scan one shard */
    EVENT_FINAL,  /* merge and report */
    EVENT_PLAN,   /* write the plan */
    EVENT_MERGE,  /* merge */
    EVENT_REPORT, /* render the workbook */
    EVENT_RUN,    /* all of it */
    EVENT_CHECK,  /* tell how old the newest run is */
} EventMode;

const char *event_mode_name(EventMode mode);

/* The mode of an event that names none. */
typedef struct EventDefaults {
    EventMode mode;
    EventMode scheduled_mode; /* of an event of a schedule */
} EventDefaults;
extern const EventDefaults event_defaults; /* batch, and run: where nobody says otherwise */

typedef struct EventAccount {
    const char *id;   /* 12 digits */
    const char *name; /* "" when absent */
} EventAccount;

/* An object of a bucket that S3 tells of. */
typedef struct EventObject {
    const char *member; /* where the event names it: "Records[0].s3" or "detail" */
    const char *bucket;
    const char *key;    /* decoded; it does not climb */
    const char *change; /* "ObjectCreated:Put", "Object Deleted" */
    bool is_created;
} EventObject;

enum {
    EVENT_MAX_BYTES = 8 << 20,
    EVENT_MAX_ACCOUNTS = 100000,
    EVENT_MAX_REGIONS = 64,
    EVENT_MAX_RECORDS = 1000,
};

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
    bool is_of_s3;       /* of mode report, about these objects (none in S3's test event) */
    size_t object_count;
    EventObject *objects;
} Event; /* all zero = an event that says nothing */

/* ST_EVENT names the member that is wrong, and how it must be. Members that mean nothing here are
 * warned of; an account named twice counts once. The date of an event with a `time` is the UTC day
 * of it, never the clock's, and its group id is that date, unless it names others. */
Status event_parse(const char *text, size_t size, const EventDefaults *defaults, Event *ret_event,
                   Err *err) WARN_UNUSED;
void event_done(Event *event);

/* From a file; "-" is standard input. ST_EVENT also when it cannot be read. */
Status event_read(const char *path, const EventDefaults *defaults, Event *ret_event,
                  Err *err) WARN_UNUSED;

/* Puts the event's values over the settings: those of one App, never those of the process. */
Status event_apply(const Event *event, Settings *settings, Err *err) WARN_UNUSED;

/* The runs that the objects of an S3 event mean. */
typedef struct EventRun {
    const char *group_id;
    const char *or_group_id; /* the run, if there is none of that name; NULL = none.
                                "compliance-a.2.db" is of a run "a.2", or the second one of "a" */
} EventRun;
typedef struct EventRuns {
    Arena arena;
    size_t count;
    EventRun *items; /* each once */
    size_t ignored_count;
    struct EventIgnored {
        const char *key;
        const char *why;
    } * ignored; /* objects that mean no run */
} EventRuns;

/* ST_EVENT when an object is not in the bucket of the store ("s3://bucket/prefix"). */
Status event_find_runs(const Event *event, const char *store_url, EventRuns *ret_runs,
                       Err *err) WARN_UNUSED;
void event_runs_done(EventRuns *runs);

/* Appends the event as JSON, for a worker to read. S3's objects are left out. */
void event_append_json(const Event *event, Buf *out);

#endif
