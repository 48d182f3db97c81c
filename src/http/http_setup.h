/* What libcurl is told of a call (http/http_call): where to, how, with what, and how long. */
#ifndef HTTP_HTTP_SETUP_H
#define HTTP_HTTP_SETUP_H

#include "http/http_call.h"

/* Sets the call's easy handle up, but for its callbacks. ST_INPUT when the request is incomplete or
 * holds control characters where they would end a line. */
Status http_setup_easy(HttpCall *call, const HttpOptions *options, Err *err) WARN_UNUSED;

#endif
