#include "exchange.h"

#include "base/mem.h"
#include "base/str.h"
#include "draw.h"
#include "format/json.h"
#include "format/uri.h"
#include "format/xml.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *request_header(const Request *request, const char *name) {
    for (size_t i = 0; i < request->header_count; i++) {
        if (str_equal_nocase(request->headers[i].name, name)) {
            return request->headers[i].value;
        }
    }
    return NULL;
}

/* Where the value of a member of the query begins and how long it is; NULL when absent. */
static const char *find_query(const Request *request, const char *name, size_t *ret_size) {
    size_t name_size = strlen(name);
    const char *at = request->query;
    while (*at != '\0') {
        size_t size = strcspn(at, "&");
        if (size >= name_size && memcmp(at, name, name_size) == 0 &&
            (size == name_size || at[name_size] == '=')) {
            bool has_value = size > name_size;
            *ret_size = has_value ? size - name_size - 1 : 0;
            return at + name_size + (has_value ? 1 : 0);
        }
        at += size;
        at += *at == '&' ? 1 : 0;
    }
    return NULL;
}

bool request_has_query(const Request *request, const char *name) {
    size_t size = 0;
    return find_query(request, name, &size) != NULL;
}

char *request_query(const Request *request, const char *name) {
    size_t size = 0;
    const char *value = find_query(request, name, &size);
    OWN(buf_done) Buf decoded = {0};
    if (value == NULL || !uri_append_decoded(&decoded, value, size, true)) {
        return NULL;
    }
    return buf_take(&decoded);
}

void reply_init(Reply *reply, Protocol protocol) {
    static atomic_uint_fast64_t counter;
    uint64_t draw = draw_mix(atomic_fetch_add(&counter, 1) + 1);
    *reply = (Reply){.status = 200, .protocol = protocol, .fd = -1};
    reply->body.ceiling = (size_t)1 << 30;
    if (protocol == PROTOCOL_S3) {
        snprintf(reply->request_id, sizeof reply->request_id, "%016llX", (unsigned long long)draw);
        reply_content_type(reply, "application/xml");
    } else {
        snprintf(reply->request_id, sizeof reply->request_id, "%08x-%04x-4%03x-8%03x-%012llx",
                 (unsigned)(draw >> 32), (unsigned)(draw >> 16 & 0xffff),
                 (unsigned)(draw >> 4 & 0xfff), (unsigned)(draw & 0xfff),
                 (unsigned long long)(draw_mix(draw) >> 16));
        reply_content_type(reply, protocol == PROTOCOL_JSON        ? "application/x-amz-json-1.1"
                                  : protocol == PROTOCOL_REST_JSON ? "application/json"
                                                                   : "text/xml");
    }
}

static void forget_content(Reply *reply) {
    if (reply->shared_release != NULL) {
        reply->shared_release(reply->shared_owner);
    }
    if (reply->fd >= 0) {
        close(reply->fd);
    }
    if (reply->stream.free != NULL) {
        reply->stream.free(reply->stream.context);
    }
    reply->shared = NULL;
    reply->shared_release = NULL;
    reply->fd = -1;
    reply->stream = (ReplyStream){0};
    buf_clear(&reply->body);
    for (size_t i = 0; i < reply->header_count; i++) {
        mem_free(reply->headers[i].value);
    }
    reply->header_count = 0;
}

void reply_done(Reply *reply) {
    forget_content(reply);
    buf_done(&reply->body);
}

void reply_content_type(Reply *reply, const char *content_type) {
    str_copy(reply->content_type, sizeof reply->content_type, content_type);
}

void reply_header(Reply *reply, const char *name, const char *format, ...) {
    ASSERT(reply->header_count < REPLY_MAX_HEADERS);
    OWN(buf_done) Buf value = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&value, format, args);
    va_end(args);
    size_t at = reply->header_count++;
    str_copy(reply->headers[at].name, sizeof reply->headers[at].name, name);
    reply->headers[at].value = buf_take(&value);
}

bool reply_failed(const Reply *reply) {
    return reply->error_code[0] != '\0';
}

static void write_json_error(Reply *reply, const char *code, const char *message) {
    JsonWriter json = {.out = &reply->body};
    json_begin_object(&json, NULL);
    if (reply->protocol == PROTOCOL_JSON) {
        json_put_text(&json, "__type", code);
    }
    json_put_text(&json, "message", message);
    json_end_object(&json);
    reply_header(reply, "x-amzn-ErrorType", "%s", code);
}

static void write_query_error(Reply *reply, const char *code, const char *message) {
    Buf *out = &reply->body;
    buf_printf(out,
               "<ErrorResponse xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\">\n"
               "  <Error>\n    <Type>%s</Type>\n    <Code>%s</Code>\n    <Message>",
               reply->status >= 500 ? "Receiver" : "Sender", code);
    xml_append_escaped(out, message);
    buf_printf(out, "</Message>\n  </Error>\n  <RequestId>%s</RequestId>\n</ErrorResponse>\n",
               reply->request_id);
}

static void write_s3_error(Reply *reply, const char *code, const char *message) {
    Buf *out = &reply->body;
    buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>",
               code);
    xml_append_escaped(out, message);
    buf_printf(out, "</Message><RequestId>%s</RequestId><HostId>simulated</HostId></Error>",
               reply->request_id);
}

void reply_error(Reply *reply, int status, const char *code, const char *format, ...) {
    OWN(buf_done) Buf message = {0};
    va_list args;
    va_start(args, format);
    buf_vprintf(&message, format, args);
    va_end(args);
    forget_content(reply);
    reply->status = status;
    str_copy(reply->error_code, sizeof reply->error_code, code);
    switch (reply->protocol) {
    case PROTOCOL_JSON:
    case PROTOCOL_REST_JSON:
        write_json_error(reply, code, buf_text(&message));
        break;
    case PROTOCOL_QUERY:
        write_query_error(reply, code, buf_text(&message));
        break;
    case PROTOCOL_S3:
        reply_content_type(reply, "application/xml");
        write_s3_error(reply, code, buf_text(&message));
        break;
    }
}
