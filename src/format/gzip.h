/* gzip of whole files, streamed: memory does not depend on their size. */
#ifndef FORMAT_GZIP_H
#define FORMAT_GZIP_H

#include "base/err.h"

#include <stdint.h>

/* Level 1 to 9. `to` is created or replaced; removed again on failure. */
Status gzip_file(const char *from, const char *to, int level, Err *err) WARN_UNUSED;

/* Refuses what is not gzip, is cut short, fails its checksum, has something behind it (ST_CORRUPT),
 * or would unpack to more than `max_bytes` or, beyond GZIP_FREE_BYTES, to more than GZIP_MAX_RATIO
 * times what was read so far: no data of ours does (ST_LIMIT). `to` is removed again on failure.
 * These messages do not name the file: it is a scratch copy of something with a better name. */
enum { GZIP_FREE_BYTES = 16 * 1024 * 1024, GZIP_MAX_RATIO = 200 };
Status gzip_unpack_file(const char *from, const char *to, int64_t max_bytes, Err *err) WARN_UNUSED;

#endif
