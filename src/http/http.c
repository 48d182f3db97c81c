#include "http/http.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/http_call.h"
#include "http/http_timer.h"

#include <curl/curl.h>
#include <signal.h>
#include <string.h>

enum { MAX_CONNECTIONS = 64, POLL_MAX_MS = 1000, IDLE_CONNECTIONS = 32 };

typedef struct CallList {
    HttpCall *first;
    HttpCall *last;
    int count;
} CallList;

struct Http {
    HttpOptions options; /* its texts are our own */
    CURLM *multi;
    CURL **spare; /* easy handles without a call: at most max_connections */
    int spare_count;
    CallList waiting;
    CallList active;
    TimerHeap timers;
    bool running;
    volatile sig_atomic_t woken;
};

static void list_add(CallList *list, HttpCall *call) {
    call->previous = list->last;
    call->next = NULL;
    if (list->last != NULL) {
        list->last->next = call;
    } else {
        list->first = call;
    }
    list->last = call;
    list->count++;
}

/* Before those of a higher rank: most often it is the last. */
static void list_add_ranked(CallList *list, HttpCall *call) {
    HttpCall *before = list->last;
    while (before != NULL && before->request.rank > call->request.rank) {
        before = before->previous;
    }
    HttpCall *after = before == NULL ? list->first : before->next;
    if (after == NULL) {
        list_add(list, call);
        return;
    }
    call->previous = before;
    call->next = after;
    after->previous = call;
    if (before != NULL) {
        before->next = call;
    } else {
        list->first = call;
    }
    list->count++;
}

static void list_remove(CallList *list, HttpCall *call) {
    if (call->previous != NULL) {
        call->previous->next = call->next;
    } else {
        list->first = call->next;
    }
    if (call->next != NULL) {
        call->next->previous = call->previous;
    } else {
        list->last = call->previous;
    }
    call->previous = NULL;
    call->next = NULL;
    list->count--;
}

/* --- Opening and closing --------------------------------------------------------------------- */

/* libcurl knows the place of the distribution that it was built on; the program may run on another:
 * Amazon Linux and Fedora, Debian, Alpine and the BSDs. NULL = none of them is there. */
static const char *find_ca_bundle(void) {
    const char *const places[] = {
        curl_version_info(CURLVERSION_NOW)->cainfo,
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/ssl/cert.pem",
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i] != NULL && file_exists(places[i])) {
            return places[i];
        }
    }
    return NULL;
}

Status http_open(const HttpOptions *options, Http **ret_http, Err *err) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return err_set(err, ST_INTERNAL, "libcurl cannot be initialized");
    }
    CURLM *multi = curl_multi_init();
    if (multi == NULL) {
        curl_global_cleanup();
        return err_set(err, ST_INTERNAL, "libcurl cannot be initialized");
    }
    Http *http = mem_alloc(sizeof *http);
    http->options = *options;
    const char *ca_bundle = options->ca_bundle != NULL ? options->ca_bundle : find_ca_bundle();
    http->options.ca_bundle = mem_strdup(ca_bundle); /* read by the first call that needs TLS */
    http->options.user_agent = mem_strdup(options->user_agent);
    if (options->max_connections <= 0) {
        http->options.max_connections = MAX_CONNECTIONS;
    }
    int max = http->options.max_connections;
    http->spare = mem_array((size_t)max, sizeof(CURL *));
    http->multi = multi;
    (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)max + IDLE_CONNECTIONS);
    *ret_http = http;
    return ST_OK;
}

/* Takes the call out of libcurl's hands; the easy handle is kept for the next one. */
static void detach(Http *http, HttpCall *call) {
    (void)curl_multi_remove_handle(http->multi, call->easy);
    list_remove(&http->active, call);
    if (http->spare_count < http->options.max_connections) {
        http->spare[http->spare_count++] = call->easy;
    } else {
        curl_easy_cleanup(call->easy);
    }
    call->easy = NULL;
}

void http_cancel(Http *http, HttpCall *call) {
    if (call->easy != NULL) {
        detach(http, call);
    } else {
        list_remove(&http->waiting, call);
    }
    http_call_free(call);
}

void http_close(Http *http) {
    if (http == NULL) {
        return;
    }
    while (http->active.first != NULL) {
        http_cancel(http, http->active.first);
    }
    while (http->waiting.first != NULL) {
        http_cancel(http, http->waiting.first);
    }
    for (int i = 0; i < http->spare_count; i++) {
        curl_easy_cleanup(http->spare[i]);
    }
    mem_free(http->spare);
    (void)curl_multi_cleanup(http->multi);
    http_timer_done(&http->timers);
    mem_free_at(&http->options.ca_bundle);
    mem_free_at(&http->options.user_agent);
    mem_free(http);
    curl_global_cleanup();
}

void http_close_at(Http **http) {
    http_close(*http);
    *http = NULL;
}

/* --- Calls and timers ------------------------------------------------------------------------ */

Status http_start(Http *http, const HttpRequest *request, HttpDone *done, void *context,
                  HttpCall **ret_call, Err *err) {
    if (request->header_count > HTTP_MAX_HEADERS) {
        return err_set(err, ST_INTERNAL, "more than %d headers", HTTP_MAX_HEADERS);
    }
    HttpCall *call = http_call_new(request, done, context);
    list_add_ranked(&http->waiting, call);
    if (ret_call != NULL) {
        *ret_call = call;
    }
    return ST_OK;
}

void http_after(Http *http, int64_t delay_ms, HttpTimer *fire, void *context) {
    int64_t due_ms = clock_monotonic_ms() + (delay_ms > 0 ? delay_ms : 0);
    http_timer_put(&http->timers, due_ms, fire, context);
}

void http_after_cancel(Http *http, const void *context) {
    http_timer_forget(&http->timers, context);
}

int http_in_flight(const Http *http) {
    return http->active.count + http->waiting.count;
}

bool http_is_idle(const Http *http) {
    return http_in_flight(http) == 0 && http->timers.count == 0;
}

void http_wake(Http *http) {
    http->woken = 1;
    (void)curl_multi_wakeup(http->multi);
}

/* --- The loop -------------------------------------------------------------------------------- */

static bool is_stopped(const bool *stop) {
    return stop != NULL && *(const volatile bool *)stop; /* a signal may set it */
}

static CURL *take_easy(Http *http) {
    CURL *easy = http->spare_count > 0 ? http->spare[--http->spare_count] : curl_easy_init();
    ASSERT(easy != NULL);
    return easy;
}

/* The call is in no list any more: whatever its callback does, it is gone afterwards. */
static void deliver(HttpCall *call, const HttpAnswer *answer, const Err *failure) {
    call->done(call->context, failure == NULL ? answer : NULL, failure);
    http_call_free(call);
}

static void begin(Http *http, HttpCall *call) {
    Err err = {0};
    CURL *easy = take_easy(http);
    list_remove(&http->waiting, call);
    if (http_call_begin(call, easy, &http->options, &err) == ST_OK) {
        list_add(&http->active, call);
        CURLMcode added = curl_multi_add_handle(http->multi, easy);
        if (added == CURLM_OK) {
            return;
        }
        err_set(&err, ST_INTERNAL, "libcurl: %s", curl_multi_strerror(added));
        list_remove(&http->active, call);
    }
    curl_easy_cleanup(easy);
    deliver(call, NULL, &err);
}

static void begin_waiting(Http *http, const bool *stop) {
    while (http->waiting.first != NULL && http->active.count < http->options.max_connections &&
           !is_stopped(stop)) {
        begin(http, http->waiting.first);
    }
}

static void fire_timers(Http *http, const bool *stop) {
    int64_t now_ms = clock_monotonic_ms();
    TimerEntry timer;
    while (!is_stopped(stop) && http_timer_take(&http->timers, now_ms, &timer)) {
        timer.fire(timer.context);
    }
}

static void finish(Http *http, const CURLMsg *message) {
    void *private = NULL;
    CURLcode result = message->data.result;
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    HttpCall *call = private;
    HttpAnswer answer = {0};
    Err err = {0};
    Status status = http_call_end(call, result, &answer, &err);
    detach(http, call); /* `message` is gone with it */
    deliver(call, &answer, status == ST_OK ? NULL : &err);
}

/* True when an answer came: there may be new calls to begin. */
static bool finish_answered(Http *http, const bool *stop) {
    bool any = false;
    int left = 0;
    const CURLMsg *message = NULL;
    while (!is_stopped(stop) && (message = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            finish(http, message);
            any = true;
        }
    }
    return any;
}

static Status turn(Http *http, const bool *stop, Err *err) {
    fire_timers(http, stop);
    begin_waiting(http, stop);
    int active = 0;
    CURLMcode result = curl_multi_perform(http->multi, &active);
    if (result == CURLM_OK && !finish_answered(http, stop) && !is_stopped(stop) &&
        !http_is_idle(http)) {
        int64_t wait_ms = http_timer_wait_ms(&http->timers, clock_monotonic_ms(), POLL_MAX_MS);
        int limit_ms = wait_ms < POLL_MAX_MS ? (int)wait_ms : POLL_MAX_MS;
        result = curl_multi_poll(http->multi, NULL, 0, limit_ms, NULL);
    }
    if (result != CURLM_OK) {
        return err_set(err, ST_INTERNAL, "libcurl: %s", curl_multi_strerror(result));
    }
    return ST_OK;
}

Status http_run(Http *http, const bool *stop, Err *err) {
    if (http->running) {
        return err_set(err, ST_INTERNAL, "the loop was entered from one of its own callbacks");
    }
    http->running = true;
    Status status = ST_OK;
    while (status == ST_OK && !is_stopped(stop) && !http_is_idle(http) && http->woken == 0) {
        status = turn(http, stop, err);
    }
    http->woken = 0;
    http->running = false;
    return status;
}

/* --- Answers --------------------------------------------------------------------------------- */

bool http_header(const HttpAnswer *answer, const char *name, char *ret_value, size_t size) {
    size_t name_size = strlen(name);
    const char *line = buf_text(answer->header_lines);
    while (*line != '\0') {
        size_t line_size = strcspn(line, "\n");
        if (strncasecmp(line, name, name_size) == 0 && line[name_size] == ':') {
            const char *value = line + name_size + 1;
            const char *end = line + line_size;
            value += strspn(value, " \t");
            while (end > value && strchr(" \t\r", end[-1]) != NULL) {
                end--;
            }
            size_t value_size = end > value ? (size_t)(end - value) : 0;
            if (value_size >= size) {
                return false;
            }
            memcpy(ret_value, value, value_size);
            ret_value[value_size] = '\0';
            return true;
        }
        line += line_size + (line[line_size] == '\n');
    }
    return false;
}
