/* Timers of the loop (http/http): a heap with the next one on top. Two that are due at the same
 * moment fire in the order in which they were set. */
#ifndef HTTP_HTTP_TIMER_H
#define HTTP_HTTP_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct TimerEntry {
    int64_t due_ms; /* on the clock that does not go back */
    uint64_t number;
    void (*fire)(void *context);
    void *context;
} TimerEntry;

typedef struct TimerHeap {
    TimerEntry *entries;
    size_t count;
    size_t capacity;
    uint64_t next_number;
} TimerHeap; /* all zero = empty and ready */

void http_timer_put(TimerHeap *heap, int64_t due_ms, void (*fire)(void *context), void *context);
/* Takes the first one out if it is due. */
bool http_timer_take(TimerHeap *heap, int64_t now_ms, TimerEntry *ret_entry);
/* Milliseconds until the first one is due, 0 when it is, `otherwise` when there is none. */
int64_t http_timer_wait_ms(const TimerHeap *heap, int64_t now_ms, int64_t otherwise);
void http_timer_forget(TimerHeap *heap, const void *context);
void http_timer_done(TimerHeap *heap);

#endif
