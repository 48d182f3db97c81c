#include "base/arena.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/store_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct Walk {
    const DirStore *dir;
    const char *prefix;
    StoreEach *each;
    void *context;
    Buf key; /* of where the walk is */
} Walk;

/* What one folder holds. A folder's name ends with '/', so that names in the order of their bytes
 * give keys in the order of theirs. Memory follows the widest folders, not the number of keys. */
typedef struct Entry {
    const char *name;
    int64_t bytes;
} Entry;

typedef struct Entries {
    Arena names;
    Entry *items;
    size_t count;
    size_t capacity;
} Entries;

static void entries_done(Entries *entries) {
    arena_done(&entries->names);
    mem_free(entries->items);
}

static void close_folder(DIR **folder) {
    if (*folder != NULL) {
        closedir(*folder);
    }
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const Entry *)a)->name, ((const Entry *)b)->name);
}

static void add_entry(Entries *entries, const char *name, const struct stat *st) {
    if (entries->count == entries->capacity) {
        entries->capacity = entries->capacity > 0 ? 2 * entries->capacity : 16;
        entries->items = mem_grow(entries->items, entries->capacity, sizeof *entries->items);
    }
    bool is_folder = S_ISDIR(st->st_mode);
    entries->items[entries->count++] = (Entry){
        .name = arena_printf(&entries->names, is_folder ? "%s/" : "%s", name),
        .bytes = st->st_size,
    };
}

static Status read_entries(const Walk *walk, DIR *folder, Entries *entries, Err *err) {
    for (;;) {
        errno = 0;
        const struct dirent *found = readdir(folder);
        if (found == NULL) {
            break;
        }
        struct stat st;
        if (!store_key_is_valid(found->d_name) ||
            fstatat(dirfd(folder), found->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            continue; /* not ours, or gone meanwhile */
        }
        if (S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)) {
            add_entry(entries, found->d_name, &st);
        }
    }
    if (errno != 0) {
        return dir_error(walk->dir, "list", buf_text(&walk->key), err);
    }
    if (entries->count > 1) {
        qsort(entries->items, entries->count, sizeof *entries->items, compare_names);
    }
    return ST_OK;
}

/* Whether keys that begin with where the walk is may begin with the prefix. */
static bool may_hold_prefix(const Walk *walk) {
    size_t prefix_size = strlen(walk->prefix);
    size_t size = walk->key.size < prefix_size ? walk->key.size : prefix_size;
    return strncmp(buf_text(&walk->key), walk->prefix, size) == 0;
}

static Status walk_folder(Walk *walk, int parent, const char *name, int depth, Err *err);

static Status visit(Walk *walk, int parent, const Entry *entry, int depth, Err *err) {
    buf_puts(&walk->key, entry->name);
    if (!may_hold_prefix(walk)) {
        return ST_OK;
    }
    if (str_ends(entry->name, "/")) {
        return depth < STORE_MAX_KEY_PARTS ? walk_folder(walk, parent, entry->name, depth + 1, err)
                                           : ST_OK;
    }
    const char *key = buf_text(&walk->key);
    bool is_ours = str_starts(key, walk->prefix) && store_key_is_valid(key);
    return is_ours ? walk->each(walk->context, key, entry->bytes, err) : ST_OK;
}

static Status walk_folder(Walk *walk, int parent, const char *name, int depth, Err *err) {
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        bool is_gone = errno == ENOENT || errno == ENOTDIR;
        return is_gone ? ST_OK : dir_error(walk->dir, "list", buf_text(&walk->key), err);
    }
    OWN(close_folder) DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        Status status = dir_error(walk->dir, "list", buf_text(&walk->key), err);
        close(fd);
        return status;
    }
    OWN(entries_done) Entries entries = {0};
    TRY(read_entries(walk, folder, &entries, err));
    size_t size = walk->key.size;
    for (size_t i = 0; i < entries.count; i++) {
        TRY(visit(walk, dirfd(folder), &entries.items[i], depth, err));
        walk->key.size = size;
    }
    return ST_OK;
}

Status dir_list(Store *store, const char *prefix, StoreEach *each, void *context, Err *err) {
    const DirStore *dir = (const DirStore *)store;
    Walk walk = {.dir = dir, .prefix = prefix, .each = each, .context = context};
    Status status = walk_folder(&walk, dir->root_fd, ".", 1, err);
    buf_done(&walk.key);
    return status;
}

static int remove_if_stale(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    enum { STALE_AFTER_S = 24 * 60 * 60 };
    if (type == FTW_F && str_starts(path + ftw->base, DIR_TEMPORARY_PREFIX) &&
        st->st_mtime < time(NULL) - STALE_AFTER_S) {
        unlink(path);
    }
    return ftw->level > STORE_MAX_KEY_PARTS ? -1 : 0;
}

void dir_remove_stale(const char *root) {
    nftw(root, remove_if_stale, STORE_MAX_KEY_PARTS, FTW_PHYS | FTW_MOUNT);
}
