#include "s3_disk.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "format/uri.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_OBJECT_BYTES = INT_MAX, TEMPORARY_ROOM = 16 };

/* Allocated; NULL when the name would be too long for a file. */
static char *object_path(const char *dir, const char *bucket, const char *key) {
    OWN(buf_done) Buf name = {0};
    uri_append_encoded(&name, key, strlen(key), false);
    /* "." and ".." consist of letters that stay as they are. */
    if (strcmp(buf_text(&name), ".") == 0 || strcmp(buf_text(&name), "..") == 0) {
        buf_clear(&name);
        for (const char *c = key; *c != '\0'; c++) {
            buf_puts(&name, "%2E");
        }
    }
    if (name.size > NAME_MAX - TEMPORARY_ROOM) {
        return NULL;
    }
    return mem_printf("%s/%s/%s", dir, bucket, buf_text(&name));
}

static Status take_file(const char *folder, const char *name, S3DiskEach *each, void *context,
                        Err *err) {
    OWN(mem_free_at) char *path = mem_printf("%s/%s", folder, name);
    OWN(buf_done) Buf key = {0};
    OWN(buf_done) Buf data = {0};
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) ||
        !uri_append_decoded(&key, name, strlen(name), false) || key.size > S3_MAX_KEY_BYTES) {
        return ST_OK;
    }
    data.ceiling = MAX_OBJECT_BYTES;
    TRY(file_read(path, MAX_OBJECT_BYTES, &data, err));
    S3Meta meta = {.size = (int64_t)data.size,
                   .modified_ms = (int64_t)status.st_mtim.tv_sec * 1000,
                   .content_type = "binary/octet-stream"};
    s3_etag_of(buf_text(&data), data.size, meta.etag);
    each(context, buf_text(&key), &meta);
    return ST_OK;
}

Status s3_disk_open_bucket(const char *dir, const char *bucket, S3DiskEach *each, void *context,
                           Err *err) {
    OWN(mem_free_at) char *folder = mem_printf("%s/%s", dir, bucket);
    TRY(file_make_dirs(folder, err));
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return err_set(err, ST_IO, "cannot read %s: %s", folder, strerror(errno));
    }
    Status status = ST_OK;
    for (struct dirent *entry = readdir(entries); entry != NULL && status == ST_OK;
         entry = readdir(entries)) {
        status = take_file(folder, entry->d_name, each, context, err);
    }
    closedir(entries);
    return status;
}

S3Result s3_disk_write(const char *dir, const char *bucket, const char *key, const S3Blob *blob) {
    OWN(mem_free_at) char *path = object_path(dir, bucket, key);
    Err err = {0};
    if (path == NULL) {
        return S3_KEY_TOO_LONG;
    }
    if (file_write_atomic(path, s3_blob_data(blob), s3_blob_size(blob), &err) != ST_OK) {
        log_err(LOG_ERROR, &err);
        return S3_FAILED;
    }
    return S3_DONE;
}

int s3_disk_open(const char *dir, const char *bucket, const char *key) {
    OWN(mem_free_at) char *path = object_path(dir, bucket, key);
    return path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
}

bool s3_disk_remove(const char *dir, const char *bucket, const char *key) {
    OWN(mem_free_at) char *path = object_path(dir, bucket, key);
    return path != NULL && (unlink(path) == 0 || errno == ENOENT);
}
