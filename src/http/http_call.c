#include "http/http_call.h"

#include "base/mem.h"
#include "base/str.h"
#include "format/uri.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWER_MAX_BYTES = 16 << 20,
    HEADERS_MAX_BYTES = 64 << 10,
    TIMEOUT_MS = 60 * 1000,
    CONNECT_TIMEOUT_MS = 10 * 1000,
    STALLED_AFTER_S = 30, /* without one byte */
    RECEIVE_BUFFER_BYTES = 64 << 10,
};

static void free_request(HttpRequest *request) {
    mem_free_at(&request->method);
    mem_free_at(&request->url);
    for (size_t i = 0; i < request->header_count; i++) {
        mem_free_at(&request->headers[i]);
    }
}

static HttpRequest copy_request(const HttpRequest *request) {
    HttpRequest copy = *request;
    copy.method = mem_strdup(request->method);
    copy.url = mem_strdup(request->url);
    for (size_t i = 0; i < request->header_count; i++) {
        copy.headers[i] = mem_strdup(request->headers[i]);
    }
    return copy;
}

HttpCall *http_call_new(const HttpRequest *request, HttpDone *done, void *context) {
    ASSERT(request->header_count <= HTTP_MAX_HEADERS);
    HttpCall *call = mem_alloc(sizeof *call);
    call->request = copy_request(request);
    call->done = done;
    call->context = context;
    call->body.ceiling =
        request->max_answer_bytes != 0 ? request->max_answer_bytes : ANSWER_MAX_BYTES;
    call->header_lines.ceiling = HEADERS_MAX_BYTES;
    return call;
}

void http_call_free(HttpCall *call) {
    if (call == NULL) {
        return;
    }
    curl_slist_free_all(call->header_list);
    free_request(&call->request);
    buf_done(&call->body);
    buf_done(&call->header_lines);
    mem_free(call);
}

/* --- What libcurl calls ---------------------------------------------------------------------- */

/* Zero, which no callback of libcurl takes for success. */
static size_t refuse(HttpCall *call, Status status, const char *what) {
    (void)err_set(&call->broken, status, "%s", what);
    return 0;
}

static size_t on_header(char *data, size_t one, size_t size, void *context) {
    (void)one;
    HttpCall *call = context;
    if (size >= 5 && memcmp(data, "HTTP/", 5) == 0) {
        buf_clear(&call->header_lines); /* an answer after "100 Continue" or a proxy's */
    }
    if (!buf_append(&call->header_lines, data, size)) {
        return refuse(call, ST_LIMIT, "the answer's headers are larger than 64 KiB");
    }
    return size;
}

static size_t write_to_sink(HttpCall *call, const char *data, size_t size) {
    size_t written = 0;
    while (written < size) {
        ssize_t n = pwrite(call->request.sink_fd, data + written, size - written,
                           call->request.sink_offset + call->sink_bytes);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return refuse(call, ST_IO, n == 0 ? "nothing could be written" : strerror(errno));
        }
        written += (size_t)n;
        call->sink_bytes += n;
    }
    return size;
}

static size_t on_body(char *data, size_t one, size_t size, void *context) {
    (void)one;
    HttpCall *call = context;
    long status = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (call->request.sink_fd >= 0 && status >= 200 && status <= 299) {
        return write_to_sink(call, data, size);
    }
    if (!buf_append(&call->body, data, size)) {
        (void)err_set(&call->broken, ST_LIMIT, "the answer is larger than %zu bytes",
                      call->body.ceiling);
        return 0;
    }
    return size;
}

static size_t on_send(char *data, size_t one, size_t room, void *context) {
    HttpCall *call = context;
    int64_t left = (int64_t)call->request.body_size - call->sent_bytes;
    size_t size = room * one;
    if (left < (int64_t)size) {
        size = (size_t)left;
    }
    if (size == 0) {
        return 0;
    }
    ssize_t n = 0;
    do {
        n = pread(call->request.body_fd, data, size, call->request.body_offset + call->sent_bytes);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        (void)refuse(call, ST_IO, n == 0 ? "the file to send became shorter" : strerror(errno));
        return CURL_READFUNC_ABORT;
    }
    call->sent_bytes += n;
    return (size_t)n;
}

/* libcurl sends again from the beginning when a kept connection turns out to be dead. */
static int on_seek(void *context, curl_off_t offset, int origin) {
    HttpCall *call = context;
    if (origin != SEEK_SET || offset < 0 || offset > (curl_off_t)call->request.body_size) {
        return CURL_SEEKFUNC_FAIL;
    }
    call->sent_bytes = offset;
    return CURL_SEEKFUNC_OK;
}

/* --- Setting up ------------------------------------------------------------------------------ */

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
        (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
        (void)curl_easy_setopt(easy, CURLOPT_READDATA, call);
        (void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
        (void)curl_easy_setopt(easy, CURLOPT_SEEKDATA, call);
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

/* A proxy from the environment is for the world outside: it cannot reach this machine's loopback.
 */
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
        if (uri_host_is_loopback(host[0] == '[' ? host + 1 : host)) {
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
    set_proxy(easy, call->request.url);
}

static void set_callbacks(HttpCall *call) {
    CURL *easy = call->easy;
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_message);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
}

/* Lets `ready` complete the request, and makes what it put there the call's own. */
static Status complete_request(HttpCall *call, Err *err) {
    if (call->request.ready == NULL) {
        return ST_OK;
    }
    HttpRequest request = call->request;
    TRY(call->request.ready(call->context, &request, err));
    ASSERT(request.header_count <= HTTP_MAX_HEADERS);
    HttpRequest complete = copy_request(&request);
    free_request(&call->request);
    call->request = complete;
    return ST_OK;
}

Status http_call_begin(HttpCall *call, CURL *easy, const HttpOptions *options, Err *err) {
    TRY(complete_request(call, err));
    if (call->request.method == NULL || call->request.url == NULL ||
        has_control_characters(call->request.url)) {
        return err_set(err, ST_INPUT, "a request has no method or no usable URL");
    }
    call->easy = easy;
    curl_easy_reset(easy);
    set_connection(call, options);
    set_limits(call, options);
    set_callbacks(call);
    set_body(call);
    Status status = set_headers(call, err);
    if (status != ST_OK) {
        call->easy = NULL;
    }
    return status;
}

/* --- What came of it ------------------------------------------------------------------------- */

static Status status_of(const HttpCall *call, CURLcode result) {
    switch (result) {
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return ST_USAGE;
    case CURLE_UNSUPPORTED_PROTOCOL: /* of the URL, or what came back is not HTTP */
        return strncasecmp(call->request.url, "http", 4) == 0 ? ST_NETWORK : ST_USAGE;
    default:
        return ST_NETWORK;
    }
}

/* The query stays out of messages: it may hold a signature. */
static int url_size_to_show(const char *url) {
    size_t size = strcspn(url, "?");
    return (int)(size < 200 ? size : 200);
}

static Status say_failure(const HttpCall *call, CURLcode result, Err *err) {
    const HttpRequest *request = &call->request;
    int url_size = url_size_to_show(request->url);
    if (call->broken.status != ST_OK) {
        return err_set(err, call->broken.status, "%s %.*s: %s", request->method, url_size,
                       request->url, call->broken.message);
    }
    const char *why =
        call->curl_message[0] != '\0' ? call->curl_message : curl_easy_strerror(result);
    Status status = err_set(err, status_of(call, result), "%s %.*s: %s", request->method, url_size,
                            request->url, why);
    if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE) {
        return err_hint(err, "name the file of trusted certificates with AWS_CA_BUNDLE");
    }
    return status;
}

/* A connection that closes in the middle of the headers is no failure to libcurl. */
static bool has_all_headers(const HttpCall *call) {
    return strstr(buf_text(&call->header_lines), "\n\r\n") != NULL ||
           strstr(buf_text(&call->header_lines), "\n\n") != NULL;
}

Status http_call_end(HttpCall *call, CURLcode result, HttpAnswer *ret_answer, Err *err) {
    long http_status = 0;
    (void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &http_status);
    if (result != CURLE_OK || call->broken.status != ST_OK) {
        return say_failure(call, result, err);
    }
    if (http_status < 100 || http_status > 999 || !has_all_headers(call)) {
        return err_set(err, ST_NETWORK, "%s %.*s: the answer's headers are cut short",
                       call->request.method, url_size_to_show(call->request.url),
                       call->request.url);
    }
    *ret_answer = (HttpAnswer){.status = (int)http_status,
                               .body = buf_text(&call->body),
                               .body_size = call->body.size,
                               .sink_bytes = call->sink_bytes,
                               .header_lines = &call->header_lines};
    return ST_OK;
}
