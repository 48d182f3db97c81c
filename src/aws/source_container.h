/* Where a container asks for its credentials: apart, so that it can be looked at. */
#ifndef AWS_SOURCE_CONTAINER_H
#define AWS_SOURCE_CONTAINER_H

#include "base/buf.h"
#include "base/err.h"

/* ST_NOTHING when no variable says; ST_USAGE when what they say may not be asked. */
Status source_container_url(Buf *ret_url, Err *err) WARN_UNUSED;

#endif
