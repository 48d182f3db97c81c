/* The events of schedules. EventBridge's rules:
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html
 * and its Scheduler, whose own event has "detail": "{}" as text:
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
#include "app/event_internal.h"
#include "base/clock.h"
#include "base/str.h"

#define SCHEDULE_TYPE "Scheduled Event"

bool event_is_scheduled(const Json *root) {
    const char *source = json_text_value(json_at(root, "source"));
    const char *type = json_text_value(json_at(root, "detail-type"));
    return str_equal(type, SCHEDULE_TYPE) || (type == NULL && (str_equal(source, "aws.events") ||
                                                               str_equal(source, "aws.scheduler")));
}

static Status check_detail(const Json *root, Err *err) {
    const Json *detail = json_at(root, "detail");
    if (detail == NULL || json_is_object(detail) || json_is_text(detail)) {
        return ST_OK;
    }
    return event_refuse(err, "detail", "an object, or text that is one");
}

Status event_parse_schedule(const Json *root, Event *event, Err *err) {
    const Json *node = json_at(root, "time");
    const char *text = json_text_value(node);
    int64_t time_ms = 0;
    char date[CLOCK_DATE_SIZE];
    if (event_is_scheduled(root)) {
        TRY(check_detail(root, err));
    } else if (node == NULL) {
        return ST_OK;
    }
    if (text == NULL || !clock_parse_time(text, &time_ms)) {
        return event_refuse(err, "time", "the schedule's time in UTC, like 2026-11-22T06:00:00Z");
    }
    clock_format_date(time_ms, date);
    if (event->date == NULL) {
        event->date = arena_strdup(&event->arena, date);
    }
    if (event->group_id == NULL) {
        event->group_id = event->date;
    }
    return ST_OK;
}
