#include "http/http_setup.h"

#include "base/str.h"
#include "format/uri.h"

#include <string.h>

enum {
    TIMEOUT_MS = 60 * 1000,
    CONNECT_TIMEOUT_MS = 10 * 1000,
    STALLED_AFTER_S = 30, /* without one byte */
    RECEIVE_BUFFER_BYTES = 64 << 10,
};

static bool has_control_characters(const char *text) {
    for (; *text != '\0'; text++) {
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool has_header(const HttpRequest *request, const char *name) {
    size_t size = strlen(name);
    for (size_t i = 0; i < request->header_count; i++) {
        if (strncasecmp(request->headers[i], name, size) == 0 && request->headers[i][size] == ':') {
            return true;
        }
    }
    return false;
}

static void add_header(HttpCall *call, const char *line) {
    struct curl_slist *list = curl_slist_append(call->header_list, line);
    ASSERT(list != NULL);
    call->header_list = list;
}

static Status set_headers(HttpCall *call, Err *err) {
    const HttpRequest *request = &call->request;
    curl_slist_free_all(call->header_list);
    call->header_list = NULL;
    for (size_t i = 0; i < request->header_count; i++) {
        if (has_control_characters(request->headers[i])) {
            return err_set(err, ST_INPUT, "a header holds control characters");
        }
        add_header(call, request->headers[i]);
    }
    add_header(call, "Expect:"); /* no round trip before the body */
    if (!has_header(request, "Content-Type")) {
        add_header(call, "Content-Type:"); /* none that libcurl makes up */
    }
    (void)curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->header_list);
    return ST_OK;
}

static void set_body(HttpCall *call) {
    const HttpRequest *request = &call->request;
    CURL *easy = call->easy;
    if (request->body_fd >= 0) {
        (void)curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)request->body_size);
    } else if (request->body != NULL || str_equal(request->method, "POST") ||
               str_equal(request->method, "PUT")) {
        const void *body = request->body == NULL ? "" : request->body;
        size_t size = request->body == NULL ? 0 : request->body_size;
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    } else if (str_equal(request->method, "HEAD")) {
        (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    }
    (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* A proxy from the environment is for the world outside: it cannot reach this machine's loopback,
 * nor what a cloud has beside each machine. */
static void set_proxy(CURL *easy, const char *url) {
    CURLU *parts = curl_url();
    ASSERT(parts != NULL);
    char *host = NULL;
    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        size_t size = strlen(host);
        if (host[0] == '[' && host[size - 1] == ']') { /* an IPv6 address */
            host[size - 1] = '\0';
        }
        const char *bare = host[0] == '[' ? host + 1 : host;
        if (uri_host_is_loopback(bare) || uri_host_is_beside(bare)) {
            (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
        }
    }
    curl_free(host);
    curl_url_cleanup(parts);
}

static void set_limits(HttpCall *call, const HttpOptions *options) {
    CURL *easy = call->easy;
    int64_t timeout_ms = call->request.timeout_ms == 0 ? TIMEOUT_MS : call->request.timeout_ms;
    int64_t connect_ms =
        options->connect_timeout_ms > 0 ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    if (timeout_ms > 0) {
        (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
        (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALLED_AFTER_S);
    }
}

static void set_connection(HttpCall *call, const HttpOptions *options) {
    CURL *easy = call->easy;
    (void)curl_easy_setopt(easy, CURLOPT_URL, call->request.url);
    (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* a key of S3 may hold ".." */
    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER_BYTES);
    if (options->ca_bundle != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_bundle);
    }
    if (options->user_agent != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, options->user_agent);
    }
    if (options->no_proxy) {
        (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    } else {
        set_proxy(easy, call->request.url);
    }
}

Status http_setup_easy(HttpCall *call, const HttpOptions *options, Err *err) {
    const HttpRequest *request = &call->request;
    if (request->method == NULL || request->url == NULL || has_control_characters(request->url)) {
        return err_set(err, ST_INPUT, "a request has no method or no usable URL");
    }
    curl_easy_reset(call->easy);
    set_connection(call, options);
    set_limits(call, options);
    set_body(call);
    return set_headers(call, err);
}
