/* The events of S3, of its own:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * and EventBridge's: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 * The first ones have keys as a form encodes them ('+' is a blank), the second ones as they are. */
#include "app/event_internal.h"
#include "base/str.h"
#include "format/uri.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MAX_BYTES = 1024, BUCKET_MAX_BYTES = 63, CHANGE_MAX_BYTES = 64, MEMBER_SIZE = 64 };

static bool is_of_eventbridge(const Json *root) {
    return str_equal(json_text_value(json_at(root, "source")), "aws.s3");
}

static bool is_test(const Json *root) {
    return str_equal(json_text_value(json_at(root, "Event")), "s3:TestEvent");
}

bool event_is_of_s3(const Json *root) {
    return json_at(root, "Records") != NULL || is_of_eventbridge(root) || is_test(root);
}

static Status refuse(Err *err, const EventObject *object, const char *member, const char *shape) {
    char name[2 * MEMBER_SIZE];
    snprintf(name, sizeof name, "%s.%s", object->member, member);
    return event_refuse(err, name, shape);
}

/* "a/../b" */
static bool climbs(const char *key) {
    for (const char *part = key; part != NULL;) {
        size_t size = strcspn(part, "/");
        if (size == 2 && memcmp(part, "..", 2) == 0) {
            return true;
        }
        part = part[size] == '\0' ? NULL : part + size + 1;
    }
    return false;
}

static Status take_key(const Json *node, bool is_encoded, Event *event, EventObject *object,
                       Err *err) {
    OWN(buf_done) Buf key = {0};
    const char *text = json_text_value(json_at(node, "object.key"));
    if (text == NULL || strlen(text) > (size_t)3 * KEY_MAX_BYTES) {
        return refuse(err, object, "object.key", "text of 1 to 1024 bytes");
    }
    if (!is_encoded) {
        buf_puts(&key, text);
    } else if (!uri_append_decoded(&key, text, strlen(text), true)) {
        return refuse(err, object, "object.key", "encoded as a form is, like a%2Fb+c");
    }
    if (key.size == 0 || key.size > KEY_MAX_BYTES ||
        str_valid_utf8(buf_text(&key), key.size) != key.size) {
        return refuse(err, object, "object.key", "text of 1 to 1024 bytes in UTF-8");
    }
    if (climbs(buf_text(&key))) {
        return refuse(err, object, "object.key", "a key without '..' between its slashes");
    }
    object->key = arena_strdup(&event->arena, buf_text(&key));
    return ST_OK;
}

/* `node` has bucket.name and object.key. */
static Status take_object(const Json *node, bool is_encoded, Event *event, EventObject *object,
                          Err *err) {
    const char *bucket = json_text_value(json_at(node, "bucket.name"));
    if (str_is_empty(bucket) || strlen(bucket) > BUCKET_MAX_BYTES) {
        return refuse(err, object, "bucket.name", "the name of a bucket");
    }
    TRY(take_key(node, is_encoded, event, object, err));
    object->member = arena_strdup(&event->arena, object->member);
    object->bucket = arena_strdup(&event->arena, bucket);
    object->change = arena_strdup(&event->arena, object->change);
    event->objects[event->object_count++] = *object;
    return ST_OK;
}

static Status parse_record(const Json *record, size_t index, Event *event, Err *err) {
    char member[MEMBER_SIZE];
    char name[2 * MEMBER_SIZE];
    snprintf(name, sizeof name, "Records[%zu]", index);
    if (!json_is_object(record)) {
        return event_refuse(err, name, "an object");
    }
    snprintf(name, sizeof name, "Records[%zu].eventSource", index);
    if (!str_equal(json_text_value(json_at(record, "eventSource")), "aws:s3")) {
        return event_refuse(err, name, "aws:s3: other services have no say here");
    }
    snprintf(name, sizeof name, "Records[%zu].eventName", index);
    const char *change = json_text_value(json_at(record, "eventName"));
    if (str_is_empty(change) || strlen(change) > CHANGE_MAX_BYTES) {
        return event_refuse(err, name, "text like ObjectCreated:Put");
    }
    snprintf(member, sizeof member, "Records[%zu].s3", index);
    EventObject object = {
        .member = member, .change = change, .is_created = str_starts(change, "ObjectCreated:")};
    return take_object(json_at(record, "s3"), true, event, &object, err);
}

static Status parse_records(const Json *records, Event *event, Err *err) {
    size_t count = 0;
    for (const Json *item = json_is_array(records) ? json_first(records) : NULL; item != NULL;
         item = json_next(item)) {
        count++;
    }
    if (count == 0 || count > EVENT_MAX_RECORDS) {
        return event_refuse(err, "Records", "an array of 1 to 1000 records");
    }
    event->objects = arena_alloc(&event->arena, count * sizeof *event->objects);
    size_t index = 0;
    for (const Json *item = json_first(records); item != NULL; item = json_next(item)) {
        TRY(parse_record(item, index++, event, err));
    }
    return ST_OK;
}

static Status parse_eventbridge(const Json *root, Event *event, Err *err) {
    const char *change = json_text_value(json_at(root, "detail-type"));
    if (str_is_empty(change) || strlen(change) > CHANGE_MAX_BYTES) {
        return event_refuse(err, "detail-type", "text like Object Created");
    }
    event->objects = arena_alloc(&event->arena, sizeof *event->objects);
    EventObject object = {
        .member = "detail", .change = change, .is_created = str_equal(change, "Object Created")};
    return take_object(json_at(root, "detail"), false, event, &object, err);
}

Status event_parse_s3(const Json *root, Event *event, Err *err) {
    static const char *const records_alone[] = {"Records", NULL};
    static const char *const test_members[] = {"Service",   "Event",  "Time", "Bucket",
                                               "RequestId", "HostId", NULL};
    static const char *const none[] = {NULL};
    event->mode = EVENT_REPORT;
    event->is_of_s3 = true;
    const Json *records = json_at(root, "Records");
    if (records != NULL) {
        event_warn_of_members(root, records_alone, none);
        return parse_records(records, event, err);
    }
    if (is_test(root)) {
        event_warn_of_members(root, test_members, none);
        return ST_OK;
    }
    event_warn_of_members(root, event_envelope, none);
    return parse_eventbridge(root, event, err);
}
