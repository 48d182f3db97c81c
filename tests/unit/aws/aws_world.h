/* A client that asks a scripted server on loopback whatever it asks AWS. */
#ifndef TESTS_AWS_AWS_WORLD_H
#define TESTS_AWS_AWS_WORLD_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "aws/aws.h"
#include "base/clock.h"
#include "base/str.h"
#include "http/scripted_server.h"

#include <stdlib.h>
#include <string.h>

#define TEST_KEY_ID "AKIDTESTTESTTEST"

typedef struct World {
    ScriptedServer *server;
    Http *http;
    Aws *aws;
    bool cancelled;
} World;

static inline void world_reopen(World *world, int64_t deadline_ms, int max_connections) {
    Err err = {0};
    AwsKeys keys = {.access_key_id = TEST_KEY_ID, .secret_key = "secret"};
    aws_close_at(&world->aws);
    http_close_at(&world->http);
    assert_int_equal(
        http_open(&(HttpOptions){.max_connections = max_connections}, &world->http, &err), ST_OK);
    AwsOptions options = {.http = world->http,
                          .keys = &keys,
                          .region = "eu-west-1",
                          .deadline_ms = deadline_ms,
                          .cancelled = &world->cancelled};
    assert_int_equal(aws_open(&options, &world->aws, &err), ST_OK);
}

static inline int world_set_up(void **state) {
    World *world = calloc(1, sizeof *world);
    world->server = scripted_server_open();
    setenv("AWS_ENDPOINT_URL", scripted_server_url(world->server), 1);
    world_reopen(world, 0, 0);
    unsetenv("AWS_ENDPOINT_URL");
    *state = world;
    return 0;
}

/* With a deadline, or another number of connections. */
static inline void world_set(World *world, int64_t deadline_ms, int max_connections) {
    setenv("AWS_ENDPOINT_URL", scripted_server_url(world->server), 1);
    world_reopen(world, deadline_ms, max_connections);
    unsetenv("AWS_ENDPOINT_URL");
}

static inline int world_tear_down(void **state) {
    World *world = *state;
    aws_close(world->aws);
    http_close(world->http);
    scripted_server_close(world->server);
    free(world);
    return 0;
}

static inline void world_answer(World *world, int status, const char *body) {
    scripted_server_add(world->server, (ScriptedAnswer){.status = status, .body = body});
}

static inline bool world_was_asked(World *world, size_t at, const char *text) {
    return strstr(scripted_server_request(world->server, at), text) != NULL;
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

#endif
