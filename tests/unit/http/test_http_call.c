/* One call over real HTTP: what goes out, what comes back, and what breaks. */
#include "http/http_world.h"

#include <fcntl.h>

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

/* libcurl does so by itself when a kept connection turns out to be dead. Whether the server had
 * carried it out before, nobody knows. */
static void a_request_that_went_out_twice_is_told(void **state) {
    World *world = *state;
    Seen first = {0};
    Seen second = {0};
    HttpRequest request = request_to(world, "PUT", "/");
    request.body = "x";
    request.body_size = 1;
    scripted_server_add(world->server, (ScriptedAnswer){.body = "a"});
    start(world, &request, &first);
    run(world);
    assert_false(first.was_sent_again);
    scripted_server_add(world->server, (ScriptedAnswer){.drop = true});
    scripted_server_add(world->server, (ScriptedAnswer){.body = "b"});
    start(world, &request, &second);
    run(world);
    assert_string_equal(buf_text(&second.body), "b");
    assert_true(second.was_sent_again);
    assert_int_equal(scripted_server_requests(world->server), 3);
    forget(&first);
    forget(&second);
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

static void a_sink_takes_no_more_than_was_asked_for(void **state) {
    World *world = *state;
    Seen within = {0};
    Seen beyond = {0};
    Err err = {0};
    OWN(buf_done) Buf written = {0};
    OWN(mem_free_at) char *path = temp_dir_path(&world->dir, "sink");
    OWN(file_close_at) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    HttpRequest request = request_to(world, "GET", "/");
    request.sink_fd = fd;
    request.sink_max_bytes = 5;
    scripted_server_add(world->server, (ScriptedAnswer){.body = "12345"});
    start(world, &request, &within);
    run(world);
    assert_int_equal(within.sink_bytes, 5);
    scripted_server_add(world->server, (ScriptedAnswer){.body = "abcdef"});
    start(world, &request, &beyond);
    run(world);
    assert_int_equal(beyond.failure.status, ST_LIMIT);
    assert_int_equal(file_read(path, 100, &written, &err), ST_OK);
    assert_string_equal(buf_text(&written), "12345");
    forget(&within);
    forget(&beyond);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_post_goes_out_as_given_and_its_answer_comes_back),
        TEST(each_method_is_sent_as_such),
        TEST(an_error_status_is_an_answer),
        TEST(redirects_are_not_followed),
        TEST(chunks_are_put_together),
        TEST(connections_are_kept),
        TEST(a_request_that_went_out_twice_is_told),
        TEST(only_the_last_answer_has_its_headers_looked_at),
        cmocka_unit_test(a_header_that_does_not_fit_is_absent),
        TEST(dropped_and_cut_answers_are_network_failures),
        TEST(a_slow_answer_times_out),
        TEST(a_refused_connection_is_a_network_failure),
        TEST(too_large_an_answer_is_refused),
        TEST(too_many_headers_are_refused),
        TEST(what_cannot_be_asked_is_said),
        TEST(a_body_goes_to_the_sink),
        TEST(a_sink_takes_no_more_than_was_asked_for),
        TEST(an_error_document_does_not_go_to_the_sink),
        TEST(a_sink_that_fails_is_an_io_failure),
        TEST(a_file_is_sent_from_where_it_is_said),
        TEST(a_file_that_became_shorter_is_an_io_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
