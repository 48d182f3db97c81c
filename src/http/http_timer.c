#include "http/http_timer.h"

#include "base/mem.h"

static bool is_before(const TimerEntry *a, const TimerEntry *b) {
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->number < b->number;
}

static void swap(TimerEntry *a, TimerEntry *b) {
    TimerEntry kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_up(TimerHeap *heap, size_t at) {
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (!is_before(&heap->entries[at], &heap->entries[parent])) {
            return;
        }
        swap(&heap->entries[at], &heap->entries[parent]);
        at = parent;
    }
}

static void sift_down(TimerHeap *heap, size_t at) {
    for (;;) {
        size_t first = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < heap->count; child++) {
            if (is_before(&heap->entries[child], &heap->entries[first])) {
                first = child;
            }
        }
        if (first == at) {
            return;
        }
        swap(&heap->entries[at], &heap->entries[first]);
        at = first;
    }
}

void http_timer_put(TimerHeap *heap, int64_t due_ms, void (*fire)(void *context), void *context) {
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity == 0 ? 64 : heap->capacity * 2;
        heap->entries = mem_grow(heap->entries, heap->capacity, sizeof *heap->entries);
    }
    heap->entries[heap->count] = (TimerEntry){
        .due_ms = due_ms, .number = heap->next_number++, .fire = fire, .context = context};
    sift_up(heap, heap->count++);
}

bool http_timer_take(TimerHeap *heap, int64_t now_ms, TimerEntry *ret_entry) {
    if (heap->count == 0 || heap->entries[0].due_ms > now_ms) {
        return false;
    }
    *ret_entry = heap->entries[0];
    heap->entries[0] = heap->entries[--heap->count];
    sift_down(heap, 0);
    return true;
}

int64_t http_timer_wait_ms(const TimerHeap *heap, int64_t now_ms, int64_t otherwise) {
    if (heap->count == 0) {
        return otherwise;
    }
    int64_t wait_ms = heap->entries[0].due_ms - now_ms;
    return wait_ms > 0 ? wait_ms : 0;
}

void http_timer_forget(TimerHeap *heap, const void *context) {
    size_t kept = 0;
    for (size_t i = 0; i < heap->count; i++) {
        if (heap->entries[i].context != context) {
            heap->entries[kept++] = heap->entries[i];
        }
    }
    if (kept == heap->count) {
        return;
    }
    heap->count = kept;
    for (size_t i = kept / 2; i-- > 0;) {
        sift_down(heap, i);
    }
}

void http_timer_done(TimerHeap *heap) {
    mem_free(heap->entries);
    *heap = (TimerHeap){0};
}
