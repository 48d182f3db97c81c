/* Time. Instants are milliseconds since 1970 in UTC; dates and times as text are ISO 8601 in UTC.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLOCK_DATE_SIZE = 11, CLOCK_TIME_SIZE = 25, CLOCK_STAMP_SIZE = 17 };

int64_t clock_now_ms(void);       /* wall clock */
int64_t clock_monotonic_ms(void); /* for waiting and measuring: never goes back */

/* All of these accept years 1970 to 9999; others are clamped. */
void clock_format_date(int64_t time_ms, char ret_text[CLOCK_DATE_SIZE]); /* 2026-11-22 */
void clock_format_time(int64_t time_ms, char ret_text[CLOCK_TIME_SIZE]); /* 2026-11-22T06:00:00Z */
void clock_format_stamp(int64_t time_ms, char ret_text[CLOCK_STAMP_SIZE]); /* 20261122T060000Z */

bool clock_parse_date(const char *text, int64_t *ret_time_ms);  /* exactly YYYY-MM-DD, a real day */
bool clock_parse_time(const char *text, int64_t *ret_time_ms);  /* 2026-11-22T06:00:00[.123]Z */
bool clock_parse_stamp(const char *text, int64_t *ret_time_ms); /* 20261122T060000Z */

#endif
