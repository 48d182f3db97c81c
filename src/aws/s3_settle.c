#include "aws/s3_settle.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static Status digest_file_in_store(S3 *s3, const S3Put *put, S3Digest *ret_digest, Err *err) {
    OWN(mem_free_at) char *path = mem_printf("%s.XXXXXX", put->path);
    OWN(file_close_at) int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        return err_set(err, ST_IO, "%s: %s", path, strerror(errno));
    }
    Status status = s3_get_file(s3, put->key, path, NULL, err);
    if (status == ST_OK) {
        status = s3_checksum_of_path(path, ret_digest, err);
    }
    (void)unlink(path);
    return status;
}

/* Where S3 keeps no checksum: by reading it back. */
static Status digest_stored(S3 *s3, const S3Put *put, S3Digest *ret_digest, Err *err) {
    if (put->path != NULL) {
        return digest_file_in_store(s3, put, ret_digest, err);
    }
    OWN(buf_done) Buf data = {.ceiling = put->size + 1};
    TRY(s3_get(s3, put->key, put->size + 1, &data, NULL, err));
    s3_checksum_of_data(data.data, data.size, ret_digest);
    return ST_OK;
}

static Status compare(S3 *s3, const S3Put *put, const S3Source *source, bool *ret_same,
                      S3Object *ret_object, Err *err) {
    S3Seen seen;
    S3Digest wanted = {0};
    S3Digest found = {0};
    *ret_same = false;
    TRY(s3_client_look(s3, put->key, &seen, err));
    if (seen.object.bytes != source->bytes) {
        return ST_OK;
    }
    TRY(s3_put_digest(put, source, &wanted, err));
    if (seen.checksum.name != NULL) {
        *ret_same = s3_checksum_holds(&seen.checksum, &wanted);
    } else {
        TRY(digest_stored(s3, put, &found, err));
        *ret_same = found.bytes == wanted.bytes &&
                    memcmp(found.sha256, wanted.sha256, sizeof found.sha256) == 0;
    }
    *ret_object = seen.object;
    return ST_OK;
}

Status s3_settle(S3 *s3, const S3Put *put, const S3Source *source, S3Object *ret_object, Err *err) {
    bool is_same = false;
    Err unknown = {0};
    Status compared = compare(s3, put, source, &is_same, ret_object, &unknown);
    if (compared == ST_OK && is_same) {
        log_message(LOG_INFO, "s3://%s/%s was written by an attempt whose answer was lost",
                    s3->bucket, put->key);
        *err = (Err){0};
        return ST_OK;
    }
    if (compared != ST_OK && compared != ST_NOT_FOUND) {
        return err_wrap(err, "whether it is one's own is not known (%.200s)", unknown.message);
    }
    return err->status;
}
