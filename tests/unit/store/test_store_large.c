/* The contract of store/store.h, on objects that are large enough to travel in parts. Where it is
 * checked: see store_world.h. */
#include "store/store_world.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- Large files ----------------------------------------------------------------------------- */

/* Random bytes, the same for one seed; the caller frees the path. */
static char *make_file(const Fixture *fixture, const char *name, uint64_t seed, size_t bytes) {
    Err err;
    char *path = temp_dir_path(&fixture->dir, name);
    OWN(file_close_at) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    uint64_t block[8192];
    for (size_t left = bytes; left > 0;) {
        for (size_t i = 0; i < sizeof block / sizeof *block; i++) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            block[i] = seed;
        }
        size_t size = left < sizeof block ? left : sizeof block;
        assert_int_equal(file_write_all(fd, block, size, path, &err), ST_OK);
        left -= size;
    }
    return path;
}

static Status put_file(Store *store, const char *key, const char *path, StoreCondition condition,
                       const char *etag, StoreObject *ret_object) {
    Err err = {0};
    StorePut put = {.key = key, .path = path, .condition = condition, .etag = etag};
    return store_put(store, &put, ret_object, &err);
}

static void assert_same(const char *path, const char *other) {
    char hex[2][SHA256_HEX_SIZE];
    int64_t bytes[2];
    Err err;
    assert_int_equal(digest_file_sha256_hex(path, hex[0], &bytes[0], &err), ST_OK);
    assert_int_equal(digest_file_sha256_hex(other, hex[1], &bytes[1], &err), ST_OK);
    assert_int_equal(bytes[0], bytes[1]);
    assert_string_equal(hex[0], hex[1]);
}

static void assert_stored(const Fixture *fixture, const char *key, const char *path) {
    OWN(mem_free_at) char *back = temp_dir_path(&fixture->dir, "back");
    Err err;
    assert_int_equal(store_get_file(fixture->store, key, back, NULL, &err), ST_OK);
    assert_same(path, back);
}

static void moves_large_files(void **state) {
    Fixture *fixture = *state;
    OWN(mem_free_at) char *path = make_file(fixture, "large", 1, LARGE_BYTES);
    OWN(mem_free_at) char *even = make_file(fixture, "even", 2, (size_t)3 * PART_BYTES);
    StoreObject put;
    StoreObject seen;
    Err err;
    assert_int_equal(put_file(fixture->store, "a/large", path, STORE_ALWAYS, NULL, &put), ST_OK);
    assert_int_equal(put.bytes, LARGE_BYTES);
    assert_int_equal(store_head(fixture->store, "a/large", &seen, &err), ST_OK);
    assert_string_equal(seen.etag, put.etag);
    assert_int_equal(seen.bytes, LARGE_BYTES);
    assert_stored(fixture, "a/large", path);
    assert_int_equal(put_file(fixture->store, "a/large", even, STORE_ALWAYS, NULL, &put), ST_OK);
    assert_stored(fixture, "a/large", even);
    assert_put(fixture->store, "a/large", "small again");
    assert_holds(fixture->store, "a/large", "small again");
}

static void copies_large_objects(void **state) {
    Fixture *fixture = *state;
    OWN(mem_free_at) char *path = make_file(fixture, "large", 1, LARGE_BYTES);
    Err err;
    assert_int_equal(put_file(fixture->store, "from", path, STORE_ALWAYS, NULL, NULL), ST_OK);
    assert_int_equal(store_copy(fixture->store, "from", "to/here", &err), ST_OK);
    assert_stored(fixture, "to/here", path);
}

static void large_puts_heed_conditions(void **state) {
    Fixture *fixture = *state;
    Store *store = fixture->store;
    OWN(mem_free_at) char *one = make_file(fixture, "one", 1, LARGE_BYTES);
    OWN(mem_free_at) char *two = make_file(fixture, "two", 2, LARGE_BYTES);
    StoreObject first;
    StoreObject second;
    assert_int_equal(put_file(store, "k", one, STORE_IF_ABSENT, NULL, &first), ST_OK);
    assert_int_equal(put_file(store, "k", two, STORE_IF_ABSENT, NULL, NULL), ST_CONFLICT);
    assert_stored(fixture, "k", one);
    assert_int_equal(put_file(store, "k", two, STORE_IF_MATCH, first.etag, &second), ST_OK);
    assert_stored(fixture, "k", two);
    assert_int_equal(put_file(store, "k", one, STORE_IF_MATCH, first.etag, NULL), ST_CONFLICT);
    assert_stored(fixture, "k", two);
    assert_int_equal(put_file(store, "none", one, STORE_IF_MATCH, first.etag, NULL), ST_CONFLICT);
    StoreObject seen;
    Err err;
    assert_int_equal(store_head(store, "none", &seen, &err), ST_NOT_FOUND);
}

/* --- Races and interruptions ----------------------------------------------------------------- */

static char *raced_files[RACERS];

static Status race_with_large(Store *store, int racer) {
    return put_file(store, "race/large", raced_files[racer], STORE_IF_ABSENT, NULL, NULL);
}

static void of_several_large_puts_one_wins(void **state) {
    Fixture *fixture = *state;
    for (int i = 0; i < RACERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "racer%d", i % 100);
        raced_files[i] = make_file(fixture, name, (uint64_t)i, LARGE_BYTES);
    }
    assert_int_equal(run_race(fixture, race_with_large), 1);
    for (int i = 0; i < RACERS; i++) {
        mem_free(raced_files[i]);
    }
}

static Status count_key(void *context, const char *key, int64_t bytes, Err *err) {
    (void)key, (void)bytes, (void)err;
    ++*(int *)context;
    return ST_OK;
}

/* Killed after so long, in the midst of a put: what is there is what was there, or all of it. */
static void kill_in_mid_put(Fixture *fixture, const char *path, useconds_t after_us) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        Err err;
        Fixture own = {.url = fixture->url};
        if (open_again(&own, &err) == ST_OK) {
            (void)!put_file(own.store, "killed", path, STORE_ALWAYS, NULL, NULL);
        }
        _exit(0);
    }
    usleep(after_us);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void a_put_that_is_killed_leaves_nothing_to_see(void **state) {
    Fixture *fixture = *state;
    OWN(mem_free_at) char *path = make_file(fixture, "large", 1, (size_t)4 * PART_BYTES);
    static const useconds_t delays_us[] = {2000, 8000, 20000, 40000, 80000};
    for (size_t i = 0; i < sizeof delays_us / sizeof *delays_us; i++) {
        StoreObject seen;
        Err err;
        int keys = 0;
        kill_in_mid_put(fixture, path, delays_us[i]);
        Status status = store_head(fixture->store, "killed", &seen, &err);
        if (status == ST_OK) {
            assert_stored(fixture, "killed", path);
        } else {
            assert_int_equal(status, ST_NOT_FOUND);
        }
        assert_int_equal(store_list(fixture->store, "", count_key, &keys, &err), ST_OK);
        assert_int_equal(keys, status == ST_OK);
        assert_int_equal(store_delete(fixture->store, "killed", &err), ST_OK);
    }
}

/* --- Memory ---------------------------------------------------------------------------------- */

static long most_memory_kib(void) {
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

/* How much more memory than for a small file a process of its own took for a large one. */
static void move_and_measure(const Fixture *fixture, const char *path, int result) {
    Err err;
    Fixture own = {.url = fixture->url};
    OWN(mem_free_at) char *back = temp_dir_path(&fixture->dir, "back");
    OWN(mem_free_at) char *small = make_file(fixture, "small", 1, 1000);
    Status status = open_again(&own, &err);
    status = status == ST_OK ? put_file(own.store, "k", small, STORE_ALWAYS, NULL, NULL) : status;
    long before = most_memory_kib();
    status = status == ST_OK ? put_file(own.store, "k", path, STORE_ALWAYS, NULL, NULL) : status;
    status = status == ST_OK ? store_get_file(own.store, "k", back, NULL, &err) : status;
    long more = status == ST_OK ? most_memory_kib() - before : -1;
    close_connections(&own);
    (void)!write(result, &more, sizeof more);
}

/* A sanitizer keeps what was freed. */
#if defined(__SANITIZE_ADDRESS__)
static const bool keeps_what_was_freed = true;
#elif defined(__has_feature)
static const bool keeps_what_was_freed = __has_feature(address_sanitizer);
#else
static const bool keeps_what_was_freed = false;
#endif

static void memory_does_not_follow_the_size_of_objects(void **state) {
    const Fixture *fixture = *state;
    if (keeps_what_was_freed) {
        skip();
    }
    OWN(mem_free_at) char *path = make_file(fixture, "large", 1, (size_t)20 * PART_BYTES);
    int result[2];
    long more = -1;
    assert_int_equal(pipe(result), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        move_and_measure(fixture, path, result[1]);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(read(result[0], &more, sizeof more), sizeof more);
    close(result[0]);
    close(result[1]);
    assert_in_range(more, 0, 12 * 1024); /* of 100 MiB */
}

/* --- Damage ---------------------------------------------------------------------------------- */

/* The file in which the server keeps an object of the fixture. */
static char *file_of(const Fixture *fixture, const char *key) {
    OWN(buf_done) Buf path = {0};
    const char *bucket = fixture->url + strlen("s3://");
    size_t bucket_size = strcspn(bucket, "/");
    buf_printf(&path, "%s/%.*s/", getenv("CONFHOUSE_TEST_S3_FILES"), (int)bucket_size, bucket);
    for (const char *c = bucket + bucket_size + 1; *c != '\0'; c++) {
        buf_puts(&path, *c == '/' ? "%2F" : (char[]){*c, '\0'});
    }
    buf_printf(&path, "%%2F%s", key);
    return buf_take(&path);
}

static void flip_byte(const char *path, off_t at) {
    unsigned char byte = 0;
    OWN(file_close_at) int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void notices_what_was_damaged_in_the_store(void **state) {
    Fixture *fixture = *state;
    if (getenv("CONFHOUSE_TEST_S3_FILES") == NULL || fixture->aws == NULL) {
        skip();
    }
    OWN(mem_free_at) char *large = make_file(fixture, "large", 1, LARGE_BYTES);
    OWN(mem_free_at) char *to = temp_dir_path(&fixture->dir, "to");
    OWN(buf_done) Buf data = {0};
    Err err;
    assert_put(fixture->store, "small", "all is well");
    assert_int_equal(put_file(fixture->store, "large", large, STORE_ALWAYS, NULL, NULL), ST_OK);
    assert_holds(fixture->store, "small", "all is well");
    assert_stored(fixture, "large", large);
    OWN(mem_free_at) char *small_file = file_of(fixture, "small");
    OWN(mem_free_at) char *large_file = file_of(fixture, "large");
    flip_byte(small_file, 3);
    flip_byte(large_file, PART_BYTES + 7);
    assert_int_equal(store_get(fixture->store, "small", 100, &data, NULL, &err), ST_CORRUPT);
    assert_int_equal(store_get_file(fixture->store, "small", to, NULL, &err), ST_CORRUPT);
    assert_int_equal(store_get_file(fixture->store, "large", to, NULL, &err), ST_CORRUPT);
    assert_false(file_exists(to));
}

#define CONTRACT(setup)                                                                            \
    IN(moves_large_files, setup), IN(copies_large_objects, setup),                                 \
        IN(large_puts_heed_conditions, setup), IN(of_several_large_puts_one_wins, setup),          \
        IN(a_put_that_is_killed_leaves_nothing_to_see, setup),                                     \
        IN(memory_does_not_follow_the_size_of_objects, setup),                                     \
        IN(notices_what_was_damaged_in_the_store, setup)

int main(void) {
    const struct CMUnitTest on_directory[] = {CONTRACT(open_directory)};
    const struct CMUnitTest on_s3[] = {CONTRACT(open_s3)};
    return RUN_CONTRACT(on_directory, on_s3);
}
