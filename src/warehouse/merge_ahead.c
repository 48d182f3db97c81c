#include "warehouse/merge_ahead.h"

#include "base/file.h"
#include "format/gzip.h"

static Status prepare(MergeAhead *ahead, Err *err) {
    int64_t bytes = 0;
    TRY(gzip_unpack_file(ahead->packed, ahead->path, ahead->max_bytes, err));
    TRY(digest_file_sha256_hex(ahead->path, ahead->sha256, &bytes, err));
    const ShardClaim claim = {.path = ahead->path,
                              .group_id = ahead->group_id,
                              .shard_id = ahead->shard_id,
                              .cancelled = ahead->cancelled};
    TRY(shard_check(&claim, &ahead->facts, err));
    return merge_shard_count(&claim, err);
}

static void *run(void *context) {
    MergeAhead *ahead = context;
    ahead->status = prepare(ahead, &ahead->err);
    return NULL;
}

void merge_ahead_begin(MergeAhead *ahead) {
    ahead->err = (Err){0};
    ahead->is_running = pthread_create(&ahead->thread, NULL, run, ahead) == 0;
    if (!ahead->is_running) { /* then it is not ahead, but done all the same */
        run(ahead);
    }
}

static void wait_for(MergeAhead *ahead) {
    if (ahead->is_running) {
        ASSERT(pthread_join(ahead->thread, NULL) == 0);
        ahead->is_running = false;
    }
}

Status merge_ahead_end(MergeAhead *ahead, Err *err) {
    wait_for(ahead);
    if (ahead->status != ST_OK && err != NULL) {
        *err = ahead->err;
    }
    return ahead->status;
}

void merge_ahead_drop(MergeAhead *ahead) {
    Err ignored;
    wait_for(ahead);
    (void)!file_remove(ahead->packed, &ignored);
    (void)!file_remove(ahead->path, &ignored);
}
