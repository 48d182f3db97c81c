/* A bucket on the scripted server, and a folder for the files that go there and back. */
#ifndef TESTS_AWS_S3_WORLD_H
#define TESTS_AWS_S3_WORLD_H

#include "aws/aws_world.h"
#include "aws/s3.h"
#include "aws/s3_client.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { MIB = 1 << 20 };

typedef struct S3World {
    World *world;
    S3 *s3;
    TempDir dir;
} S3World;

static inline void s3_world_open(S3World *world, S3Options options) {
    Err err = {0};
    options.aws = world->world->aws;
    options.bucket = options.bucket == NULL ? "my-bucket" : options.bucket;
    s3_close_at(&world->s3);
    assert_int_equal(s3_open(&options, &world->s3, &err), ST_OK);
}

static inline int s3_world_set_up(void **state) {
    S3World *world = calloc(1, sizeof *world);
    void *base = NULL;
    Err err = {0};
    (void)world_set_up(&base);
    world->world = base;
    assert_int_equal(temp_dir_open(&world->dir, &err), ST_OK);
    s3_world_open(world, (S3Options){0});
    *state = world;
    return 0;
}

static inline int s3_world_tear_down(void **state) {
    S3World *world = *state;
    void *base = world->world;
    s3_close(world->s3);
    (void)world_tear_down(&base);
    temp_dir_close(&world->dir);
    free(world);
    return 0;
}

#define S3_TEST(name) cmocka_unit_test_setup_teardown(name, s3_world_set_up, s3_world_tear_down)

static inline void s3_world_answer(S3World *world, int status, const char *body) {
    world_answer(world->world, status, body);
}

static inline void s3_world_script(S3World *world, ScriptedAnswer answer) {
    scripted_server_add(world->world->server, answer);
}

static inline bool s3_world_was_asked(S3World *world, size_t at, const char *text) {
    return world_was_asked(world->world, at, text);
}

static inline size_t s3_world_requests(S3World *world) {
    return scripted_server_requests(world->world->server);
}

/* How many of the requests hold the text. */
static inline size_t s3_world_count(S3World *world, const char *text) {
    size_t count = 0;
    for (size_t i = 0; i < s3_world_requests(world); i++) {
        count += s3_world_was_asked(world, i, text);
    }
    return count;
}

/* No attempt that broke is made again: for tests of how it ends. */
static inline void s3_world_lose_patience(S3World *world) {
    world->world->aws->quota.tokens = 0;
}

/* A file of `bytes` bytes, each told by its place. The caller frees the path. */
static inline char *s3_world_file(S3World *world, const char *name, size_t bytes) {
    Err err = {0};
    char *path = temp_dir_path(&world->dir, name);
    OWN(mem_free_at) char *data = mem_alloc(bytes + 1);
    for (size_t i = 0; i < bytes; i++) {
        data[i] = (char)('!' + (i / MIB * 7 + i) % 90);
    }
    assert_int_equal(file_write_atomic(path, data, bytes, &err), ST_OK);
    return path;
}

static inline void s3_world_expect_file(const char *path, const char *text) {
    Err err = {0};
    OWN(buf_done) Buf data = {0};
    assert_int_equal(file_read(path, 1000, &data, &err), ST_OK);
    assert_int_equal(data.size, strlen(text));
    assert_string_equal(buf_text(&data), text);
}

/* Nothing but `name` is in the folder. */
static inline void s3_world_expect_only(S3World *world, const char *name) {
    OWN(mem_free_at)
    char *command = mem_printf("test \"$(ls -A '%s')\" = '%s'", world->dir.path, name);
    assert_int_equal(system(command), 0); // NOLINT: a fixed command
}

#endif
