/* The directory driver's own: an object is a file, a key is its path below the root. What begins
 * with a dot is never an object: ".lock", and ".tmp-…" files on their way to become one. */
#ifndef STORE_STORE_DIR_H
#define STORE_STORE_DIR_H

#include "store/store_driver.h"

typedef struct DirStore {
    Store base;
    char *root; /* absolute */
    int root_fd;
} DirStore;

#define DIR_TEMPORARY_PREFIX ".tmp-"

/* ST_IO from errno, with the path and what to do about it. */
Status dir_error(const DirStore *dir, const char *doing, const char *key, Err *err);

/* In store_dir_list.c. */
Status dir_list(Store *store, const char *prefix, StoreEach *each, void *context, Err *err);
/* What puts left that were ended half way, more than a day ago. Best effort. */
void dir_remove_stale(const char *root);

#endif
