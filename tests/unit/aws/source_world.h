/* A machine with nothing on it but a home of its own and a server on loopback: no setting of AWS's
 * in the environment, no shared file, no metadata service. */
#ifndef TESTS_AWS_SOURCE_WORLD_H
#define TESTS_AWS_SOURCE_WORLD_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "aws/source.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/scripted_server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct World {
    ScriptedServer *server;
    TempDir home;
    Profile *profile;
    bool cancelled;
    Err err;
    SourceKeys found;
} World;

static inline void world_clear_environment(void) {
    for (char **entry = environ; *entry != NULL;) {
        char name[128];
        str_copy(name, sizeof name, *entry);
        name[strcspn(name, "=")] = '\0';
        if (str_starts(name, "AWS_")) {
            unsetenv(name);
            entry = environ;
        } else {
            entry++;
        }
    }
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
}

static inline int world_set_up(void **state) {
    World *world = calloc(1, sizeof *world);
    Err err = {0};
    world_clear_environment();
    world->server = scripted_server_open();
    assert_int_equal(temp_dir_open(&world->home, &err), ST_OK);
    setenv("HOME", world->home.path, 1);
    setenv("AWS_ENDPOINT_URL", scripted_server_url(world->server), 1);
    *state = world;
    return 0;
}

static inline int world_tear_down(void **state) {
    World *world = *state;
    profile_close(world->profile);
    scripted_server_close(world->server);
    temp_dir_close(&world->home);
    world_clear_environment();
    free(world);
    return 0;
}

/* A file below the home; its path is good until the next call. */
static inline const char *world_write(World *world, const char *name, const char *text) {
    static char path[700];
    Err err = {0};
    snprintf(path, sizeof path, "%s/%s", world->home.path, name);
    assert_int_equal(file_make_parent_dirs(path, &err), ST_OK);
    assert_int_equal(file_write_atomic(path, text, strlen(text), &err), ST_OK);
    return path;
}

static inline void world_config(World *world, const char *text) {
    (void)world_write(world, ".aws/config", text);
}

static inline void world_credentials(World *world, const char *text) {
    (void)world_write(world, ".aws/credentials", text);
}

static inline void world_answer(World *world, int status, const char *body) {
    scripted_server_add(world->server, (ScriptedAnswer){.status = status, .body = body});
}

static inline bool world_was_asked(World *world, size_t at, const char *text) {
    return strstr(scripted_server_request(world->server, at), text) != NULL;
}

/* Reads the files anew, with this profile in use: NULL = none was named. */
static inline void world_use(World *world, const char *name) {
    profile_close_at(&world->profile);
    Status status = profile_open(name, &world->profile, &world->err);
    if (status != ST_OK) {
        fail_msg("%s", world->err.message);
    }
}

static inline SourceContext world_context(World *world) {
    return (SourceContext){.profile = world->profile,
                           .region = "eu-west-1",
                           .cancelled = &world->cancelled,
                           .deadline_ms = clock_now_ms() + 20000};
}

/* Looks for keys, in all places, with this profile. */
static inline Status world_find(World *world, const char *name) {
    world_use(world, name);
    SourceContext context = world_context(world);
    world->found = (SourceKeys){0};
    world->err = (Err){0};
    return source_find(&context, &world->found, &world->err);
}

static inline void world_expect_key(World *world, const char *name, const char *key_id) {
    if (world_find(world, name) != ST_OK) {
        fail_msg("%s", world->err.message);
    }
    assert_string_equal(world->found.keys.access_key_id, key_id);
}

static inline void world_expect_failure(World *world, const char *name, Status status,
                                        const char *message) {
    assert_int_equal(world_find(world, name), status);
    if (strstr(world->err.message, message) == NULL) {
        fail_msg("'%s' is not in '%s'", message, world->err.message);
    }
    assert_string_equal(world->found.keys.secret_key, "");
}

#define WORLD_STS_KEYS(root, id)                                                                   \
    "<" root "Response><" root "Result><Credentials><AccessKeyId>" id "</AccessKeyId>"             \
    "<SecretAccessKey>se/cret</SecretAccessKey><SessionToken>to+ken</SessionToken>"                \
    "<Expiration>2096-11-22T07:00:00Z</Expiration></Credentials></" root "Result></" root          \
    "Response>"
#define WORLD_ASSUMED(id)  WORLD_STS_KEYS("AssumeRole", id)
#define WORLD_BY_TOKEN(id) WORLD_STS_KEYS("AssumeRoleWithWebIdentity", id)

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

#endif
