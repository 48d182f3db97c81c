#include "format/uri.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_unreserved(unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void uri_append_encoded(Buf *out, const char *text, size_t size, bool keep_slash) {
    static const char digits[] = "0123456789ABCDEF";
    size_t done = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (is_unreserved(c) || (keep_slash && c == '/')) {
            continue;
        }
        char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
        buf_append(out, text + done, i - done);
        buf_append(out, escape, sizeof escape);
        done = i + 1;
    }
    if (done < size) {
        buf_append(out, text + done, size - done);
    }
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool uri_append_decoded(Buf *out, const char *text, size_t size, bool plus_is_blank) {
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '%') {
            if (size - i < 3) {
                return false;
            }
            int high = hex_value(text[i + 1]);
            int low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) {
                return false;
            }
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0') {
            return false;
        }
        buf_putc(out, c);
    }
    return true;
}

static bool is_host_name(const char *host) {
    if (host[0] == '\0' || host[0] == '.' || host[0] == '-') {
        return false;
    }
    for (const char *c = host; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '.' && *c != '-' && *c != '_') {
            return false;
        }
        if (c[0] == '.' && c[1] == '.') {
            return false;
        }
    }
    return true;
}

/* Copies `size` bytes and a NUL; false when they do not fit or hold what no URI may hold. */
static bool copy_part(char *to, size_t room, const char *from, size_t size) {
    if (size >= room) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)from[i];
        if (c <= ' ' || c >= 0x7f) {
            return false;
        }
        to[i] = from[i];
    }
    to[size] = '\0';
    return true;
}

static bool parse_port(const char *text, size_t size, Uri *uri) {
    char digits[6];
    int64_t port = 0;
    if (!copy_part(digits, sizeof digits, text, size) || !str_parse_int(digits, 1, 65535, &port)) {
        return false;
    }
    uri->port = (int)port;
    uri->has_port = true;
    return true;
}

/* "host", "host:port", "[v6]" or "[v6]:port". */
static bool parse_authority(const char *text, size_t size, Uri *uri) {
    size_t host_size = 0;
    size_t after = 0; /* where the host, with its brackets, ends */
    bool has_brackets = size > 0 && text[0] == '[';
    if (has_brackets) {
        const char *end = memchr(text, ']', size);
        if (end == NULL) {
            return false;
        }
        text++;
        size--;
        host_size = (size_t)(end - text);
        after = host_size + 1;
    } else {
        const char *colon = memchr(text, ':', size);
        host_size = colon != NULL ? (size_t)(colon - text) : size;
        after = host_size;
    }
    if (!copy_part(uri->host, sizeof uri->host, text, host_size)) {
        return false;
    }
    for (char *c = uri->host; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    struct in6_addr address;
    if (has_brackets ? inet_pton(AF_INET6, uri->host, &address) != 1 : !is_host_name(uri->host)) {
        return false;
    }
    if (after == size) {
        return true;
    }
    return text[after] == ':' && parse_port(text + after + 1, size - after - 1, uri);
}

Status uri_parse(const char *text, Uri *ret_uri, Err *err) {
    *ret_uri = (Uri){0};
    if (str_starts(text, "https://")) {
        ret_uri->is_https = true;
    } else if (!str_starts(text, "http://")) {
        return err_set(err, ST_INPUT, "not an http:// or https:// address: %.200s", text);
    }
    const char *authority = text + (ret_uri->is_https ? 8 : 7);
    size_t authority_size = strcspn(authority, "/?#");
    if (memchr(authority, '@', authority_size) != NULL) {
        /* Not repeated: what stands before the @ may be a password. */
        return err_set(err, ST_INPUT, "an address must not hold a user name or password");
    }
    ret_uri->port = ret_uri->is_https ? 443 : 80;
    if (!parse_authority(authority, authority_size, ret_uri)) {
        return err_set(err, ST_INPUT, "the address %.200s has no valid host", text);
    }
    const char *path = authority + authority_size;
    size_t path_size = strcspn(path, "?#");
    if (path_size == 0) {
        path = "/";
        path_size = 1;
    }
    if (!copy_part(ret_uri->path, sizeof ret_uri->path, path, path_size)) {
        return err_set(err, ST_INPUT, "the address %.200s has no valid path", text);
    }
    return ST_OK;
}

void uri_append_authority(Buf *out, const Uri *uri) {
    bool has_brackets = strchr(uri->host, ':') != NULL;
    buf_printf(out, has_brackets ? "[%s]" : "%s", uri->host);
    /* A port that goes without saying is left out, as HTTP clients do. */
    if (uri->has_port && uri->port != (uri->is_https ? 443 : 80)) {
        buf_printf(out, ":%d", uri->port);
    }
}

bool uri_host_is_ip(const char *host) {
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

bool uri_host_is_loopback(const char *host) {
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 24) == 127;
    }
    struct in6_addr v6;
    if (inet_pton(AF_INET6, host, &v6) == 1) {
        return memcmp(&v6, &in6addr_loopback, sizeof v6) == 0;
    }
    return str_equal(host, "localhost") || str_ends(host, ".localhost");
}

bool uri_host_is_beside(const char *host) {
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return (ntohl(v4.s_addr) >> 16) == 0xa9fe;
    }
    if (inet_pton(AF_INET6, host, &v6) != 1) {
        return false;
    }
    static const unsigned char amazon[] = {0xfd, 0x00, 0x0e, 0xc2};
    return IN6_IS_ADDR_LINKLOCAL(&v6) || memcmp(&v6, amazon, sizeof amazon) == 0;
}
