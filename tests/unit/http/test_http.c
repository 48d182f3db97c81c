/* The loop: many calls, the queue, timers, stopping. */
#include "http/http_world.h"

/* --- The queue ------------------------------------------------------------------------------- */

enum { MANY = 60 };

static void no_more_than_so_many_at_once_and_all_are_answered(void **state) {
    World *world = *state;
    static Seen seen[MANY];
    memset(seen, 0, sizeof seen);
    open_http(world, (HttpOptions){.max_connections = 4});
    for (int i = 0; i < MANY; i++) {
        HttpRequest request = request_to(world, "GET", "/");
        scripted_server_add(world->server, (ScriptedAnswer){.body = "x", .delay_ms = 5});
        start(world, &request, &seen[i]);
    }
    assert_int_equal(http_in_flight(world->http), MANY);
    run(world);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(seen[i].times, 1);
        assert_int_equal(seen[i].status, 200);
        forget(&seen[i]);
    }
    assert_int_equal(scripted_server_most_at_once(world->server), 4);
    assert_int_equal(http_in_flight(world->http), 0);
}

static void those_that_wait_go_in_their_order(void **state) {
    World *world = *state;
    static Seen seen[10];
    memset(seen, 0, sizeof seen);
    open_http(world, (HttpOptions){.max_connections = 1});
    for (int i = 0; i < 10; i++) {
        char path[16];
        snprintf(path, sizeof path, "/%d", i);
        HttpRequest request = request_to(world, "GET", path);
        scripted_server_add(world->server, (ScriptedAnswer){.body = "x"});
        start(world, &request, &seen[i]);
    }
    run(world);
    for (int i = 0; i < 10; i++) {
        char line[32];
        snprintf(line, sizeof line, "GET /%d HTTP/1.1\r\n", i);
        assert_true(request_holds(world, (size_t)i, line));
        forget(&seen[i]);
    }
}

static void a_lower_rank_goes_first(void **state) {
    World *world = *state;
    static Seen seen[6];
    static const int64_t ranks[] = {3, 1, 2, 1, 0, 3};
    static const int order[] = {4, 1, 3, 2, 0, 5};
    memset(seen, 0, sizeof seen);
    open_http(world, (HttpOptions){.max_connections = 1});
    for (int i = 0; i < 6; i++) {
        char path[16];
        snprintf(path, sizeof path, "/%d", i);
        HttpRequest request = request_to(world, "GET", path);
        request.rank = ranks[i];
        scripted_server_add(world->server, (ScriptedAnswer){.body = "x"});
        start(world, &request, &seen[i]);
    }
    run(world);
    for (int i = 0; i < 6; i++) {
        char line[32];
        snprintf(line, sizeof line, "GET /%d HTTP/1.1\r\n", order[i]);
        assert_true(request_holds(world, (size_t)i, line));
        forget(&seen[i]);
    }
}

static void a_cancelled_call_is_not_answered(void **state) {
    World *world = *state;
    Err err = {0};
    OWN(forget) Seen waiting = {0};
    OWN(forget) Seen active = {0};
    OWN(forget) Seen other = {0};
    HttpCall *calls[3];
    open_http(world, (HttpOptions){.max_connections = 2});
    HttpRequest request = request_to(world, "GET", "/");
    for (int i = 0; i < 3; i++) {
        scripted_server_add(world->server, (ScriptedAnswer){.body = "x", .delay_ms = 50});
    }
    assert_int_equal(http_start(world->http, &request, keep, &active, &calls[0], &err), ST_OK);
    assert_int_equal(http_start(world->http, &request, keep, &other, &calls[1], &err), ST_OK);
    assert_int_equal(http_start(world->http, &request, keep, &waiting, &calls[2], &err), ST_OK);
    http_wake(world->http); /* so that the loop comes back after its first turn, or before it */
    assert_int_equal(http_run(world->http, NULL, &err), ST_OK);
    http_cancel(world->http, calls[0]);
    http_cancel(world->http, calls[2]);
    run(world);
    assert_int_equal(active.times, 0);
    assert_int_equal(waiting.times, 0);
    assert_int_equal(other.times, 1);
}

static void closing_drops_what_is_in_flight(void **state) {
    World *world = *state;
    Seen seen[3] = {{0}};
    open_http(world, (HttpOptions){.max_connections = 1});
    scripted_server_add(world->server, (ScriptedAnswer){.body = "x"});
    scripted_server_add(world->server, (ScriptedAnswer){.body = "x", .delay_ms = 100});
    HttpRequest request = request_to(world, "GET", "/");
    Err err = {0};
    for (int i = 0; i < 3; i++) {
        start(world, &request, &seen[i]);
    }
    assert_int_equal(http_run(world->http, &seen[0].stop, &err), ST_OK);
    http_close_at(&world->http);
    assert_int_equal(seen[0].times + seen[1].times + seen[2].times, 1);
    forget(&seen[0]);
}

typedef struct Chain {
    World *world;
    int left;
} Chain;

static void go_on(void *context, const HttpAnswer *answer, const Err *failure) {
    Chain *chain = context;
    Err err = {0};
    assert_null(failure);
    assert_int_equal(answer->status, 200);
    if (--chain->left > 0) {
        HttpRequest request = request_to(chain->world, "GET", "/");
        assert_int_equal(http_start(chain->world->http, &request, go_on, chain, NULL, &err), ST_OK);
    }
}

static void a_callback_may_start_the_next_call(void **state) {
    World *world = *state;
    Err err = {0};
    Chain chain = {.world = world, .left = 200};
    scripted_server_add(world->server, (ScriptedAnswer){.body = "x", .only_for = "GET"});
    HttpRequest request = request_to(world, "GET", "/");
    assert_int_equal(http_start(world->http, &request, go_on, &chain, NULL, &err), ST_OK);
    run(world);
    assert_int_equal(chain.left, 0);
    assert_int_equal(scripted_server_requests(world->server), 200);
    assert_int_equal(scripted_server_connections(world->server), 1);
}

/* A call that fails at once must not be answered from within http_start either. */
typedef struct Failing {
    World *world;
    int left;
    int depth;
} Failing;

static Status refuse(void *context, HttpRequest *request, Err *err) {
    (void)context;
    (void)request;
    return err_set(err, ST_DEADLINE, "too late");
}

static void fail_again(void *context, const HttpAnswer *answer, const Err *failure) {
    Failing *failing = context;
    Err err = {0};
    assert_null(answer);
    assert_int_equal(failure->status, ST_DEADLINE);
    assert_int_equal(failing->depth, 0);
    failing->depth++;
    if (--failing->left > 0) {
        HttpRequest request = HTTP_REQUEST_NONE;
        request.method = "GET";
        request.ready = refuse;
        assert_int_equal(
            http_start(failing->world->http, &request, fail_again, failing, NULL, &err), ST_OK);
    }
    failing->depth--;
}

static void failures_do_not_recurse(void **state) {
    World *world = *state;
    Err err = {0};
    Failing failing = {.world = world, .left = 100000};
    HttpRequest request = HTTP_REQUEST_NONE;
    request.method = "GET";
    request.ready = refuse;
    assert_int_equal(http_start(world->http, &request, fail_again, &failing, NULL, &err), ST_OK);
    run(world);
    assert_int_equal(failing.left, 0);
}

/* --- Requests that are completed late -------------------------------------------------------- */

typedef struct Late {
    Seen seen;
    const World *world;
    char url[256];
    char header[64];
    int *next_number;
} Late;

static Status complete(void *context, HttpRequest *request, Err *err) {
    (void)err;
    Late *late = context;
    snprintf(late->url, sizeof late->url, "%s/", scripted_server_url(late->world->server));
    snprintf(late->header, sizeof late->header, "X-Number: %d", (*late->next_number)++);
    request->url = late->url;
    request->headers[request->header_count++] = late->header;
    return ST_OK;
}

static void keep_late(void *context, const HttpAnswer *answer, const Err *failure) {
    Late *late = context;
    keep(&late->seen, answer, failure);
}

static void a_request_is_completed_when_its_turn_has_come(void **state) {
    World *world = *state;
    Err err = {0};
    int next_number = 7;
    Late late[3];
    open_http(world, (HttpOptions){.max_connections = 1});
    scripted_server_add(world->server, (ScriptedAnswer){.body = "x", .only_for = "GET"});
    for (int i = 0; i < 3; i++) {
        late[i] = (Late){.world = world, .next_number = &next_number};
        HttpRequest request = HTTP_REQUEST_NONE;
        request.method = "GET";
        request.headers[request.header_count++] = "X-Early: yes";
        request.ready = complete;
        assert_int_equal(http_start(world->http, &request, keep_late, &late[i], NULL, &err), ST_OK);
    }
    assert_int_equal(next_number, 7);
    assert_int_equal(http_run(world->http, &late[0].seen.stop, &err), ST_OK);
    assert_true(next_number < 10); /* the last one still waits */
    run(world);
    assert_int_equal(next_number, 10);
    for (int i = 0; i < 3; i++) {
        char line[32];
        snprintf(line, sizeof line, "\r\nX-Number: %d\r\n", 7 + i);
        assert_true(request_holds(world, (size_t)i, line));
        assert_true(request_holds(world, (size_t)i, "\r\nX-Early: yes\r\n"));
        assert_int_equal(late[i].seen.status, 200);
        forget(&late[i].seen);
    }
}

/* --- Timers and the loop itself -------------------------------------------------------------- */

static char fired[8];

static void fire_a(void *context) {
    (void)context;
    strcat(fired, "a");
}

static void fire_b(void *context) {
    (void)context;
    strcat(fired, "b");
}

static void timers_fire_in_their_order(void **state) {
    World *world = *state;
    int mark = 0;
    fired[0] = '\0';
    int64_t begun_ms = clock_monotonic_ms();
    http_after(world->http, 40, fire_b, NULL);
    http_after(world->http, 10, fire_a, NULL);
    http_after(world->http, 20, fire_b, &mark);
    http_after(world->http, 30, fire_a, NULL);
    http_after_cancel(world->http, &mark);
    assert_false(http_is_idle(world->http));
    run(world);
    assert_string_equal(fired, "aab");
    assert_true(clock_monotonic_ms() - begun_ms >= 40);
}

static void set_stop(void *context) {
    *(bool *)context = true;
}

static void the_loop_stops_when_told(void **state) {
    World *world = *state;
    Err err = {0};
    bool stop = false;
    fired[0] = '\0';
    http_after(world->http, 5, set_stop, &stop);
    http_after(world->http, 60000, fire_a, NULL);
    int64_t begun_ms = clock_monotonic_ms();
    assert_int_equal(http_run(world->http, &stop, &err), ST_OK);
    assert_true(clock_monotonic_ms() - begun_ms < 5000);
    assert_string_equal(fired, "");
    assert_false(http_is_idle(world->http));
}

static void *wake_soon(void *context) {
    usleep(20 * 1000);
    http_wake(context);
    return NULL;
}

static void the_loop_comes_back_when_woken(void **state) {
    World *world = *state;
    Err err = {0};
    pthread_t thread;
    http_after(world->http, 60000, fire_a, NULL);
    int64_t begun_ms = clock_monotonic_ms();
    pthread_create(&thread, NULL, wake_soon, world->http);
    assert_int_equal(http_run(world->http, NULL, &err), ST_OK);
    pthread_join(thread, NULL);
    assert_true(clock_monotonic_ms() - begun_ms < 5000);
    assert_false(http_is_idle(world->http));
}

static void run_within(void *context) {
    World *world = context;
    Err err = {0};
    assert_int_equal(http_run(world->http, NULL, &err), ST_INTERNAL);
}

static void the_loop_is_not_entered_twice(void **state) {
    World *world = *state;
    http_after(world->http, 0, run_within, world);
    run(world);
}

static void proxies_are_not_for_loopback(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    scripted_server_add(world->server, (ScriptedAnswer){.body = "direct"});
    HttpRequest request = request_to(world, "GET", "/");
    start(world, &request, &seen);
    run(world);
    unsetenv("http_proxy");
    assert_int_equal(seen.status, 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(no_more_than_so_many_at_once_and_all_are_answered),
        TEST(those_that_wait_go_in_their_order),
        TEST(a_lower_rank_goes_first),
        TEST(a_cancelled_call_is_not_answered),
        TEST(closing_drops_what_is_in_flight),
        TEST(a_callback_may_start_the_next_call),
        TEST(failures_do_not_recurse),
        TEST(a_request_is_completed_when_its_turn_has_come),
        TEST(timers_fire_in_their_order),
        TEST(the_loop_stops_when_told),
        TEST(the_loop_comes_back_when_woken),
        TEST(the_loop_is_not_entered_twice),
        TEST(proxies_are_not_for_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
