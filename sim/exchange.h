/* Exchange: one request as it came in, and the answer that is being made to it. */
#ifndef SIM_EXCHANGE_H
#define SIM_EXCHANGE_H

#include "aws/sigv4.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "knobs.h"
#include "world.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { EXCHANGE_MAX_HEADERS = SIGV4_MAX_PAIRS, REPLY_MAX_HEADERS = 24 };
#define EXCHANGE_MAX_BODY_BYTES ((size_t)2 << 30)

/* In what form a service speaks, its errors above all. */
typedef enum Protocol { PROTOCOL_JSON, PROTOCOL_REST_JSON, PROTOCOL_QUERY, PROTOCOL_S3 } Protocol;

/* Who calls: found out from the signature (auth.h). */
typedef struct Caller {
    char key_id[64];
    bool is_session;
    int account;
    char role[65];
    char session_name[65];
    char region[32];  /* of the credential scope */
    char service[32]; /* its signing name */
    /* Of the signature, for those who must check what follows it (aws-chunked). */
    char stamp[CLOCK_STAMP_SIZE];
    char signature[SHA256_HEX_SIZE];
    char secret[64];
} Caller;

typedef struct Request {
    const char *method;
    char *uri;         /* as it came, with the query */
    char *path;        /* the encoded path */
    const char *query; /* encoded, "" when none */
    size_t header_count;
    SigV4Pair headers[EXCHANGE_MAX_HEADERS]; /* borrowed from the server */
    bool too_many_headers;
    Buf body;
    Caller caller;
} Request;

/* NULL when absent. Names are compared without regard to case. */
const char *request_header(const Request *request, const char *name);

/* A member of the query string, decoded: mem_free. NULL when absent or badly encoded. */
char *request_query(const Request *request, const char *name);
bool request_has_query(const Request *request, const char *name);

/* Bytes that are sent later, piece by piece: `read` appends some more; none = the end. */
typedef struct ReplyStream {
    void (*read)(void *context, Buf *out);
    void (*free)(void *context);
    void *context;
} ReplyStream;

/* What is sent is the first of these that is set: stream, file, shared bytes, body. */
typedef struct Reply {
    int status;
    Protocol protocol;
    char request_id[40];
    char error_code[64]; /* "" = it went well */
    char content_type[128];
    size_t header_count;
    struct {
        char name[48];
        char *value;
    } headers[REPLY_MAX_HEADERS];
    Buf body;
    const void *shared; /* bytes that others may hold too … */
    size_t shared_size;
    void *shared_owner;
    void (*shared_release)(void *owner); /* … and how to let go of them */
    int fd;                              /* -1 = none; closed when sent */
    uint64_t fd_offset;
    uint64_t fd_size;
    ReplyStream stream;
    bool may_truncate; /* nothing was changed, so a lost answer can be asked for again */
} Reply;

void reply_init(Reply *reply, Protocol protocol);
void reply_done(Reply *reply);
void reply_header(Reply *reply, const char *name, const char *format, ...) PRINTF_LIKE(3, 4);
void reply_content_type(Reply *reply, const char *content_type);

/* Replaces what there is by an error in the form of the protocol. */
void reply_error(Reply *reply, int status, const char *code, const char *format, ...)
    PRINTF_LIKE(4, 5);
bool reply_failed(const Reply *reply);

/* What handlers work with. */
typedef struct Sim Sim;
typedef struct Exchange {
    Sim *sim;
    const World *world;
    const Knobs *knobs;
    Request request;
    Reply reply;
    char operation[80]; /* "config:DescribeConfigRules", for the statistics */
} Exchange;

#endif
