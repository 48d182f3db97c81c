/* The loop, over real HTTP on loopback. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "http/http.h"
#include "http/scripted_server.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct World {
    ScriptedServer *server;
    Http *http;
    TempDir dir;
} World;

typedef struct Seen {
    int times;
    int status;
    Buf body;
    int64_t sink_bytes;
    char etag[64];
    bool has_etag;
    Err failure;
    bool stop;
} Seen;

static void keep(void *context, const HttpAnswer *answer, const Err *failure) {
    Seen *seen = context;
    seen->times++;
    seen->stop = true;
    if (failure != NULL) {
        assert_null(answer);
        seen->failure = *failure;
        return;
    }
    seen->status = answer->status;
    seen->sink_bytes = answer->sink_bytes;
    assert_int_equal(answer->body[answer->body_size], '\0');
    buf_append(&seen->body, answer->body, answer->body_size);
    seen->has_etag = http_header(answer, "etag", seen->etag, sizeof seen->etag);
}

static void forget(Seen *seen) {
    buf_done(&seen->body);
}

static void open_http(World *world, HttpOptions options) {
    Err err = {0};
    http_close_at(&world->http);
    assert_int_equal(http_open(&options, &world->http, &err), ST_OK);
}

static int set_up(void **state) {
    World *world = calloc(1, sizeof *world);
    Err err = {0};
    world->server = scripted_server_open();
    open_http(world, (HttpOptions){.user_agent = "test/1"});
    assert_int_equal(temp_dir_open(&world->dir, &err), ST_OK);
    *state = world;
    return 0;
}

static int tear_down(void **state) {
    World *world = *state;
    http_close(world->http);
    scripted_server_close(world->server);
    temp_dir_close(&world->dir);
    free(world);
    return 0;
}

static HttpRequest request_to(const World *world, const char *method, const char *path) {
    static char url[256];
    HttpRequest request = HTTP_REQUEST_NONE;
    snprintf(url, sizeof url, "%s%s", scripted_server_url(world->server), path);
    request.method = method;
    request.url = url;
    return request;
}

static void start(World *world, const HttpRequest *request, Seen *seen) {
    Err err = {0};
    assert_int_equal(http_start(world->http, request, keep, seen, NULL, &err), ST_OK);
}

static void run(World *world) {
    Err err = {0};
    assert_int_equal(http_run(world->http, NULL, &err), ST_OK);
    assert_true(http_is_idle(world->http));
}

static bool request_holds(World *world, size_t at, const char *text) {
    return strstr(scripted_server_request(world->server, at), text) != NULL;
}

/* --- Requests and answers -------------------------------------------------------------------- */

static void a_post_goes_out_as_given_and_its_answer_comes_back(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    scripted_server_add(world->server,
                        (ScriptedAnswer){.headers = "ETag:  \"a b\" \r\n", .body = "hello"});
    HttpRequest request = request_to(world, "POST", "/a//../b?x=1&y=%20");
    request.headers[request.header_count++] = "X-Test: one";
    request.body = "body";
    request.body_size = 4;
    start(world, &request, &seen);
    assert_int_equal(http_in_flight(world->http), 1);
    assert_int_equal(seen.times, 0);
    run(world);
    assert_int_equal(seen.times, 1);
    assert_int_equal(seen.status, 200);
    assert_string_equal(buf_text(&seen.body), "hello");
    assert_true(seen.has_etag);
    assert_string_equal(seen.etag, "\"a b\"");
    assert_true(request_holds(world, 0, "POST /a//../b?x=1&y=%20 HTTP/1.1\r\n"));
    assert_true(request_holds(world, 0, "\r\nX-Test: one\r\n"));
    assert_true(request_holds(world, 0, "\r\nUser-Agent: test/1\r\n"));
    assert_true(request_holds(world, 0, "\r\nContent-Length: 4\r\n"));
    assert_true(request_holds(world, 0, "\r\n\r\nbody"));
    assert_false(request_holds(world, 0, "Content-Type"));
    assert_false(request_holds(world, 0, "Expect"));
}

static void each_method_is_sent_as_such(void **state) {
    World *world = *state;
    const char *methods[] = {"GET", "PUT", "HEAD", "DELETE", "POST"};
    for (size_t i = 0; i < 5; i++) {
        OWN(forget) Seen seen = {0};
        char line[64];
        scripted_server_add(world->server, (ScriptedAnswer){.status = 204 + (int)i, .body = "x"});
        HttpRequest request = request_to(world, methods[i], "/");
        start(world, &request, &seen);
        run(world);
        assert_int_equal(seen.status, 204 + i);
        snprintf(line, sizeof line, "%s / HTTP/1.1\r\n", methods[i]);
        assert_true(request_holds(world, i, line));
        assert_int_equal(request_holds(world, i, "Content-Length: 0"), i == 1 || i == 4);
    }
}

static void an_error_status_is_an_answer(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    scripted_server_add(world->server, (ScriptedAnswer){.status = 503, .body = "busy"});
    HttpRequest request = request_to(world, "GET", "/");
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.failure.status, ST_OK);
    assert_int_equal(seen.status, 503);
    assert_string_equal(buf_text(&seen.body), "busy");
}

static void redirects_are_not_followed(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    scripted_server_add(world->server,
                        (ScriptedAnswer){.status = 307, .headers = "Location: /elsewhere\r\n"});
    HttpRequest request = request_to(world, "GET", "/");
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.status, 307);
    assert_int_equal(scripted_server_requests(world->server), 1);
}

static void chunks_are_put_together(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    scripted_server_add(world->server,
                        (ScriptedAnswer){.body = "one two three four", .chunked = true});
    HttpRequest request = request_to(world, "GET", "/");
    start(world, &request, &seen);
    run(world);
    assert_string_equal(buf_text(&seen.body), "one two three four");
}

static void connections_are_kept(void **state) {
    World *world = *state;
    for (int i = 0; i < 20; i++) {
        OWN(forget) Seen seen = {0};
        scripted_server_add(world->server, (ScriptedAnswer){.body = "x"});
        HttpRequest request = request_to(world, "POST", "/");
        start(world, &request, &seen);
        run(world);
        assert_int_equal(seen.status, 200);
    }
    assert_int_equal(scripted_server_connections(world->server), 1);
}

static void only_the_last_answer_has_its_headers_looked_at(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    scripted_server_add(world->server,
                        (ScriptedAnswer){.raw = "HTTP/1.1 100 Continue\r\nETag: early\r\n\r\n"
                                                "HTTP/1.1 200 OK\r\nX-ETag: not this\r\n"
                                                "Content-Length: 0\r\n\r\n"});
    HttpRequest request = request_to(world, "POST", "/");
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.status, 200);
    assert_false(seen.has_etag);
}

static void a_header_that_does_not_fit_is_absent(void **state) {
    (void)state;
    OWN(buf_done) Buf lines = {0};
    char value[8];
    buf_puts(&lines, "HTTP/1.1 200 OK\r\nLong: 12345678\r\nFits:1234567\r\nEmpty:\r\n\r\n");
    HttpAnswer answer = {.header_lines = &lines};
    assert_false(http_header(&answer, "long", value, sizeof value));
    assert_true(http_header(&answer, "fits", value, sizeof value));
    assert_string_equal(value, "1234567");
    assert_true(http_header(&answer, "EMPTY", value, sizeof value));
    assert_string_equal(value, "");
    assert_false(http_header(&answer, "Emp", value, sizeof value));
}

/* --- What breaks ----------------------------------------------------------------------------- */

static void expect_network_failure(World *world, ScriptedAnswer answer) {
    OWN(forget) Seen seen = {0};
    scripted_server_add(world->server, answer);
    HttpRequest request = request_to(world, "POST", "/?secret=1");
    request.timeout_ms = 2000;
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.times, 1);
    assert_int_equal(seen.failure.status, ST_NETWORK);
    assert_null(strstr(seen.failure.message, "secret"));
    assert_non_null(strstr(seen.failure.message, "POST http://127.0.0.1:"));
}

static void dropped_and_cut_answers_are_network_failures(void **state) {
    World *world = *state;
    expect_network_failure(world, (ScriptedAnswer){.drop = true});
    expect_network_failure(world, (ScriptedAnswer){.body = "0123456789", .cut_after = 4});
    expect_network_failure(world,
                           (ScriptedAnswer){.body = "0123456789", .cut_after = 4, .chunked = true});
    expect_network_failure(world, (ScriptedAnswer){.raw = "HTTP/1.1 200 OK\r\nContent-Le"});
    expect_network_failure(world, (ScriptedAnswer){.raw = "SSH-2.0-OpenSSH\r\n"});
}

static void a_slow_answer_times_out(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    scripted_server_add(world->server, (ScriptedAnswer){.delay_ms = 3000});
    HttpRequest request = request_to(world, "GET", "/");
    request.timeout_ms = 100;
    start(world, &request, &seen);
    int64_t begun_ms = clock_monotonic_ms();
    run(world);
    assert_true(clock_monotonic_ms() - begun_ms < 2000);
    assert_int_equal(seen.failure.status, ST_NETWORK);
}

static void a_refused_connection_is_a_network_failure(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    ScriptedServer *gone = scripted_server_open();
    char url[sizeof gone->url + 1];
    snprintf(url, sizeof url, "%s/", scripted_server_url(gone));
    scripted_server_close(gone);
    HttpRequest request = request_to(world, "GET", "/");
    request.url = url;
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.failure.status, ST_NETWORK);
}

static void too_large_an_answer_is_refused(void **state) {
    World *world = *state;
    OWN(forget) Seen large = {0};
    OWN(forget) Seen fits = {0};
    scripted_server_add(world->server, (ScriptedAnswer){.body = "0123456789a"});
    scripted_server_add(world->server, (ScriptedAnswer){.body = "0123456789"});
    HttpRequest request = request_to(world, "GET", "/");
    request.max_answer_bytes = 10;
    start(world, &request, &large);
    run(world);
    start(world, &request, &fits);
    run(world);
    assert_int_equal(large.failure.status, ST_LIMIT);
    assert_int_equal(fits.failure.status, ST_OK);
    assert_string_equal(buf_text(&fits.body), "0123456789");
}

static void too_many_headers_are_refused(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    OWN(buf_done) Buf headers = {0};
    for (int i = 0; i < 3000; i++) {
        buf_printf(&headers, "X-Header-%d: some value that takes room\r\n", i);
    }
    scripted_server_add(world->server, (ScriptedAnswer){.headers = buf_text(&headers)});
    HttpRequest request = request_to(world, "GET", "/");
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.failure.status, ST_LIMIT);
}

static void what_cannot_be_asked_is_said(void **state) {
    World *world = *state;
    const char *urls[] = {"file:///etc/passwd", "http://[", "http://127.0.0.1:1/\r\nX: y"};
    for (size_t i = 0; i < 3; i++) {
        OWN(forget) Seen seen = {0};
        HttpRequest request = request_to(world, "GET", "/");
        request.url = urls[i];
        start(world, &request, &seen);
        run(world);
        assert_int_equal(seen.failure.status, i == 2 ? ST_INPUT : ST_USAGE);
    }
    OWN(forget) Seen seen = {0};
    HttpRequest request = request_to(world, "GET", "/");
    request.headers[request.header_count++] = "X: a\r\nInjected: b";
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.failure.status, ST_INPUT);
    assert_int_equal(scripted_server_requests(world->server), 0);
}

/* --- Files ----------------------------------------------------------------------------------- */

static void a_body_goes_to_the_sink(void **state) {
    World *world = *state;
    Err err = {0};
    OWN(forget) Seen seen = {0};
    OWN(buf_done) Buf data = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "sink");
    OWN(file_close_at) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "..........", 10), 10);
    scripted_server_add(world->server, (ScriptedAnswer){.body = "abc"});
    HttpRequest request = request_to(world, "GET", "/");
    request.sink_fd = fd;
    request.sink_offset = 4;
    request.max_answer_bytes = 1;
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.status, 200);
    assert_int_equal(seen.sink_bytes, 3);
    assert_int_equal(seen.body.size, 0);
    assert_int_equal(file_read(path, 100, &data, &err), ST_OK);
    assert_string_equal(buf_text(&data), "....abc...");
}

static void an_error_document_does_not_go_to_the_sink(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "sink");
    OWN(file_close_at) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    scripted_server_add(world->server, (ScriptedAnswer){.status = 404, .body = "<Error/>"});
    HttpRequest request = request_to(world, "GET", "/");
    request.sink_fd = fd;
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.status, 404);
    assert_int_equal(seen.sink_bytes, 0);
    assert_string_equal(buf_text(&seen.body), "<Error/>");
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
}

static void a_sink_that_fails_is_an_io_failure(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    OWN(file_close_at) int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    scripted_server_add(world->server, (ScriptedAnswer){.body = "abc"});
    HttpRequest request = request_to(world, "GET", "/");
    request.sink_fd = fd;
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.failure.status, ST_IO);
}

static void a_file_is_sent_from_where_it_is_said(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "source");
    OWN(file_close_at) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    scripted_server_add(world->server, (ScriptedAnswer){.body = "ok"});
    HttpRequest request = request_to(world, "PUT", "/");
    request.body_fd = fd;
    request.body_offset = 2;
    request.body_size = 5;
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.status, 200);
    assert_true(request_holds(world, 0, "PUT / HTTP/1.1\r\n"));
    assert_true(request_holds(world, 0, "Content-Length: 5\r\n"));
    assert_true(request_holds(world, 0, "\r\n\r\n23456"));
    assert_false(request_holds(world, 0, "234567"));
}

static void a_file_that_became_shorter_is_an_io_failure(void **state) {
    World *world = *state;
    OWN(forget) Seen seen = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "source");
    OWN(file_close_at) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "0123456789", 10), 10);
    HttpRequest request = request_to(world, "PUT", "/");
    request.body_fd = fd;
    request.body_size = 11;
    start(world, &request, &seen);
    run(world);
    assert_int_equal(seen.failure.status, ST_IO);
}

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_post_goes_out_as_given_and_its_answer_comes_back),
        TEST(each_method_is_sent_as_such),
        TEST(an_error_status_is_an_answer),
        TEST(redirects_are_not_followed),
        TEST(chunks_are_put_together),
        TEST(connections_are_kept),
        TEST(only_the_last_answer_has_its_headers_looked_at),
        cmocka_unit_test(a_header_that_does_not_fit_is_absent),
        TEST(dropped_and_cut_answers_are_network_failures),
        TEST(a_slow_answer_times_out),
        TEST(a_refused_connection_is_a_network_failure),
        TEST(too_large_an_answer_is_refused),
        TEST(too_many_headers_are_refused),
        TEST(what_cannot_be_asked_is_said),
        TEST(a_body_goes_to_the_sink),
        TEST(an_error_document_does_not_go_to_the_sink),
        TEST(a_sink_that_fails_is_an_io_failure),
        TEST(a_file_is_sent_from_where_it_is_said),
        TEST(a_file_that_became_shorter_is_an_io_failure),
        TEST(no_more_than_so_many_at_once_and_all_are_answered),
        TEST(those_that_wait_go_in_their_order),
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
