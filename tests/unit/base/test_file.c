#include "base/file.h"
#include "base/mem.h"

// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static TempDir scratch;

static int open_scratch(void **state) {
    (void)state;
    return temp_dir_open(&scratch, NULL) == ST_OK ? 0 : -1;
}

static int close_scratch(void **state) {
    (void)state;
    temp_dir_close(&scratch);
    return 0;
}

static size_t entries_of(const char *folder) {
    size_t count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        count += entry->d_name[0] != '.';
    }
    closedir(dir);
    return count;
}

static void assert_content(const char *path, const char *content) {
    OWN(buf_done) Buf data = {0};
    Err err;
    assert_int_equal(file_read(path, 1 << 20, &data, &err), ST_OK);
    assert_int_equal(data.size, strlen(content));
    assert_string_equal(buf_text(&data), content);
}

static void what_is_written_is_read(void **state) {
    (void)state;
    OWN(mem_free_at) char *path = temp_dir_path(&scratch, "file");
    Err err;
    assert_int_equal(file_write_atomic(path, "first", 5, &err), ST_OK);
    assert_content(path, "first");
    assert_int_equal(file_write_atomic(path, "a longer second", 15, &err), ST_OK);
    assert_content(path, "a longer second");
    assert_int_equal(file_write_atomic(path, "", 0, &err), ST_OK);
    assert_content(path, "");
    int64_t bytes = -1;
    assert_int_equal(file_size(path, &bytes, &err), ST_OK);
    assert_int_equal(bytes, 0);
    assert_int_equal(entries_of(scratch.path), 1);
}

static void large_files_are_read_up_to_the_ceiling_to_the_byte(void **state) {
    (void)state;
    OWN(mem_free_at) char *path = temp_dir_path(&scratch, "large");
    size_t size = 50001;
    OWN(mem_free_at) char *content = mem_alloc(size);
    memset(content, 'x', size);
    Err err;
    assert_int_equal(file_write_atomic(path, content, size, &err), ST_OK);
    OWN(buf_done) Buf fits = {0};
    assert_int_equal(file_read(path, size, &fits, &err), ST_OK);
    assert_int_equal(fits.size, size);
    OWN(buf_done) Buf too_small = {0};
    assert_int_equal(file_read(path, size - 1, &too_small, &err), ST_LIMIT);
    assert_non_null(strstr(err.message, path));
    OWN(buf_done) Buf low = {.ceiling = 1000};
    assert_int_equal(file_read(path, size, &low, &err), ST_LIMIT);
}

static void what_is_not_there_is_told_apart(void **state) {
    (void)state;
    OWN(mem_free_at) char *path = temp_dir_path(&scratch, "absent");
    OWN(buf_done) Buf data = {0};
    int64_t bytes = 0;
    Err err;
    assert_false(file_exists(path));
    assert_int_equal(file_read(path, 10, &data, &err), ST_NOT_FOUND);
    assert_non_null(strstr(err.message, path));
    assert_int_equal(file_size(path, &bytes, &err), ST_NOT_FOUND);
    assert_int_equal(file_read(scratch.path, 10, &data, &err), ST_IO);
}

static void a_write_that_cannot_end_leaves_nothing_behind(void **state) {
    (void)state;
    OWN(mem_free_at) char *taken = temp_dir_path(&scratch, "taken");
    OWN(mem_free_at) char *inside = temp_dir_path(&scratch, "taken/file");
    Err err;
    assert_int_equal(file_make_dirs(taken, &err), ST_OK);
    assert_int_equal(file_write_atomic(inside, "keep", 4, &err), ST_OK);
    /* A folder cannot be replaced by a file. */
    assert_int_equal(file_write_atomic(taken, "data", 4, &err), ST_IO);
    assert_int_equal(entries_of(scratch.path), 1);
    assert_content(inside, "keep");
    OWN(mem_free_at) char *nowhere = temp_dir_path(&scratch, "no/such/folder");
    assert_int_equal(file_write_atomic(nowhere, "data", 4, &err), ST_NOT_FOUND);
}

/* Another process reads all the time while the file is replaced: it must see one of the two whole
 * contents each time. */
static void readers_see_the_old_file_or_the_new_one(void **state) {
    (void)state;
    enum { SIZE = 200000, ROUNDS = 40 };
    OWN(mem_free_at) char *path = temp_dir_path(&scratch, "replaced");
    OWN(mem_free_at) char *content = mem_alloc(SIZE);
    Err err;
    memset(content, 'a', SIZE);
    assert_int_equal(file_write_atomic(path, content, SIZE, &err), ST_OK);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        for (int round = 0; round < ROUNDS; round++) {
            memset(content, 'a' + round % 26, SIZE);
            if (file_write_atomic(path, content, SIZE, NULL) != ST_OK) {
                _exit(1);
            }
        }
        _exit(0);
    }
    int status = 0;
    pid_t ended = 0;
    for (int reads = 0; ended == 0 && reads < 1000000; reads++) {
        OWN(buf_done) Buf data = {0};
        assert_int_equal(file_read(path, SIZE, &data, &err), ST_OK);
        assert_int_equal(data.size, SIZE);
        assert_int_equal(data.data[0], data.data[SIZE - 1]);
        ended = waitpid(writer, &status, WNOHANG);
    }
    assert_int_equal(ended, writer);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_descriptor_is_written_to_whole(void **state) {
    (void)state;
    OWN(mem_free_at) char *path = temp_dir_path(&scratch, "fd");
    OWN(file_close_at) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    Err err;
    assert_int_equal(file_write_all(fd, "one ", 4, path, &err), ST_OK);
    assert_int_equal(file_write_all(fd, "two", 3, path, &err), ST_OK);
    assert_int_equal(file_write_all(fd, NULL, 0, path, &err), ST_OK);
    assert_int_equal(file_sync(path, &err), ST_OK);
    assert_int_equal(file_sync_parent(path, &err), ST_OK);
    assert_content(path, "one two");
    OWN(file_close_at) int readable = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_write_all(readable, "x", 1, path, &err), ST_IO);
    OWN(file_close_at) int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(file_write_all(full, "x", 1, "/dev/full", &err), ST_IO);
    assert_non_null(strstr(err.hint, "room"));
}

static void folders_are_made_all_the_way(void **state) {
    (void)state;
    OWN(mem_free_at) char *deep = temp_dir_path(&scratch, "a/b/c");
    OWN(mem_free_at) char *file = temp_dir_path(&scratch, "d/e/file");
    OWN(mem_free_at) char *parent = temp_dir_path(&scratch, "d/e");
    Err err;
    assert_int_equal(file_make_dirs(deep, &err), ST_OK);
    assert_true(file_exists(deep));
    assert_int_equal(file_make_dirs(deep, &err), ST_OK);
    assert_int_equal(file_make_parent_dirs(file, &err), ST_OK);
    assert_true(file_exists(parent));
    assert_false(file_exists(file));
    assert_int_equal(file_make_parent_dirs("file-in-this-folder", &err), ST_OK);
    assert_int_equal(file_write_atomic(file, "x", 1, &err), ST_OK);
    assert_int_not_equal(file_make_dirs(file, &err), ST_OK);
    OWN(mem_free_at) char *through = temp_dir_path(&scratch, "d/e/file/more");
    assert_int_not_equal(file_make_dirs(through, &err), ST_OK);
}

static void removing_what_is_absent_is_fine(void **state) {
    (void)state;
    OWN(mem_free_at) char *path = temp_dir_path(&scratch, "gone");
    Err err;
    assert_int_equal(file_write_atomic(path, "x", 1, &err), ST_OK);
    assert_int_equal(file_remove(path, &err), ST_OK);
    assert_false(file_exists(path));
    assert_int_equal(file_remove(path, &err), ST_OK);
}

static void a_scratch_folder_is_private_and_goes_with_all_it_holds(void **state) {
    (void)state;
    TempDir dir;
    Err err;
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    OWN(mem_free_at) char *gone = mem_strdup(dir.path);
    OWN(mem_free_at) char *deep = temp_dir_path(&dir, "x/y/z");
    OWN(mem_free_at) char *link = temp_dir_path(&dir, "link");
    OWN(mem_free_at) char *kept = temp_dir_path(&scratch, "kept");
    struct stat st;
    assert_int_equal(stat(dir.path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(file_make_parent_dirs(deep, &err), ST_OK);
    assert_int_equal(file_write_atomic(deep, "x", 1, &err), ST_OK);
    /* A link is removed, not what it leads to. */
    assert_int_equal(file_write_atomic(kept, "kept", 4, &err), ST_OK);
    assert_int_equal(symlink(scratch.path, link), 0);
    temp_dir_close(&dir);
    assert_false(file_exists(gone));
    assert_string_equal(dir.path, "");
    temp_dir_close(&dir);
    assert_content(kept, "kept");
}

static void a_copy_is_the_same_to_the_byte(void **state) {
    (void)state;
    enum { BYTES = 200001 };
    OWN(mem_free_at) char *from = temp_dir_path(&scratch, "from");
    OWN(mem_free_at) char *to = temp_dir_path(&scratch, "to");
    OWN(mem_free_at) char *bytes = mem_alloc(BYTES);
    OWN(buf_done) Buf copied = {0};
    Err err;
    for (size_t i = 0; i < BYTES; i++) {
        bytes[i] = (char)(i * 31 % 251);
    }
    assert_int_equal(file_copy(from, to, &err), ST_NOT_FOUND);
    assert_int_equal(file_write_atomic(from, bytes, BYTES, &err), ST_OK);
    assert_int_equal(file_write_atomic(to, "what was there", 14, &err), ST_OK);
    assert_int_equal(file_copy(from, to, &err), ST_OK);
    assert_int_equal(file_read(to, BYTES, &copied, &err), ST_OK);
    assert_int_equal(copied.size, BYTES);
    assert_memory_equal(copied.data, bytes, BYTES);
    assert_int_equal(file_copy(from, "/no/such/folder/to", &err), ST_NOT_FOUND);
}

static void scratch_folders_lie_below_tmpdir(void **state) {
    (void)state;
    OWN(mem_free_at) char *before = mem_strdup(getenv("TMPDIR"));
    TempDir dir;
    Err err;
    setenv("TMPDIR", scratch.path, 1);
    assert_int_equal(temp_dir_open(&dir, &err), ST_OK);
    assert_memory_equal(dir.path, scratch.path, strlen(scratch.path));
    assert_int_equal(entries_of(scratch.path), 1);
    temp_dir_close(&dir);
    assert_int_equal(entries_of(scratch.path), 0);

    setenv("TMPDIR", "/no/such/folder", 1);
    assert_int_not_equal(temp_dir_open(&dir, &err), ST_OK);
    assert_string_equal(dir.path, "");
    temp_dir_close(&dir);
    char *longer = mem_alloc(2001);
    memset(longer, 'x', 2000);
    setenv("TMPDIR", longer, 1);
    mem_free(longer);
    assert_int_equal(temp_dir_open(&dir, &err), ST_USAGE);
    if (before != NULL) {
        setenv("TMPDIR", before, 1);
    } else {
        unsetenv("TMPDIR");
    }
}

int main(void) {
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, open_scratch, close_scratch)
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(what_is_written_is_read),
        IN_SCRATCH(large_files_are_read_up_to_the_ceiling_to_the_byte),
        IN_SCRATCH(what_is_not_there_is_told_apart),
        IN_SCRATCH(a_write_that_cannot_end_leaves_nothing_behind),
        IN_SCRATCH(readers_see_the_old_file_or_the_new_one),
        IN_SCRATCH(a_descriptor_is_written_to_whole),
        IN_SCRATCH(folders_are_made_all_the_way),
        IN_SCRATCH(removing_what_is_absent_is_fine),
        IN_SCRATCH(a_scratch_folder_is_private_and_goes_with_all_it_holds),
        IN_SCRATCH(a_copy_is_the_same_to_the_byte),
        IN_SCRATCH(scratch_folders_lie_below_tmpdir),
    };
#undef IN_SCRATCH
    return cmocka_run_group_tests(tests, NULL, NULL);
}
