#include "http/http_call.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/http_setup.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    ANSWER_MAX_BYTES = 16 << 20,
    HEADERS_MAX_BYTES = 64 << 10,
    ERROR_MAX_BYTES = 64 << 10,
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
    if (call->answered_ms == 0) {
        call->answered_ms = clock_monotonic_ms();
    }
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
    int64_t max = call->request.sink_max_bytes;
    if (max > 0 && call->sink_bytes + (int64_t)size > max) {
        return refuse(call, ST_LIMIT, "more came than was asked for");
    }
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
    bool is_success = status >= 200 && status <= 299;
    if (call->request.sink_fd >= 0 && is_success) {
        return write_to_sink(call, data, size);
    }
    if (!is_success && call->body.ceiling < ERROR_MAX_BYTES) {
        call->body.ceiling = ERROR_MAX_BYTES; /* what went wrong is always told */
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

/* Before each request that goes out. NOLINTNEXTLINE(readability-non-const-parameter): libcurl's */
static int on_request(void *context, char *to_ip, char *from_ip, int to_port, int from_port) {
    (void)to_ip, (void)from_ip, (void)to_port, (void)from_port;
    HttpCall *call = context;
    call->times_sent++;
    return CURL_PREREQFUNC_OK;
}

/* libcurl calls it when something moves, and once a second. */
static int on_progress(void *context, curl_off_t to_receive, curl_off_t received,
                       curl_off_t to_send, curl_off_t sent) {
    (void)to_receive, (void)received, (void)to_send, (void)sent;
    HttpCall *call = context;
    int64_t limit_ms = call->request.answer_timeout_ms;
    if (call->answered_ms == 0 || clock_monotonic_ms() - call->answered_ms < limit_ms) {
        return 0;
    }
    (void)refuse(call, ST_NETWORK, "the answer began and did not come to its end in time");
    return 1;
}

/* --- Beginning ------------------------------------------------------------------------------- */

static void set_callbacks(HttpCall *call) {
    CURL *easy = call->easy;
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_message);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
    (void)curl_easy_setopt(easy, CURLOPT_READDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, on_seek);
    (void)curl_easy_setopt(easy, CURLOPT_SEEKDATA, call);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
    (void)curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
    if (call->request.answer_timeout_ms > 0) {
        (void)curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
        (void)curl_easy_setopt(easy, CURLOPT_XFERINFODATA, call);
        (void)curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    }
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
    call->easy = easy;
    Status status = http_setup_easy(call, options, err);
    if (status != ST_OK) {
        call->easy = NULL;
        return status;
    }
    set_callbacks(call);
    return ST_OK;
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
                               .was_sent_again = call->times_sent > 1,
                               .header_lines = &call->header_lines};
    return ST_OK;
}
