#include "stop.h"

#include "app/app.h"
#include "app/invocation.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Of Lambda's 500 ms: the rest is for the kernel to end the process. */
enum { STOP_LIMIT_MS = 350 };

/* A signal handler has no other way to know them. */
static struct {
    Http *http;
    timer_t timer;
    volatile bool is_stopped;
} stopping;

static void on_stop(int number) {
    (void)number;
    const struct itimerspec limit = {.it_value.tv_nsec = STOP_LIMIT_MS * 1000L * 1000};
    stopping.is_stopped = true;
    (void)timer_settime(stopping.timer, 0, &limit, NULL);
    invocation_cancel();
    http_wake(stopping.http);
}

static void on_limit(int number) {
    (void)number;
    app_remove_scratch();
    _exit(EXIT_DONE);
}

Status stop_watch(Http *http, Err *err) {
    stopping.http = http;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    if (timer_create(CLOCK_MONOTONIC, &event, &stopping.timer) != 0) {
        return err_set(err, ST_INTERNAL, "there is no timer for SIGTERM");
    }
    struct sigaction action = {0};
    sigemptyset(&action.sa_mask);
    action.sa_handler = on_limit;
    sigaction(SIGALRM, &action, NULL);
    action.sa_handler = on_stop;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    return ST_OK;
}

volatile bool *stop_flag(void) {
    return &stopping.is_stopped;
}
