/* One call of the loop (http/http): a request made ready for libcurl, and what came back. */
#ifndef HTTP_HTTP_CALL_H
#define HTTP_HTTP_CALL_H

#include "http/http.h"

#include <curl/curl.h>

struct HttpCall {
    HttpCall *previous; /* in the list of those that wait, or of those on their way */
    HttpCall *next;
    CURL *easy; /* NULL while it waits its turn */
    HttpRequest request;
    struct curl_slist *header_list;
    HttpDone *done;
    void *context;

    int times_sent;     /* by libcurl, in this one attempt */
    int64_t sent_bytes; /* of the file that is the body */
    int64_t sink_bytes;
    int64_t answered_ms; /* when the answer began, by the monotonic clock; 0 = not yet */
    Buf body;
    Buf header_lines;
    Err broken; /* what went wrong on our side while libcurl called back */
    char curl_message[CURL_ERROR_SIZE];
};

HttpCall *http_call_new(const HttpRequest *request, HttpDone *done, void *context);
void http_call_free(HttpCall *call); /* the easy handle is not its own */

/* Sets `easy` up for this call. */
Status http_call_begin(HttpCall *call, CURL *easy, const HttpOptions *options,
                       Err *err) WARN_UNUSED;

/* What came of it: ST_OK with an answer that lives as long as the call, or why there is none. */
Status http_call_end(HttpCall *call, CURLcode result, HttpAnswer *ret_answer, Err *err) WARN_UNUSED;

#endif
