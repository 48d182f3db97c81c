/* Files: read whole with a ceiling, written whole or not at all. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* For OWN(): closes when >= 0. */
void file_close_at(const int *fd);

Status file_read(const char *path, size_t max_bytes, Buf *ret_data, Err *err) WARN_UNUSED;
Status file_size(const char *path, int64_t *ret_bytes, Err *err) WARN_UNUSED;
bool file_exists(const char *path);

/* All `size` bytes, whatever the system takes at a time. `path` is for the message only. */
Status file_write_all(int fd, const void *data, size_t size, const char *path,
                      Err *err) WARN_UNUSED;

/* Under a temporary name, synced, then renamed: readers see the old file or the new one. */
Status file_write_atomic(const char *path, const void *data, size_t size, Err *err) WARN_UNUSED;

/* For scratch: it is not synced, and what was written stays when it fails. */
Status file_copy(const char *from_path, const char *to_path, Err *err) WARN_UNUSED;

/* The same, for the owner's eyes alone (0600). */
Status file_write_private(const char *path, const void *data, size_t size, Err *err) WARN_UNUSED;

Status file_sync(const char *path, Err *err) WARN_UNUSED;        /* a file's bytes */
Status file_sync_parent(const char *path, Err *err) WARN_UNUSED; /* the name of it */

/* Makes the names in an open folder durable. 0, or -1 with errno. Some file systems (FUSE, network
 * mounts) cannot sync a folder and say EINVAL or ENOTSUP; databases on them live with that, and so
 * does this: such an answer counts as 0. */
int file_sync_folder(int folder);

Status file_make_dirs(const char *path, Err *err) WARN_UNUSED;        /* like mkdir -p */
Status file_make_parent_dirs(const char *path, Err *err) WARN_UNUSED; /* all but the last part */
Status file_remove(const char *path, Err *err) WARN_UNUSED;           /* absent is fine */

/* A scratch folder, 0700, below $TMPDIR or /tmp, removed with all it holds when closed. */
typedef struct TempDir {
    char path[512];
} TempDir;
Status temp_dir_open(TempDir *ret_dir, Err *err) WARN_UNUSED;
void temp_dir_close(TempDir *dir);
/* What a signal handler may call: removes the folder and the files right in it. */
void temp_dir_remove_from_handler(const TempDir *dir);
/* "<dir>/<name>", allocated: mem_free. */
char *temp_dir_path(const TempDir *dir, const char *name);

#endif
