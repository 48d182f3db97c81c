/* What is particular to a directory; the contract is in test_store.c. */
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"
#include "store/store_dir.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct Fixture {
    TempDir dir;
    char *root;
    Store *store;
} Fixture;

static int open_fixture(void **state) {
    Fixture *fixture = mem_alloc(sizeof *fixture);
    Err err;
    assert_int_equal(temp_dir_open(&fixture->dir, &err), ST_OK);
    fixture->root = temp_dir_path(&fixture->dir, "store");
    assert_int_equal(store_open(fixture->root, NULL, &fixture->store, &err), ST_OK);
    *state = fixture;
    return 0;
}

static int close_fixture(void **state) {
    Fixture *fixture = *state;
    store_close(fixture->store);
    temp_dir_close(&fixture->dir);
    mem_free(fixture->root);
    mem_free(fixture);
    return 0;
}

static Status put_text(Store *store, const char *key, const char *text, Err *err) {
    return store_put(store, &(StorePut){.key = key, .data = text, .size = strlen(text)}, NULL, err);
}

static Status note_key(void *context, const char *key, int64_t bytes, Err *err) {
    (void)bytes;
    (void)err;
    buf_printf(context, "%s ", key);
    return ST_OK;
}

static void assert_listed(Store *store, const char *expected) {
    OWN(buf_done) Buf seen = {0};
    Err err;
    assert_int_equal(store_list(store, "", note_key, &seen, &err), ST_OK);
    assert_string_equal(buf_text(&seen), expected);
}

static void lays_objects_out_as_files(void **state) {
    const Fixture *fixture = *state;
    Err err;
    assert_int_equal(put_text(fixture->store, "history/latest.json", "{}", &err), ST_OK);
    OWN(mem_free_at) char *path = temp_dir_path(&fixture->dir, "store/history/latest.json");
    OWN(buf_done) Buf data = {0};
    assert_int_equal(file_read(path, 100, &data, &err), ST_OK);
    assert_string_equal(buf_text(&data), "{}");
}

static void leaves_no_temporary_files(void **state) {
    const Fixture *fixture = *state;
    Err err;
    StorePut put = {.key = "d/k", .data = "x", .size = 1, .condition = STORE_IF_ABSENT};
    assert_int_equal(store_put(fixture->store, &put, NULL, &err), ST_OK);
    assert_int_equal(store_put(fixture->store, &put, NULL, &err), ST_CONFLICT);
    put.condition = STORE_IF_MATCH;
    put.etag = "\"other\"";
    assert_int_equal(store_put(fixture->store, &put, NULL, &err), ST_CONFLICT);
    put = (StorePut){.key = "d/l", .path = fixture->root}; /* a folder cannot be read */
    assert_int_equal(store_put(fixture->store, &put, NULL, &err), ST_IO);

    OWN(mem_free_at) char *path = temp_dir_path(&fixture->dir, "store/d");
    DIR *folder = opendir(path);
    assert_non_null(folder);
    int names = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        names += entry->d_name[0] != '.' || str_starts(entry->d_name, DIR_TEMPORARY_PREFIX);
    }
    closedir(folder);
    assert_int_equal(names, 1);
}

static void lists_only_objects(void **state) {
    const Fixture *fixture = *state;
    static const char *const others[] = {"store/.tmp-1234", "store/.hidden", "store/d/.tmp-1",
                                         "store/a b", "store/d/x~"};
    Err err;
    assert_int_equal(put_text(fixture->store, "d/k", "x", &err), ST_OK);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        OWN(mem_free_at) char *path = temp_dir_path(&fixture->dir, others[i]);
        assert_int_equal(file_write_atomic(path, "x", 1, &err), ST_OK);
    }
    OWN(mem_free_at) char *fifo = temp_dir_path(&fixture->dir, "store/fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_listed(fixture->store, "d/k ");
    OWN(buf_done) Buf data = {0};
    assert_int_equal(store_get(fixture->store, "fifo", 10, &data, NULL, &err), ST_NOT_FOUND);
}

static void follows_no_links(void **state) {
    const Fixture *fixture = *state;
    Err err;
    OWN(mem_free_at) char *secret = temp_dir_path(&fixture->dir, "secret");
    OWN(mem_free_at) char *link_to_file = temp_dir_path(&fixture->dir, "store/file");
    OWN(mem_free_at) char *link_to_folder = temp_dir_path(&fixture->dir, "store/folder");
    assert_int_equal(file_write_atomic(secret, "secret", 6, &err), ST_OK);
    assert_int_equal(symlink(secret, link_to_file), 0);
    assert_int_equal(symlink(fixture->dir.path, link_to_folder), 0);

    OWN(buf_done) Buf data = {0};
    assert_int_equal(store_get(fixture->store, "file", 10, &data, NULL, &err), ST_NOT_FOUND);
    assert_int_equal(store_get(fixture->store, "folder/secret", 10, &data, NULL, &err),
                     ST_NOT_FOUND);
    assert_int_equal(put_text(fixture->store, "folder/secret", "x", &err), ST_IO);
    assert_listed(fixture->store, "");
    /* A put replaces the link, not what it points to. */
    assert_int_equal(put_text(fixture->store, "file", "mine", &err), ST_OK);
    assert_int_equal(file_read(secret, 10, &data, &err), ST_OK);
    assert_string_equal(buf_text(&data), "secret");
}

static void age(const char *path, time_t seconds) {
    struct timespec times[2] = {{.tv_sec = time(NULL) - seconds}, {.tv_sec = time(NULL) - seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void removes_what_crashed_puts_left(void **state) {
    const Fixture *fixture = *state;
    Err err;
    assert_int_equal(put_text(fixture->store, "d/k", "x", &err), ST_OK);
    OWN(mem_free_at) char *stale = temp_dir_path(&fixture->dir, "store/d/.tmp-stale");
    OWN(mem_free_at) char *fresh = temp_dir_path(&fixture->dir, "store/d/.tmp-fresh");
    OWN(mem_free_at) char *object = temp_dir_path(&fixture->dir, "store/d/k");
    assert_int_equal(file_write_atomic(stale, "x", 1, &err), ST_OK);
    assert_int_equal(file_write_atomic(fresh, "x", 1, &err), ST_OK);
    age(stale, 25 * 60 * 60);
    age(fresh, 23 * 60 * 60);
    age(object, 90 * 24 * 60 * 60);
    OWN(store_close_at) Store *again = NULL;
    assert_int_equal(store_open(fixture->root, NULL, &again, &err), ST_OK);
    assert_false(file_exists(stale));
    assert_true(file_exists(fresh));
    assert_true(file_exists(object));
}

/* Runs as nobody where the tests run as root, whom permissions do not stop. */
static Status in_child(Status (*act)(const Fixture *), const Fixture *fixture) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        enum { NOBODY = 65534 };
        bool is_plain = geteuid() != 0 || (setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
        _exit(is_plain ? (int)act(fixture) : ST_INTERNAL);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    return (Status)WEXITSTATUS(result);
}

/* ST_OK: refused as it should be. */
static Status put_where_not_allowed(const Fixture *fixture) {
    Err err = {0};
    Store *store = NULL;
    TRY(store_open(fixture->root, NULL, &store, &err));
    OWN(buf_done) Buf data = {0};
    TRY(store_get(store, "d/k", 10, &data, NULL, &err));
    Status status = put_text(store, "d/k", "y", &err);
    bool is_good = status == ST_IO && strstr(err.message, "d/k: Permission denied") != NULL &&
                   strstr(err.hint, "--store") != NULL;
    bool is_good_deeper =
        put_text(store, "new/k", "y", &err) == ST_IO && strstr(err.hint, "--store") != NULL;
    store_close(store);
    return is_good && is_good_deeper ? ST_OK : ST_INTERNAL;
}

static void says_what_to_do_when_it_may_not_write(void **state) {
    const Fixture *fixture = *state;
    Err err;
    OWN(mem_free_at) char *folder = temp_dir_path(&fixture->dir, "store/d");
    assert_int_equal(put_text(fixture->store, "d/k", "x", &err), ST_OK);
    assert_int_equal(chmod(fixture->dir.path, 0755), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(chmod(fixture->root, 0555), 0);
    assert_int_equal(in_child(put_where_not_allowed, fixture), ST_OK);
    assert_int_equal(chmod(fixture->root, 0755), 0);
    assert_int_equal(chmod(folder, 0755), 0);
}

static void a_file_in_the_way_is_an_error(void **state) {
    const Fixture *fixture = *state;
    Err err;
    Store *store = NULL;
    assert_int_equal(put_text(fixture->store, "k", "x", &err), ST_OK);
    assert_int_equal(put_text(fixture->store, "k/l", "x", &err), ST_IO);
    assert_int_equal(put_text(fixture->store, "d/k", "x", &err), ST_OK);
    assert_int_equal(put_text(fixture->store, "d", "x", &err), ST_IO);
    OWN(mem_free_at) char *path = temp_dir_path(&fixture->dir, "store/k");
    assert_int_equal(store_open(path, NULL, &store, &err), ST_IO);
    assert_non_null(strstr(err.hint, "--store"));
    assert_null(store);
}

static void a_vanished_root_is_an_error(void **state) {
    const Fixture *fixture = *state;
    Err err;
    assert_int_equal(rmdir(fixture->root), 0);
    assert_int_equal(put_text(fixture->store, "d/k", "x", &err), ST_IO);
    assert_non_null(strstr(err.hint, "--store"));
    assert_listed(fixture->store, "");
}

static void refuses_other_places(void **state) {
    (void)state;
    static const char *const bad[] = {"", "http://bucket/x", "S3://bucket", "file:///tmp"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        Store *store = NULL;
        Err err;
        assert_int_equal(store_open(bad[i], NULL, &store, &err), ST_USAGE);
        assert_null(store);
    }
}

static Status put_final(const Fixture *fixture, const char *path, const char *sha256, Err *err) {
    const StorePut put = {
        .key = "history/a.db", .path = path, .sha256 = sha256, .condition = STORE_IF_ABSENT};
    return store_put(fixture->store, &put, NULL, err);
}

static void takes_a_file_that_is_final_as_it_is(void **state) {
    const Fixture *fixture = *state;
    char sha256[SHA256_HEX_SIZE];
    char etag[SHA256_HEX_SIZE + 2];
    struct stat own;
    struct stat put;
    StoreObject object;
    Err err;
    OWN(mem_free_at) char *path = temp_dir_path(&fixture->dir, "final");
    OWN(mem_free_at) char *there = temp_dir_path(&fixture->dir, "store/history/a.db");
    assert_int_equal(put_final(fixture, path, "", &err), ST_NOT_FOUND);
    assert_int_equal(file_write_atomic(path, "final", 5, &err), ST_OK);
    digest_sha256_hex("final", 5, sha256);
    snprintf(etag, sizeof etag, "\"%s\"", sha256);
    assert_int_equal(put_final(fixture, path, sha256, &err), ST_OK);
    assert_int_equal(stat(path, &own), 0);
    assert_int_equal(stat(there, &put), 0);
    assert_true(own.st_ino == put.st_ino && own.st_dev == put.st_dev);
    assert_int_equal(store_head(fixture->store, "history/a.db", &object, &err), ST_OK);
    assert_string_equal(object.etag, etag);
    assert_int_equal(put_final(fixture, path, sha256, &err), ST_CONFLICT);
    assert_int_equal(stat(path, &own), 0);
    assert_int_equal(own.st_nlink, 2); /* no temporary name is left */
}

static void copies_a_final_file_of_another_disk(void **state) {
    const Fixture *fixture = *state;
    static const char elsewhere[] = "/proc/version";
    OWN(buf_done) Buf expected = {0};
    OWN(buf_done) Buf found = {0};
    Err err;
    assert_int_equal(file_read(elsewhere, 65536, &expected, &err), ST_OK);
    assert_int_equal(put_final(fixture, elsewhere, "", &err), ST_OK);
    assert_int_equal(store_get(fixture->store, "history/a.db", 65536, &found, NULL, &err), ST_OK);
    assert_true(expected.size > 0);
    assert_string_equal(buf_text(&found), buf_text(&expected));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(lays_objects_out_as_files),
        TEST(leaves_no_temporary_files),
        TEST(lists_only_objects),
        TEST(takes_a_file_that_is_final_as_it_is),
        TEST(copies_a_final_file_of_another_disk),
        TEST(follows_no_links),
        TEST(removes_what_crashed_puts_left),
        TEST(says_what_to_do_when_it_may_not_write),
        TEST(a_file_in_the_way_is_an_error),
        TEST(a_vanished_root_is_an_error),
        TEST(refuses_other_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
