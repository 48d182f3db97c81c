#include "store/store_dir_lock.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_NAME ".lock"
#define HELD_NAME ".lock-held"

enum { STALE_AFTER_S = 60, PATIENCE_MS = 120 * 1000, PAUSE_MS = 20 };

static int create(const DirStore *dir, const char *name, int flags) {
    return openat(dir->root_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | flags, 0644);
}

/* 0, or -1 with errno. */
static int flock_patiently(int fd) {
    int failed = flock(fd, LOCK_EX);
    while (failed != 0 && errno == EINTR) {
        failed = flock(fd, LOCK_EX);
    }
    return failed;
}

static bool has_no_locks(int error) {
    return error == ENOLCK || error == ENOSYS || error == ENOTSUP || error == EINVAL;
}

static void remove_if_stale(const DirStore *dir) {
    struct stat st;
    if (fstatat(dir->root_fd, HELD_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        st.st_mtime < time(NULL) - STALE_AFTER_S) {
        unlinkat(dir->root_fd, HELD_NAME, 0);
    }
}

static Status take_by_file(const DirStore *dir, const char *key, DirLock *lock, Err *err) {
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    int64_t until_ms = clock_monotonic_ms() + PATIENCE_MS;
    int fd = create(dir, HELD_NAME, O_EXCL);
    while (fd < 0 && errno == EEXIST && clock_monotonic_ms() < until_ms) {
        remove_if_stale(dir);
        nanosleep(&pause, NULL);
        fd = create(dir, HELD_NAME, O_EXCL);
    }
    if (fd < 0 && errno == EEXIST) {
        err_set(err, ST_CONFLICT, "%s/%s is held by another process, so %s cannot be written",
                dir->root, HELD_NAME, key);
        return err_hint(err, "remove that file if no other confhouse runs on this store");
    }
    if (fd < 0) {
        return dir_error(dir, "write", key, err);
    }
    close(fd);
    lock->dir = dir;
    return ST_OK;
}

Status dir_lock_take(const DirStore *dir, const char *key, DirLock *ret_lock, Err *err) {
    *ret_lock = (DirLock)DIR_LOCK_NONE;
    ret_lock->fd = create(dir, LOCK_NAME, 0);
    if (ret_lock->fd < 0) {
        return dir_error(dir, "write", key, err);
    }
    if (flock_patiently(ret_lock->fd) == 0) {
        return ST_OK;
    }
    return has_no_locks(errno) ? take_by_file(dir, key, ret_lock, err)
                               : dir_error(dir, "write", key, err);
}

void dir_lock_release(DirLock *lock) {
    if (lock->dir != NULL) {
        unlinkat(lock->dir->root_fd, HELD_NAME, 0);
    }
    file_close_at(&lock->fd);
    *lock = (DirLock)DIR_LOCK_NONE;
}
