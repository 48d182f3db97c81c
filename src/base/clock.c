#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t clock) {
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void) {
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void) {
    return read_clock(CLOCK_MONOTONIC);
}

static struct tm to_tm(int64_t time_ms) {
    const int64_t last_ms = 253402300799999; /* 9999-12-31T23:59:59.999Z */
    int64_t clamped = time_ms < 0 ? 0 : time_ms > last_ms ? last_ms : time_ms;
    time_t seconds = (time_t)(clamped / 1000);
    struct tm tm = {0};
    gmtime_r(&seconds, &tm);
    return tm;
}

void clock_format_date(int64_t time_ms, char ret_text[CLOCK_DATE_SIZE]) {
    struct tm tm = to_tm(time_ms);
    strftime(ret_text, CLOCK_DATE_SIZE, "%Y-%m-%d", &tm);
}

void clock_format_time(int64_t time_ms, char ret_text[CLOCK_TIME_SIZE]) {
    struct tm tm = to_tm(time_ms);
    strftime(ret_text, CLOCK_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void clock_format_stamp(int64_t time_ms, char ret_text[CLOCK_STAMP_SIZE]) {
    struct tm tm = to_tm(time_ms);
    strftime(ret_text, CLOCK_STAMP_SIZE, "%Y%m%dT%H%M%SZ", &tm);
}

/* `shape` has 9 for each digit; all else stands for itself. */
static bool has_shape(const char *text, const char *shape) {
    for (; *shape != '\0'; text++, shape++) {
        bool fits = *shape == '9' ? *text >= '0' && *text <= '9' : *text == *shape;
        if (!fits) {
            return false;
        }
    }
    return true;
}

static int digits(const char *text, int count) {
    int number = 0;
    for (int i = 0; i < count; i++) {
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static bool make_time(int year, int month, int day, int hour, int minute, int second,
                      int64_t *ret_time_ms) {
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    struct tm same = tm;
    int64_t seconds = (int64_t)timegm(&same);
    /* timegm takes February 30 for March 2: only what it left alone is a real date. */
    if (year < 1970 || same.tm_mon != tm.tm_mon || same.tm_mday != day || same.tm_hour != hour ||
        same.tm_min != minute || same.tm_sec != second) {
        return false;
    }
    *ret_time_ms = seconds * 1000;
    return true;
}

bool clock_parse_date(const char *text, int64_t *ret_time_ms) {
    return text != NULL && has_shape(text, "9999-99-99") && text[10] == '\0' &&
           make_time(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2), 0, 0, 0,
                     ret_time_ms);
}

bool clock_parse_time(const char *text, int64_t *ret_time_ms) {
    int64_t time_ms = 0;
    if (text == NULL || !has_shape(text, "9999-99-99T99:99:99") ||
        !make_time(digits(text, 4), digits(text + 5, 2), digits(text + 8, 2), digits(text + 11, 2),
                   digits(text + 14, 2), digits(text + 17, 2), &time_ms)) {
        return false;
    }
    const char *rest = text + 19;
    if (*rest == '.') {
        int64_t unit = 100;
        for (rest++; *rest >= '0' && *rest <= '9'; rest++, unit /= 10) {
            time_ms += (*rest - '0') * unit;
        }
    }
    *ret_time_ms = time_ms;
    return strcmp(rest, "Z") == 0 || strcmp(rest, "+00:00") == 0;
}

bool clock_parse_stamp(const char *text, int64_t *ret_time_ms) {
    return text != NULL && has_shape(text, "99999999T999999Z") && text[16] == '\0' &&
           make_time(digits(text, 4), digits(text + 4, 2), digits(text + 6, 2), digits(text + 9, 2),
                     digits(text + 11, 2), digits(text + 13, 2), ret_time_ms);
}
