/* A loop and a scripted server for it to ask. */
#ifndef TESTS_HTTP_HTTP_WORLD_H
#define TESTS_HTTP_HTTP_WORLD_H

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
    bool was_sent_again;
    char etag[64];
    bool has_etag;
    Err failure;
    bool stop;
} Seen;

static inline void keep(void *context, const HttpAnswer *answer, const Err *failure) {
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
    seen->was_sent_again = answer->was_sent_again;
    assert_int_equal(answer->body[answer->body_size], '\0');
    buf_append(&seen->body, answer->body, answer->body_size);
    seen->has_etag = http_header(answer, "etag", seen->etag, sizeof seen->etag);
}

static inline void forget(Seen *seen) {
    buf_done(&seen->body);
}

static inline void open_http(World *world, HttpOptions options) {
    Err err = {0};
    http_close_at(&world->http);
    assert_int_equal(http_open(&options, &world->http, &err), ST_OK);
}

static inline int set_up(void **state) {
    World *world = calloc(1, sizeof *world);
    Err err = {0};
    world->server = scripted_server_open();
    open_http(world, (HttpOptions){.user_agent = "test/1"});
    assert_int_equal(temp_dir_open(&world->dir, &err), ST_OK);
    *state = world;
    return 0;
}

static inline int tear_down(void **state) {
    World *world = *state;
    http_close(world->http);
    scripted_server_close(world->server);
    temp_dir_close(&world->dir);
    free(world);
    return 0;
}

static inline HttpRequest request_to(const World *world, const char *method, const char *path) {
    static char url[256];
    HttpRequest request = HTTP_REQUEST_NONE;
    snprintf(url, sizeof url, "%s%s", scripted_server_url(world->server), path);
    request.method = method;
    request.url = url;
    return request;
}

static inline void start(World *world, const HttpRequest *request, Seen *seen) {
    Err err = {0};
    assert_int_equal(http_start(world->http, request, keep, seen, NULL, &err), ST_OK);
}

static inline void run(World *world) {
    Err err = {0};
    assert_int_equal(http_run(world->http, NULL, &err), ST_OK);
    assert_true(http_is_idle(world->http));
}

static inline bool request_holds(World *world, size_t at, const char *text) {
    return strstr(scripted_server_request(world->server, at), text) != NULL;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
