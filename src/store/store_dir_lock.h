/* The lock of a directory store: writers take turns between looking at an object and replacing it.
 * Readers need none. It is flock() on ".lock" where the file system has locks, and the exclusive
 * creation of ".lock-held" where it has none, as on some FUSE and network mounts. */
#ifndef STORE_STORE_DIR_LOCK_H
#define STORE_STORE_DIR_LOCK_H

#include "store/store_dir.h"

typedef struct DirLock {
    const DirStore *dir; /* set while ".lock-held" is ours; borrowed */
    int fd;              /* of ".lock"; -1 = none */
} DirLock;

#define DIR_LOCK_NONE                                                                              \
    { .dir = NULL, .fd = -1 }

/* Waits for its turn. A ".lock-held" that is older than a minute was left by a process that was
 * killed: a turn takes milliseconds. `key` is the object to be written, for the error: ST_IO, or
 * ST_CONFLICT when another process holds the turn for two minutes. */
Status dir_lock_take(const DirStore *dir, const char *key, DirLock *ret_lock, Err *err) WARN_UNUSED;
void dir_lock_release(DirLock *lock);

#endif
