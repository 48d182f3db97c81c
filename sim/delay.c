#include "delay.h"

#include "base/err.h"
#include "base/mem.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

typedef struct Waiting Waiting;
struct Waiting {
    struct MHD_Connection *connection;
    struct timespec due;
    Waiting *next;
};

struct Delay {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopped;
    Waiting *first; /* by time */
    Waiting *last;
};

static bool is_before(const struct timespec *a, const struct timespec *b) {
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static void wake_first(Delay *delay) {
    Waiting *waiting = delay->first;
    delay->first = waiting->next;
    delay->last = delay->first == NULL ? NULL : delay->last;
    MHD_resume_connection(waiting->connection);
    mem_free(waiting);
}

static void *run(void *context) {
    Delay *delay = context;
    pthread_mutex_lock(&delay->lock);
    while (!delay->stopped) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (delay->first == NULL) {
            pthread_cond_wait(&delay->changed, &delay->lock);
        } else if (is_before(&now, &delay->first->due)) {
            struct timespec due = delay->first->due;
            pthread_cond_timedwait(&delay->changed, &delay->lock, &due);
        } else {
            wake_first(delay);
        }
    }
    pthread_mutex_unlock(&delay->lock);
    return NULL;
}

Delay *delay_new(void) {
    Delay *delay = mem_alloc(sizeof *delay);
    pthread_condattr_t attributes;
    ASSERT(pthread_condattr_init(&attributes) == 0);
    ASSERT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&delay->changed, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
    ASSERT(pthread_mutex_init(&delay->lock, NULL) == 0);
    ASSERT(pthread_create(&delay->thread, NULL, run, delay) == 0);
    return delay;
}

void delay_stop(Delay *delay) {
    pthread_mutex_lock(&delay->lock);
    delay->stopped = true;
    while (delay->first != NULL) {
        wake_first(delay);
    }
    pthread_cond_signal(&delay->changed);
    pthread_mutex_unlock(&delay->lock);
    pthread_join(delay->thread, NULL);
}

void delay_free(Delay *delay) {
    if (delay != NULL) {
        pthread_cond_destroy(&delay->changed);
        pthread_mutex_destroy(&delay->lock);
        mem_free(delay);
    }
}

/* Nearly all come in the order of their time: the knob may have been turned in between. */
static void insert(Delay *delay, Waiting *waiting) {
    Waiting **at = &delay->first;
    if (delay->last != NULL && !is_before(&waiting->due, &delay->last->due)) {
        at = &delay->last->next;
    }
    while (*at != NULL && !is_before(&waiting->due, &(*at)->due)) {
        at = &(*at)->next;
    }
    waiting->next = *at;
    *at = waiting;
    if (waiting->next == NULL) {
        delay->last = waiting;
    }
}

void delay_connection(Delay *delay, struct MHD_Connection *connection, int64_t delay_ms) {
    Waiting *waiting = mem_alloc(sizeof *waiting);
    waiting->connection = connection;
    clock_gettime(CLOCK_MONOTONIC, &waiting->due);
    waiting->due.tv_sec += delay_ms / 1000;
    waiting->due.tv_nsec += delay_ms % 1000 * 1000000;
    if (waiting->due.tv_nsec >= 1000000000) {
        waiting->due.tv_nsec -= 1000000000;
        waiting->due.tv_sec++;
    }
    MHD_suspend_connection(connection);
    pthread_mutex_lock(&delay->lock);
    if (delay->stopped) {
        MHD_resume_connection(connection);
        mem_free(waiting);
    } else {
        insert(delay, waiting);
        if (delay->first == waiting) {
            pthread_cond_signal(&delay->changed);
        }
    }
    pthread_mutex_unlock(&delay->lock);
}
