/* What the files of event.h share: one file for each form of an event. */
#ifndef APP_EVENT_INTERNAL_H
#define APP_EVENT_INTERNAL_H

#include "app/event.h"
#include "format/json.h"

/* ST_EVENT: "the event's <member> must be <shape>". */
Status event_refuse(Err *err, const char *member, const char *shape);

/* Warns of members of `root` that are in neither list. Each list ends with NULL. */
void event_warn_of_members(const Json *root, const char *const *known, const char *const *others);

/* The members that EventBridge puts around every event. */
extern const char *const event_envelope[];

/* Whether EventBridge or its Scheduler says that a schedule's time has come. */
bool event_is_scheduled(const Json *root);

/* Checks what belongs to a schedule, and takes date and group id from `time` where the event names
 * none. `time` is required of a schedule's own event, and may be absent from one of the user's. */
Status event_parse_schedule(const Json *root, Event *event, Err *err) WARN_UNUSED;

/* Whether S3 sent it, by itself or through EventBridge. */
bool event_is_of_s3(const Json *root);
Status event_parse_s3(const Json *root, Event *event, Err *err) WARN_UNUSED;

#endif
