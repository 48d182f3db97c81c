/* What the tests of events share. */
#ifndef TESTS_APP_EVENT_WORLD_H
#define TESTS_APP_EVENT_WORLD_H

#include "app/event.h"
#include "base/log.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

static inline void parse(const char *text, Event *event) {
    Err err = {0};
    Status status = event_parse(text, strlen(text), &event_defaults, event, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(status, ST_OK);
}

typedef struct BadEvent {
    const char *text;
    const char *names; /* what the message must name */
} BadEvent;

static inline void assert_all_refused(const BadEvent *bad, size_t count) {
    for (size_t i = 0; i < count; i++) {
        Event event = {0};
        Err err = {0};
        assert_int_equal(
            event_parse(bad[i].text, strlen(bad[i].text), &event_defaults, &event, &err), ST_EVENT);
        if (strstr(err.message, bad[i].names) == NULL) {
            fail_msg("%s: '%s' does not name %s", bad[i].text, err.message, bad[i].names);
        }
        assert_int_equal(event.account_count, 0);
        assert_int_equal(event.object_count, 0);
    }
}

#endif
