#include "extension.h"

#include "base/log.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { REGISTER_TIMEOUT_MS = 5000, URL_SIZE = 400, ANSWER_MAX_BYTES = 64 << 10 };

/* An internal extension may have any name; this one names the program. */
static const char name_header[] = "Lambda-Extension-Name: bootstrap";

static void warn(const char *why) {
    log_message(LOG_WARN,
                "Lambda does not take this process as an extension (%s): it is killed without "
                "notice when Lambda ends it",
                why);
}

/* --- The request that stays open ------------------------------------------------------------- */

static void on_event(void *context, const HttpAnswer *answer, const Err *failure) {
    Extension *extension = context;
    extension->call = NULL;
    if (*extension->stop) {
        return;
    }
    if (failure == NULL && answer->status == 200 && strstr(answer->body, "\"SHUTDOWN\"") != NULL) {
        *extension->stop = true;
        http_wake(extension->http);
        return;
    }
    char why[64];
    snprintf(why, sizeof why, "HTTP %d", failure == NULL ? answer->status : 0);
    warn(failure == NULL ? why : failure->message);
}

static Status wait_for_event(Extension *extension, Err *err) {
    char url[URL_SIZE];
    char identifier[sizeof extension->identifier + 40];
    HttpRequest request = HTTP_REQUEST_NONE;
    snprintf(url, sizeof url, "%s/2020-01-01/extension/event/next", extension->url);
    snprintf(identifier, sizeof identifier, "Lambda-Extension-Identifier: %s",
             extension->identifier);
    request.method = "GET";
    request.url = url;
    request.headers[request.header_count++] = identifier;
    request.timeout_ms = -1;
    request.max_answer_bytes = ANSWER_MAX_BYTES;
    return http_start(extension->http, &request, on_event, extension, &extension->call, err);
}

/* --- Registering ----------------------------------------------------------------------------- */

typedef struct Registration {
    Extension *extension;
    int http_status; /* 0 = no answer */
    Err failure;
    bool finished;
} Registration;

static bool is_identifier(const char *text) {
    size_t size = strlen(text);
    return size > 0 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == size;
}

static void on_registered(void *context, const HttpAnswer *answer, const Err *failure) {
    Registration *registration = context;
    char *identifier = registration->extension->identifier;
    registration->finished = true;
    if (failure != NULL) {
        registration->failure = *failure;
        return;
    }
    registration->http_status = answer->status;
    if (!http_header(answer, "Lambda-Extension-Identifier", identifier,
                     sizeof registration->extension->identifier) ||
        !is_identifier(identifier)) {
        identifier[0] = '\0';
    }
}

static Status register_process(Registration *registration, Err *err) {
    Extension *extension = registration->extension;
    static const char body[] = "{\"events\":[]}";
    char url[URL_SIZE];
    HttpRequest request = HTTP_REQUEST_NONE;
    snprintf(url, sizeof url, "%s/2020-01-01/extension/register", extension->url);
    request.method = "POST";
    request.url = url;
    request.headers[request.header_count++] = name_header;
    request.headers[request.header_count++] = "Content-Type: application/json";
    request.body = body;
    request.body_size = sizeof body - 1;
    request.timeout_ms = REGISTER_TIMEOUT_MS;
    request.max_answer_bytes = ANSWER_MAX_BYTES;
    TRY(http_start(extension->http, &request, on_registered, registration, NULL, err));
    while (!registration->finished) {
        TRY(http_run(extension->http, &registration->finished, err));
    }
    return ST_OK;
}

Status extension_open(Extension *extension, Http *http, const char *url, volatile bool *stop,
                      Err *err) {
    *extension = (Extension){.http = http, .url = url, .stop = stop};
    Registration registration = {.extension = extension};
    TRY(register_process(&registration, err));
    if (registration.failure.status != ST_OK) {
        *err = registration.failure;
        return err->status;
    }
    if (registration.http_status != 200 || extension->identifier[0] == '\0') {
        char why[64];
        snprintf(why, sizeof why, "HTTP %d%s", registration.http_status,
                 registration.http_status == 200 ? ", no identifier" : "");
        warn(why);
        return ST_OK;
    }
    return wait_for_event(extension, err);
}

void extension_close(Extension *extension) {
    if (extension->call != NULL) {
        http_cancel(extension->http, extension->call);
        extension->call = NULL;
    }
}
