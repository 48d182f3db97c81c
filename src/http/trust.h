/* Trust: where this system keeps the certificate authorities that TLS servers are checked against.
 *
 * A libcurl of a distribution knows the distribution's file. The one that is linked into the package
 * for AWS Lambda runs on Amazon Linux and in containers, and knows none: the file is looked for when
 * the program runs. Nothing is read here; libcurl reads the file at the first TLS handshake. */
#ifndef HTTP_TRUST_H
#define HTTP_TRUST_H

#include <stddef.h>

/* The file to name to libcurl (static); NULL where libcurl has a place of its own that exists, or
 * where the system has no such file. */
const char *trust_system_bundle(void);

/* The first of the paths that can be read; NULL = none. */
const char *trust_first_readable(const char *const *paths, size_t count);

#endif
