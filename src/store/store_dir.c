#include "store/store_dir.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "format/digest.h"
#include "store/store_dir_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 * 1024, TEMPORARY_SIZE = 32 };

#define HINT_FOLDER "check that the folder exists and may be written, or give another --store"

/* A key's place: the open folder it lies in, and its name there. Folders are opened one by one
 * without following links, so that no key leads out of the root. */
typedef struct Place {
    const DirStore *dir;
    const char *key;
    const char *name;
    int folder;
} Place;

/* NULL where the error says all. */
static const char *hint_of(int error) {
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return "make room on that disk and run again";
    case EACCES:
    case EPERM:
        return "let the user that runs confhouse write there, or give another --store";
    case EROFS:
        return "the file system is mounted read-only: give another --store";
    case ENOENT:
    case ENOTDIR:
        return "check that the folder is still there, or give another --store";
    case EMFILE:
    case ENFILE:
        return "raise the limit of open files (ulimit -n), or lower --concurrency";
    case EFBIG:
        return "raise the limit of a file's size (ulimit -f)";
    case EIO:
    case ESTALE:
        return "the disk or the network mount failed: check it and run again";
    default:
        return NULL;
    }
}

Status dir_error(const DirStore *dir, const char *doing, const char *key, Err *err) {
    int saved = errno;
    err_set(err, ST_IO, "cannot %s %s/%s: %s", doing, dir->root, key, strerror(saved));
    const char *hint = hint_of(saved);
    return hint == NULL ? err->status : err_hint(err, "%s", hint);
}

static Status write_error(const Place *place, Err *err) {
    return dir_error(place->dir, "write", place->key, err);
}

/* What is no plain file, or lies behind a link, is no object. */
static Status read_error(const Place *place, Err *err) {
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
        return err_set(err, ST_NOT_FOUND, "there is no %s/%s", place->dir->root, place->key);
    }
    return dir_error(place->dir, "read", place->key, err);
}

static void place_close(Place *place) {
    file_close_at(&place->folder);
}

static int open_folder(int parent, const char *name) {
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Makes the folder durable, too: its name is synced in its parent. */
static int make_folder(int parent, const char *name) {
    if (mkdirat(parent, name, 0755) != 0 && errno != EEXIST) {
        return -1;
    }
    return file_sync_folder(parent) == 0 ? open_folder(parent, name) : -1;
}

/* -1 and errno on failure. */
static int descend(const Place *place, bool is_for_writing) {
    int folder = open_folder(place->dir->root_fd, ".");
    const char *part = place->key;
    for (const char *slash = strchr(part, '/'); folder >= 0 && slash != NULL;
         slash = strchr(part, '/')) {
        char name[STORE_MAX_KEY_BYTES + 1];
        memcpy(name, part, (size_t)(slash - part));
        name[slash - part] = '\0';
        int parent = folder;
        folder = open_folder(parent, name);
        if (folder < 0 && errno == ENOENT && is_for_writing) {
            folder = make_folder(parent, name);
        }
        int saved = errno;
        close(parent);
        errno = saved;
        part = slash + 1;
    }
    return folder;
}

static Place place_of(const DirStore *dir, const char *key) {
    const char *slash = strrchr(key, '/');
    return (Place){.dir = dir, .key = key, .name = slash != NULL ? slash + 1 : key, .folder = -1};
}

static Status place_open(const DirStore *dir, const char *key, Place *ret_place, Err *err) {
    *ret_place = place_of(dir, key);
    ret_place->folder = descend(ret_place, false);
    return ret_place->folder < 0 ? read_error(ret_place, err) : ST_OK;
}

static Status place_make(const DirStore *dir, const char *key, Place *ret_place, Err *err) {
    *ret_place = place_of(dir, key);
    ret_place->folder = descend(ret_place, true);
    return ret_place->folder < 0 ? write_error(ret_place, err) : ST_OK;
}

/* ".tmp-" and something that no one else has. */
static void name_temporary(char ret_name[TEMPORARY_SIZE]) {
    uint8_t random[8];
    char hex[2 * sizeof random + 1];
    digest_random(random, sizeof random);
    digest_to_hex(random, sizeof random, hex);
    snprintf(ret_name, TEMPORARY_SIZE, DIR_TEMPORARY_PREFIX "%s", hex);
}

/* Where the bytes of an object go as they are read. */
typedef struct Sink {
    int fd; /* -1 = nowhere: they are only measured */
    const char *path;
    Buf *data; /* NULL = not into memory */
} Sink;

static void set_etag(Sha256 *sha, StoreObject *ret_object) {
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE];
    sha256_finish(sha, digest);
    digest_to_hex(digest, sizeof digest, hex);
    snprintf(ret_object->etag, sizeof ret_object->etag, "\"%s\"", hex);
}

/* Reads `from` to its end into the sink, and gives size and etag. */
static Status pour(int from, const char *from_path, const Sink *sink, StoreObject *ret_object,
                   Err *err) {
    OWN(sha256_free_at) Sha256 *sha = sha256_new();
    OWN(mem_free_at) char *piece = mem_grow(NULL, PIECE_BYTES, 1);
    ret_object->bytes = 0;
    for (;;) {
        ssize_t got = read(from, piece, PIECE_BYTES);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_set(err, ST_IO, "cannot read %s: %s", from_path, strerror(errno));
        }
        if (got == 0) {
            break;
        }
        sha256_update(sha, piece, (size_t)got);
        ret_object->bytes += got;
        if (sink->fd >= 0) {
            TRY(file_write_all(sink->fd, piece, (size_t)got, sink->path, err));
        }
        if (sink->data != NULL && !buf_append(sink->data, piece, (size_t)got)) {
            return err_set(err, ST_LIMIT, "%s is too large to be read into memory", from_path);
        }
    }
    set_etag(sha, ret_object);
    sha = NULL;
    return ST_OK;
}

static Status open_object(const Place *place, int *ret_fd, int64_t *ret_bytes, Err *err) {
    /* Not to wait for a writer, should it be a pipe. */
    int fd = openat(place->folder, place->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return read_error(place, err);
    }
    *ret_fd = fd;
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return read_error(place, err);
    }
    if (!S_ISREG(st.st_mode)) {
        errno = ENOENT;
        return read_error(place, err);
    }
    *ret_bytes = st.st_size;
    return ST_OK;
}

static Status read_object(const Place *place, size_t max_bytes, const Sink *sink,
                          StoreObject *ret_object, Err *err) {
    OWN(file_close_at) int fd = -1;
    int64_t bytes = 0;
    TRY(open_object(place, &fd, &bytes, err));
    if ((uint64_t)bytes > max_bytes) {
        return err_set(err, ST_LIMIT, "%s/%s has %lld bytes, more than %zu", place->dir->root,
                       place->key, (long long)bytes, max_bytes);
    }
    return pour(fd, place->key, sink, ret_object, err);
}

static Status dir_get(Store *store, const char *key, size_t max_bytes, Buf *ret_data,
                      StoreObject *ret_object, Err *err) {
    OWN(place_close) Place place;
    TRY(place_open((DirStore *)store, key, &place, err));
    return read_object(&place, max_bytes, &(Sink){.fd = -1, .data = ret_data}, ret_object, err);
}

static Status write_new_file(const Place *place, const char *path, StoreObject *ret_object,
                             Err *err) {
    OWN(file_close_at) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        return err_set(err, ST_IO, "cannot write %s: %s", path, strerror(errno));
    }
    return read_object(place, SIZE_MAX, &(Sink){.fd = fd, .path = path}, ret_object, err);
}

static Status dir_get_file(Store *store, const char *key, const char *path, StoreObject *ret_object,
                           Err *err) {
    OWN(place_close) Place place;
    TRY(place_open((DirStore *)store, key, &place, err));
    char name[TEMPORARY_SIZE];
    name_temporary(name);
    OWN(mem_free_at) char *temporary = mem_printf("%s%s", path, name);
    Status status = write_new_file(&place, temporary, ret_object, err);
    if (status == ST_OK && rename(temporary, path) != 0) {
        status = err_set(err, ST_IO, "cannot write %s: %s", path, strerror(errno));
    }
    if (status != ST_OK) {
        unlink(temporary);
    }
    return status;
}

static Status dir_head(Store *store, const char *key, StoreObject *ret_object, Err *err) {
    OWN(place_close) Place place;
    TRY(place_open((DirStore *)store, key, &place, err));
    return read_object(&place, SIZE_MAX, &(Sink){.fd = -1}, ret_object, err);
}

static Status write_source(const StorePut *put, const Sink *sink, StoreObject *ret_object,
                           Err *err) {
    if (put->data == NULL && put->path != NULL) {
        OWN(file_close_at) int from = open(put->path, O_RDONLY | O_CLOEXEC);
        if (from < 0) {
            Status status = errno == ENOENT ? ST_NOT_FOUND : ST_IO;
            return err_set(err, status, "cannot read %s: %s", put->path, strerror(errno));
        }
        return pour(from, put->path, sink, ret_object, err);
    }
    TRY(file_write_all(sink->fd, put->data, put->size, sink->path, err));
    Sha256 *sha = sha256_new();
    sha256_update(sha, put->data, put->size);
    set_etag(sha, ret_object);
    ret_object->bytes = (int64_t)put->size;
    return ST_OK;
}

/* A name that nobody lists. -1 and errno on failure. */
static int create_temporary(const Place *place, const char *temporary) {
    return openat(place->folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0644);
}

/* The file itself under a second name. False when it has to be copied: there are no links, or none
 * from its disk to this one. */
static bool link_temporary(const Place *place, const StorePut *put, const char *temporary) {
    return put->data == NULL && put->path != NULL && put->sha256 != NULL &&
           linkat(AT_FDCWD, put->path, place->folder, temporary, AT_SYMLINK_FOLLOW) == 0;
}

static Status sync_linked(const Place *place, const StorePut *put, const char *temporary,
                          StoreObject *ret_object, Err *err) {
    OWN(file_close_at) int fd = -1;
    const Place linked = {.dir = place->dir, .key = place->key, .name = temporary, place->folder};
    TRY(open_object(&linked, &fd, &ret_object->bytes, err));
    snprintf(ret_object->etag, sizeof ret_object->etag, "\"%s\"", put->sha256);
    return fsync(fd) == 0 ? ST_OK : write_error(place, err);
}

/* The whole object, durable. */
static Status write_temporary(const Place *place, const StorePut *put, const char *temporary,
                              StoreObject *ret_object, Err *err) {
    if (link_temporary(place, put, temporary)) {
        return sync_linked(place, put, temporary, ret_object, err);
    }
    OWN(file_close_at) int fd = create_temporary(place, temporary);
    if (fd < 0) {
        return write_error(place, err);
    }
    TRY(write_source(put, &(Sink){.fd = fd, .path = place->key}, ret_object, err));
    return fsync(fd) == 0 ? ST_OK : write_error(place, err);
}

static Status conflict(const Place *place, const char *why, Err *err) {
    return err_set(err, ST_CONFLICT, "%s/%s %s", place->dir->root, place->key, why);
}

static Status check_match(const Place *place, const char *etag, Err *err) {
    StoreObject current;
    Status status = read_object(place, SIZE_MAX, &(Sink){.fd = -1}, &current, err);
    if (status == ST_NOT_FOUND) {
        return conflict(place, "is gone", err);
    }
    TRY(status);
    return str_equal(current.etag, etag) ? ST_OK : conflict(place, "has changed meanwhile", err);
}

static bool is_taken(const Place *place) {
    struct stat st;
    return fstatat(place->folder, place->name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A link fails where there is something, whoever put it there; a rename would replace it. Where
 * there are no links (FAT, some shares), the lock has to do. */
static Status commit_if_absent(const Place *place, const char *temporary, Err *err) {
    if (linkat(place->folder, temporary, place->folder, place->name, 0) == 0) {
        unlinkat(place->folder, temporary, 0);
        return ST_OK;
    }
    if (is_taken(place)) {
        return conflict(place, "exists already", err);
    }
    if (renameat(place->folder, temporary, place->folder, place->name) != 0) {
        return write_error(place, err);
    }
    return ST_OK;
}

/* Gives the temporary file its name, if the condition holds. */
static Status commit(const Place *place, const StorePut *put, const char *temporary, Err *err) {
    OWN(dir_lock_release) DirLock turn = DIR_LOCK_NONE;
    TRY(dir_lock_take(place->dir, place->key, &turn, err));
    if (put->condition == STORE_IF_MATCH) {
        TRY(check_match(place, put->etag, err));
    }
    if (put->condition == STORE_IF_ABSENT) {
        TRY(commit_if_absent(place, temporary, err));
    } else if (renameat(place->folder, temporary, place->folder, place->name) != 0) {
        return write_error(place, err);
    }
    return file_sync_folder(place->folder) == 0 ? ST_OK : write_error(place, err);
}

static Status dir_put(Store *store, const StorePut *put, StoreObject *ret_object, Err *err) {
    OWN(place_close) Place place;
    TRY(place_make((DirStore *)store, put->key, &place, err));
    if (put->condition == STORE_IF_ABSENT && is_taken(&place)) {
        return conflict(&place, "exists already", err); /* before a large file is copied */
    }
    char temporary[TEMPORARY_SIZE];
    name_temporary(temporary);
    Status status = write_temporary(&place, put, temporary, ret_object, err);
    if (status == ST_OK) {
        status = commit(&place, put, temporary, err);
    }
    if (status != ST_OK) {
        unlinkat(place.folder, temporary, 0);
    }
    return status;
}

static Status dir_remove(Store *store, const char *key, Err *err) {
    OWN(place_close) Place place;
    Status status = place_open((DirStore *)store, key, &place, err);
    if (status == ST_NOT_FOUND) {
        return ST_OK;
    }
    TRY(status);
    OWN(dir_lock_release) DirLock turn = DIR_LOCK_NONE;
    TRY(dir_lock_take(place.dir, place.key, &turn, err));
    if (unlinkat(place.folder, place.name, 0) != 0) {
        bool is_absent = errno == ENOENT || errno == EISDIR;
        return is_absent ? ST_OK : dir_error(place.dir, "remove", key, err);
    }
    return file_sync_folder(place.folder) == 0 ? ST_OK : write_error(&place, err);
}

static Status copy_to_temporary(const Place *from, const Place *to, const char *temporary,
                                Err *err) {
    OWN(file_close_at) int fd = create_temporary(to, temporary);
    StoreObject object;
    if (fd < 0) {
        return write_error(to, err);
    }
    TRY(read_object(from, SIZE_MAX, &(Sink){.fd = fd, .path = to->key}, &object, err));
    return fsync(fd) == 0 ? ST_OK : write_error(to, err);
}

static Status dir_copy(Store *store, const char *from_key, const char *to_key, Err *err) {
    OWN(place_close) Place from;
    OWN(place_close) Place to = {.folder = -1};
    char temporary[TEMPORARY_SIZE];
    TRY(place_open((DirStore *)store, from_key, &from, err));
    TRY(place_make((DirStore *)store, to_key, &to, err));
    name_temporary(temporary);
    Status status = copy_to_temporary(&from, &to, temporary, err);
    if (status == ST_OK) {
        status = commit(&to, &(StorePut){.key = to_key}, temporary, err);
    }
    if (status != ST_OK) {
        unlinkat(to.folder, temporary, 0);
    }
    return status;
}

static void dir_append_location(const Store *store, const char *key, Buf *out) {
    const DirStore *dir = (const DirStore *)store;
    buf_printf(out, "%s/%s", str_equal(dir->root, "/") ? "" : dir->root, key);
}

static void dir_close(Store *store) {
    DirStore *dir = (DirStore *)store;
    file_close_at(&dir->root_fd);
    mem_free(dir->root);
    mem_free(dir);
}

static const StoreDriver dir_driver = {
    .put = dir_put,
    .get = dir_get,
    .get_file = dir_get_file,
    .head = dir_head,
    .remove = dir_remove,
    .copy = dir_copy,
    .list = dir_list,
    .append_location = dir_append_location,
    .close = dir_close,
};

Status store_dir_open(const char *path, Store **ret_store, Err *err) {
    Status made = file_make_dirs(path, err);
    if (made != ST_OK) {
        err_hint(err, HINT_FOLDER);
        return made;
    }
    DirStore *dir = mem_alloc(sizeof *dir);
    dir->base.driver = &dir_driver;
    OWN(mem_free_at) char *resolved = realpath(path, NULL);
    dir->root = mem_strdup(resolved != NULL ? resolved : path);
    dir->root_fd = open(dir->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir->root_fd < 0) {
        err_set(err, ST_IO, "cannot open the store %s: %s", path, strerror(errno));
        err_hint(err, HINT_FOLDER);
        dir_close(&dir->base);
        return ST_IO;
    }
    dir_remove_stale(dir->root);
    *ret_store = &dir->base;
    return ST_OK;
}
