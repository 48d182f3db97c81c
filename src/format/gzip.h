/* gzip of whole files, streamed: memory does not depend on their size. */
#ifndef FORMAT_GZIP_H
#define FORMAT_GZIP_H

#include "base/err.h"

#include <stdint.h>

/* Level 1 to 9. `to` is created or replaced; removed again on failure. */
Status gzip_file(const char *from, const char *to, int level, Err *err) WARN_UNUSED;

/* Refuses what is not gzip, is cut short, fails its checksum, has something behind it (ST_CORRUPT),
 * or would unpack to more than `max_bytes` (ST_LIMIT). `to` is removed again on failure. */
Status gzip_unpack_file(const char *from, const char *to, int64_t max_bytes, Err *err) WARN_UNUSED;

#endif
