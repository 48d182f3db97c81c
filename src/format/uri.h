/* URIs: percent-encoding as AWS signs it (RFC 3986 unreserved characters stay), and splitting. */
#ifndef FORMAT_URI_H
#define FORMAT_URI_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends `text` with all but A-Z a-z 0-9 - . _ ~ as %XX; with `keep_slash`, '/' stays too. */
void uri_append_encoded(Buf *out, const char *text, size_t size, bool keep_slash);

/* Appends `text` with %XX decoded (and '+' as a blank when `plus_is_blank`). False on a bad
 * escape or a NUL byte. */
bool uri_append_decoded(Buf *out, const char *text, size_t size, bool plus_is_blank);

typedef struct Uri {
    bool is_https;
    char host[256];  /* without brackets, lower case */
    int port;        /* 80 or 443 when absent */
    bool has_port;   /* it was written there */
    char path[1024]; /* "/" when absent, without query, still encoded */
} Uri;

/* http:// and https:// only; user names in it are refused. ST_INPUT otherwise. */
Status uri_parse(const char *text, Uri *ret_uri, Err *err) WARN_UNUSED;

/* "host" or "host:port" as the Host header wants it. */
void uri_append_authority(Buf *out, const Uri *uri);

bool uri_host_is_ip(const char *host);
/* localhost, *.localhost, 127.0.0.0/8, ::1 */
bool uri_host_is_loopback(const char *host);
/* Where a cloud has its metadata beside each machine: 169.254.0.0/16, fe80::/10, fd00:ec2::/32 */
bool uri_host_is_beside(const char *host);

#endif
