#include "base/file.h"
#include "base/mem.h"
#include "format/digest.h"
#include "format/gzip.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

typedef struct Files {
    TempDir dir;
    char *plain;
    char *packed;
    char *unpacked;
} Files;

static int open_files(void **state) {
    Files *files = mem_alloc(sizeof *files);
    Err err;
    assert_int_equal(temp_dir_open(&files->dir, &err), ST_OK);
    files->plain = temp_dir_path(&files->dir, "plain");
    files->packed = temp_dir_path(&files->dir, "packed.gz");
    files->unpacked = temp_dir_path(&files->dir, "unpacked");
    *state = files;
    return 0;
}

static int close_files(void **state) {
    Files *files = *state;
    temp_dir_close(&files->dir);
    mem_free(files->plain);
    mem_free(files->packed);
    mem_free(files->unpacked);
    mem_free(files);
    return 0;
}

static void put(const char *path, const void *data, size_t size) {
    Err err;
    assert_int_equal(file_write_atomic(path, data, size, &err), ST_OK);
}

static Buf get(const char *path) {
    Buf data = {0};
    Err err;
    assert_int_equal(file_read(path, 64 << 20, &data, &err), ST_OK);
    return data;
}

static void assert_same(const char *path_a, const char *path_b) {
    OWN(buf_done) Buf a = get(path_a);
    OWN(buf_done) Buf b = get(path_b);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(buf_text(&a), buf_text(&b), a.size);
}

/* Half of it packs well, half not at all. */
static void put_sample(const char *path, size_t size) {
    OWN(mem_free_at) char *data = mem_alloc(size + 1);
    memset(data, 'a', size);
    digest_random(data, size / 2);
    put(path, data, size);
}

static void packs_and_unpacks(void **state) {
    const Files *files = *state;
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 1000000};
    Err err;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int level = 1; level <= 9; level += 4) {
            put_sample(files->plain, sizes[i]);
            assert_int_equal(gzip_file(files->plain, files->packed, level, &err), ST_OK);
            int64_t ceiling = (int64_t)sizes[i];
            assert_int_equal(gzip_unpack_file(files->packed, files->unpacked, ceiling, &err),
                             ST_OK);
            assert_same(files->plain, files->unpacked);
        }
    }
}

static void packing_the_same_gives_the_same(void **state) {
    const Files *files = *state;
    Err err;
    put_sample(files->plain, 100000);
    assert_int_equal(gzip_file(files->plain, files->packed, 6, &err), ST_OK);
    assert_int_equal(gzip_file(files->plain, files->unpacked, 6, &err), ST_OK);
    assert_same(files->packed, files->unpacked);
}

static void stops_at_the_ceiling(void **state) {
    const Files *files = *state;
    Err err;
    OWN(mem_free_at) char *zeros = mem_alloc(5000000);
    put(files->plain, zeros, 5000000);
    assert_int_equal(gzip_file(files->plain, files->packed, 9, &err), ST_OK);
    assert_int_equal(gzip_unpack_file(files->packed, files->unpacked, 4999999, &err), ST_LIMIT);
    assert_false(file_exists(files->unpacked));
    assert_int_equal(gzip_unpack_file(files->packed, files->unpacked, 5000000, &err), ST_OK);
}

/* Zeroes pack to a thousandth. */
static void put_zeroes(const Files *files, size_t size) {
    Err err;
    OWN(mem_free_at) char *zeroes = mem_alloc(size);
    put(files->plain, zeroes, size);
    assert_int_equal(gzip_file(files->plain, files->packed, 1, &err), ST_OK);
}

static void stops_early_when_little_becomes_very_much(void **state) {
    const Files *files = *state;
    Err err;
    put_zeroes(files, GZIP_FREE_BYTES);
    assert_int_equal(gzip_unpack_file(files->packed, files->unpacked, INT64_MAX, &err), ST_OK);
    put_zeroes(files, GZIP_FREE_BYTES * 2);
    assert_int_equal(gzip_unpack_file(files->packed, files->unpacked, INT64_MAX, &err), ST_LIMIT);
    assert_non_null(strstr(err.message, "200 times"));
    assert_false(file_exists(files->unpacked));
}

static void assert_corrupt(const Files *files, const char *data, size_t size) {
    Err err;
    put(files->packed, data, size);
    assert_int_equal(gzip_unpack_file(files->packed, files->unpacked, 1 << 20, &err), ST_CORRUPT);
    assert_false(file_exists(files->unpacked));
}

static void refuses_damaged_files(void **state) {
    const Files *files = *state;
    Err err;
    put_sample(files->plain, 3000);
    assert_int_equal(gzip_file(files->plain, files->packed, 6, &err), ST_OK);
    OWN(buf_done) Buf good = get(files->packed);

    assert_corrupt(files, "", 0);
    assert_corrupt(files, "not gzip at all", 15);
    for (size_t size = 1; size < good.size; size += 97) {
        assert_corrupt(files, good.data, size);
    }
    assert_corrupt(files, good.data, good.size - 1);
    for (size_t back = 1; back <= 8; back++) { /* checksum and length */
        good.data[good.size - back] ^= 1;
        assert_corrupt(files, good.data, good.size);
        good.data[good.size - back] ^= 1;
    }
    good.data[good.size / 2] ^= 1;
    assert_corrupt(files, good.data, good.size);
}

static void refuses_what_lies_behind(void **state) {
    const Files *files = *state;
    Err err;
    put_sample(files->plain, 3000);
    assert_int_equal(gzip_file(files->plain, files->packed, 6, &err), ST_OK);
    OWN(buf_done) Buf good = get(files->packed);
    size_t size = good.size;
    buf_putc(&good, '\0');
    assert_corrupt(files, good.data, size + 1);
    good.size = size;
    buf_append(&good, "\x1f\x8b", 2);
    assert_corrupt(files, good.data, size + 2);
}

static void refuses_a_stream_without_gzip_header(void **state) {
    /* "abc" as zlib writes it. */
    static const char zlib[] = "\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27";
    assert_corrupt(*state, zlib, sizeof zlib - 1);
}

static void tells_what_is_not_there(void **state) {
    const Files *files = *state;
    Err err;
    assert_int_equal(gzip_file(files->plain, files->packed, 6, &err), ST_NOT_FOUND);
    assert_false(file_exists(files->packed));
    put(files->plain, "x", 1);
    OWN(mem_free_at) char *nowhere = temp_dir_path(&files->dir, "absent/file");
    assert_int_equal(gzip_file(files->plain, nowhere, 6, &err), ST_IO);
    assert_non_null(strstr(err.message, nowhere));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_files, close_files)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(packs_and_unpacks),        TEST(packing_the_same_gives_the_same),
        TEST(stops_at_the_ceiling),     TEST(refuses_damaged_files),
        TEST(refuses_what_lies_behind), TEST(refuses_a_stream_without_gzip_header),
        TEST(tells_what_is_not_there),  TEST(stops_early_when_little_becomes_very_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
