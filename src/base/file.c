#include "base/file.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static Status io_error(Err *err, const char *doing, const char *path) {
    int saved = errno;
    Status status = saved == ENOENT ? ST_NOT_FOUND : ST_IO;
    err_set(err, status, "cannot %s %s: %s", doing, path, strerror(saved));
    if (err != NULL && (saved == EACCES || saved == EROFS || saved == EPERM)) {
        err_hint(err, "check who may write there");
    } else if (err != NULL && (saved == ENOSPC || saved == EDQUOT)) {
        err_hint(err, "make room on that disk and run again");
    }
    return status;
}

void file_close_at(const int *fd) {
    if (*fd >= 0) {
        close(*fd);
    }
}

Status file_read(const char *path, size_t max_bytes, Buf *ret_data, Err *err) {
    OWN(file_close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return io_error(err, "read", path);
    }
    char chunk[16384];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return io_error(err, "read", path);
        }
        if (got == 0) {
            return ST_OK;
        }
        if (ret_data->size + (size_t)got > max_bytes || !buf_append(ret_data, chunk, (size_t)got)) {
            return err_set(err, ST_LIMIT, "%s is larger than %zu bytes", path, max_bytes);
        }
    }
}

Status file_size(const char *path, int64_t *ret_bytes, Err *err) {
    struct stat st;
    if (stat(path, &st) != 0) {
        return io_error(err, "look at", path);
    }
    *ret_bytes = st.st_size;
    return ST_OK;
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

Status file_write_all(int fd, const void *data, size_t size, const char *path, Err *err) {
    const char *at = data;
    while (size > 0) {
        ssize_t done = write(fd, at, size);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return io_error(err, "write", path);
        }
        at += done;
        size -= (size_t)done;
    }
    return ST_OK;
}

static Status write_atomic(const char *path, const void *data, size_t size, mode_t mode, Err *err) {
    OWN(mem_free_at) char *temporary = mem_printf("%s.tmp-%ld", path, (long)getpid());
    OWN(file_close_at) int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0) {
        return io_error(err, "write", temporary);
    }
    Status status = file_write_all(fd, data, size, temporary, err);
    if (status == ST_OK && fsync(fd) != 0) {
        status = io_error(err, "sync", temporary);
    }
    if (status == ST_OK && rename(temporary, path) != 0) {
        status = io_error(err, "write", path);
    }
    if (status != ST_OK) {
        unlink(temporary);
        return status;
    }
    return file_sync_parent(path, err);
}

Status file_copy(const char *from_path, const char *to_path, Err *err) {
    char piece[65536];
    OWN(file_close_at) int from = open(from_path, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        return io_error(err, "read", from_path);
    }
    OWN(file_close_at) int to = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (to < 0) {
        return io_error(err, "write", to_path);
    }
    for (;;) {
        ssize_t got = read(from, piece, sizeof piece);
        if (got == 0) {
            return ST_OK;
        }
        if (got > 0) {
            TRY(file_write_all(to, piece, (size_t)got, to_path, err));
        } else if (errno != EINTR) {
            return io_error(err, "read", from_path);
        }
    }
}

Status file_write_atomic(const char *path, const void *data, size_t size, Err *err) {
    return write_atomic(path, data, size, 0644, err);
}

Status file_write_private(const char *path, const void *data, size_t size, Err *err) {
    return write_atomic(path, data, size, 0600, err);
}

Status file_sync(const char *path, Err *err) {
    OWN(file_close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 || fsync(fd) != 0 ? io_error(err, "sync", path) : ST_OK;
}

int file_sync_folder(int folder) {
    if (fsync(folder) == 0 || errno == EINVAL || errno == ENOTSUP || errno == ENOSYS) {
        return 0;
    }
    return -1;
}

/* The folder of `path`, allocated. */
static char *parent_of(const char *path) {
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return mem_strdup(".");
    }
    return slash == path ? mem_strdup("/") : mem_strndup(path, (size_t)(slash - path));
}

Status file_sync_parent(const char *path, Err *err) {
    OWN(mem_free_at) char *parent = parent_of(path);
    OWN(file_close_at) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 || file_sync_folder(fd) != 0 ? io_error(err, "sync", parent) : ST_OK;
}

Status file_make_dirs(const char *path, Err *err) {
    OWN(mem_free_at) char *partial = mem_strdup(path);
    for (char *at = partial + 1; *partial != '\0'; at++) {
        if (*at != '/' && *at != '\0') {
            continue;
        }
        char saved = *at;
        *at = '\0';
        if (mkdir(partial, 0755) != 0 && errno != EEXIST) {
            return io_error(err, "make the folder", partial);
        }
        *at = saved;
        if (saved == '\0') {
            break;
        }
    }
    struct stat st;
    if (stat(path, &st) != 0) {
        return io_error(err, "make the folder", path);
    }
    if (!S_ISDIR(st.st_mode)) {
        return err_set(err, ST_IO, "cannot make the folder %s: a file has that name", path);
    }
    return ST_OK;
}

Status file_make_parent_dirs(const char *path, Err *err) {
    OWN(mem_free_at) char *parent = parent_of(path);
    return file_make_dirs(parent, err);
}

Status file_remove(const char *path, Err *err) {
    if (unlink(path) != 0 && errno != ENOENT) {
        return io_error(err, "remove", path);
    }
    return ST_OK;
}

Status temp_dir_open(TempDir *ret_dir, Err *err) {
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] == '\0') {
        base = "/tmp";
    }
    int size = snprintf(ret_dir->path, sizeof ret_dir->path, "%s/confhouse-XXXXXX", base);
    if (size < 0 || (size_t)size >= sizeof ret_dir->path) {
        ret_dir->path[0] = '\0';
        return err_set(err, ST_USAGE, "TMPDIR is too long");
    }
    if (mkdtemp(ret_dir->path) == NULL) {
        ret_dir->path[0] = '\0';
        return io_error(err, "make a scratch folder below", base);
    }
    return ST_OK;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    remove(path);
    return 0;
}

void temp_dir_close(TempDir *dir) {
    if (dir->path[0] != '\0') {
        nftw(dir->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        dir->path[0] = '\0';
    }
}

/* Nothing here takes memory or a lock: nftw and readdir do. */
void temp_dir_remove_from_handler(const TempDir *dir) {
    _Alignas(struct dirent64) char entries[4096];
    int folder = dir->path[0] == '\0' ? -1 : open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return;
    }
    ssize_t size = 0;
    while ((size = getdents64(folder, entries, sizeof entries)) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct dirent64 *entry = (const void *)(entries + at);
            (void)!unlinkat(folder, entry->d_name, 0);
            at += entry->d_reclen;
        }
    }
    close(folder);
    (void)!rmdir(dir->path);
}

char *temp_dir_path(const TempDir *dir, const char *name) {
    return mem_printf("%s/%s", dir->path, name);
}
