#include "warehouse/shard_store.h"

#include "base/file.h"
#include "base/mem.h"
#include "format/gzip.h"
#include "store/layout.h"

enum { GZIP_LEVEL = 1 }; /* a third of the time of level 6, a fifth more bytes */
#define SHARD_MAX_BYTES ((int64_t)16 << 30)

/* For OWN(): the file at that path is only for now. */
static void remove_at(char **path) {
    Err ignored;
    (void)!file_remove(*path, &ignored);
    mem_free(*path);
}

Status shard_store_save(Shard *shard, Store *store, Err *err) {
    OWN(remove_at) char *copy = mem_printf("%s.copy", shard_path(shard));
    OWN(remove_at) char *packed = mem_printf("%s.gz", shard_path(shard));
    LayoutKey key;
    TRY(layout_shard(shard_group_id(shard), shard_id(shard), &key, err));
    TRY(shard_write_copy(shard, copy, err));
    TRY(gzip_file(copy, packed, GZIP_LEVEL, err));
    const StorePut put = {.key = key.text, .content_type = "application/gzip", .path = packed};
    return store_put(store, &put, NULL, err);
}

Status shard_store_take_up(Store *store, const char *path, const ShardOptions *options,
                           Shard **ret_shard, Err *err) {
    OWN(remove_at) char *packed = mem_printf("%s.gz", path);
    LayoutKey key;
    *ret_shard = NULL;
    TRY(layout_shard(options->group_id, options->shard_id, &key, err));
    Status status = store_get_file(store, key.text, packed, NULL, err);
    if (status == ST_NOT_FOUND) {
        return ST_OK;
    }
    TRY(status);
    TRY(gzip_unpack_file(packed, path, SHARD_MAX_BYTES, err));
    return shard_reopen(path, options, ret_shard, err);
}
