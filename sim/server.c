#include "server.h"

#include "base/mem.h"
#include "base/str.h"
#include "control.h"
#include "delay.h"
#include "format/uri.h"
#include "send.h"
#include "service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <string.h>
#include <sys/resource.h>

enum { CONNECTION_BYTES = 64 * 1024, MAX_CONNECTIONS = 4000, BACKLOG = 1024 };

struct Server {
    Sim *sim;
    struct MHD_Daemon *daemon;
    Delay *delay;
    int port;
};

/* One request on its way through the server. */
typedef struct Visit {
    Exchange exchange;
    bool begun;
    bool waited;
    bool is_named;
    bool is_in_flight; /* counted as such */
} Visit;

/* --- Reading --------------------------------------------------------------------------------- */

/* Called with the request line, before anything else: it alone has the path as it was signed. */
static void *begin_visit(void *context, const char *uri, struct MHD_Connection *connection) {
    (void)context;
    (void)connection;
    Visit *visit = mem_alloc(sizeof *visit);
    Request *request = &visit->exchange.request;
    request->uri = mem_strdup(uri);
    size_t path_size = strcspn(uri, "?");
    request->path = mem_strndup(uri, path_size);
    request->query = uri[path_size] == '?' ? request->uri + path_size + 1 : "";
    return visit;
}

static void end_visit(void *context, struct MHD_Connection *connection, void **visit_at,
                      enum MHD_RequestTerminationCode code) {
    (void)context;
    (void)connection;
    (void)code;
    Visit *visit = *visit_at;
    if (visit == NULL) {
        return;
    }
    if (visit->is_in_flight) { /* its client left before it was answered */
        stats_end_call(visit->exchange.sim->stats);
    }
    if (visit->begun) {
        reply_done(&visit->exchange.reply);
    }
    buf_done(&visit->exchange.request.body);
    mem_free(visit->exchange.request.uri);
    mem_free(visit->exchange.request.path);
    mem_free(visit);
    *visit_at = NULL;
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value) {
    (void)kind;
    Request *request = context;
    if (request->header_count == EXCHANGE_MAX_HEADERS) {
        request->too_many_headers = true;
        return MHD_NO;
    }
    request->headers[request->header_count++] =
        (SigV4Pair){.name = name, .value = value != NULL ? value : ""};
    return MHD_YES;
}

/* --- Answering ------------------------------------------------------------------------------- */

static void answer(Exchange *exchange) {
    Sim *sim = exchange->sim;
    if (exchange->request.too_many_headers) {
        reply_error(&exchange->reply, 400, "RequestHeaderSectionTooLarge", "Too many headers");
    } else if (exchange->request.body.overflowed) {
        reply_error(&exchange->reply, 400, "EntityTooLarge", "The body is larger than %zu bytes",
                    exchange->request.body.ceiling);
    } else if (auth_check(sim->auth, exchange) && !faults_strike(sim->faults, exchange)) {
        service_answer(exchange);
    }
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, Exchange *exchange,
                                   const SendOptions *options) {
    return send_reply(connection, &exchange->reply, options) ? MHD_YES : MHD_NO;
}

/* The answer is made now; the knobs stay as they are meanwhile. */
static enum MHD_Result answer_service(struct MHD_Connection *connection, Visit *visit) {
    Exchange *exchange = &visit->exchange;
    Sim *sim = exchange->sim;
    pthread_rwlock_rdlock(&sim->knobs_lock);
    const Knobs *knobs = exchange->knobs;
    bool dropped = fault_hits(sim->faults, knobs->drop);
    /* To HEAD, S3 always tells the length. */
    bool is_head = str_equal(exchange->request.method, "HEAD");
    SendOptions options = {.chunked = knobs->chunked && !is_head};
    if (!dropped) {
        answer(exchange);
        bool may_truncate =
            exchange->reply.protocol != PROTOCOL_S3 || str_equal(exchange->request.method, "GET");
        options.truncated = may_truncate && fault_hits(sim->faults, knobs->truncate);
    }
    pthread_rwlock_unlock(&sim->knobs_lock);
    stats_count(sim->stats, exchange->operation, dropped ? 0 : exchange->reply.status,
                dropped             ? "Dropped"
                : options.truncated ? "Truncated"
                                    : exchange->reply.error_code);
    return dropped ? MHD_NO : send_answer(connection, exchange, &options);
}

static enum MHD_Result answer_visit(Server *server, struct MHD_Connection *connection,
                                    Visit *visit) {
    Exchange *exchange = &visit->exchange;
    if (control_is_path(exchange->request.path)) {
        control_answer(exchange);
        return send_answer(connection, exchange, &(SendOptions){0});
    }
    int64_t latency_ms = 0;
    if (!visit->waited) {
        stats_begin_call(server->sim->stats);
        visit->is_in_flight = true;
        pthread_rwlock_rdlock(&server->sim->knobs_lock);
        latency_ms = server->sim->knobs.latency_ms;
        pthread_rwlock_unlock(&server->sim->knobs_lock);
        visit->waited = true;
    }
    if (latency_ms > 0) {
        delay_connection(server->delay, connection, latency_ms);
        return MHD_YES;
    }
    stats_end_call(server->sim->stats);
    visit->is_in_flight = false;
    return answer_service(connection, visit);
}

static void prepare(Server *server, struct MHD_Connection *connection, Visit *visit,
                    const char *method) {
    Exchange *exchange = &visit->exchange;
    visit->begun = true;
    exchange->sim = server->sim;
    exchange->world = server->sim->world;
    exchange->knobs = &server->sim->knobs;
    exchange->request.method = method;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, &exchange->request);
    bool is_control = control_is_path(exchange->request.path);
    reply_init(&exchange->reply,
               is_control ? PROTOCOL_REST_JSON : auth_protocol(&exchange->request));
    exchange->request.body.ceiling =
        exchange->reply.protocol == PROTOCOL_S3 ? EXCHANGE_MAX_BODY_BYTES : BUF_DEFAULT_CEILING;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **visit_at) {
    (void)url;
    (void)version;
    Server *server = context;
    Visit *visit = *visit_at;
    if (!visit->begun) {
        prepare(server, connection, visit, method);
        return MHD_YES; /* the body, or the end of it, comes with the next call */
    }
    if (*upload_size > 0) {
        buf_append(&visit->exchange.request.body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    if (!visit->is_named) {
        visit->is_named = true;
        service_name_operation(&visit->exchange);
    }
    return answer_visit(server, connection, visit);
}

/* --- The daemon ------------------------------------------------------------------------------ */

static Status make_address(const SimOptions *options, struct sockaddr_storage *ret_address,
                           Err *err) {
    const char *text = str_equal(options->listen, "localhost") ? "127.0.0.1" : options->listen;
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)ret_address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)ret_address;
    memset(ret_address, 0, sizeof *ret_address);
    if (!uri_host_is_loopback(text)) {
        err_set(err, ST_USAGE, "--listen %s is not a loopback address", text);
        return err_hint(err, "the simulator has no real secrets and serves this machine alone: "
                             "use 127.0.0.1 or ::1");
    }
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)options->port);
        return ST_OK;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)options->port);
        return ST_OK;
    }
    return err_set(err, ST_USAGE, "--listen %s is not an address", text);
}

/* As many files as the system lets us: each connection is one. */
static unsigned int connection_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 256;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    rlim_t usable = limit.rlim_cur > 128 ? limit.rlim_cur - 64 : 64;
    return usable > MAX_CONNECTIONS ? MAX_CONNECTIONS : (unsigned int)usable;
}

Status server_open(Sim *sim, Server **ret_server, Err *err) {
    const SimOptions *options = sim->options;
    struct sockaddr_storage address;
    TRY(make_address(options, &address, err));
    Server *server = mem_alloc(sizeof *server);
    server->sim = sim;
    server->delay = delay_new();
    /* poll, not epoll: edge-triggered, the library misses a client's end of writing that comes with
     * its last bytes. For some hundreds of connections it is as fast. */
    unsigned int flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    flags |= address.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0;
    server->daemon = MHD_start_daemon(
        flags, (uint16_t)options->port, NULL, NULL, handle, server, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)(void *)&address, MHD_OPTION_URI_LOG_CALLBACK, begin_visit, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, end_visit, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_LIMIT, connection_limit(),
        MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned int)BACKLOG, MHD_OPTION_THREAD_POOL_SIZE,
        options->threads > 1 ? (unsigned int)options->threads : 0U, MHD_OPTION_END);
    if (server->daemon == NULL) {
        Status status = err_set(err, ST_IO, "cannot listen on %s, port %d: %s", options->listen,
                                options->port, strerror(errno));
        server_close(server);
        return status;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info != NULL ? info->port : options->port;
    *ret_server = server;
    return ST_OK;
}

int server_port(const Server *server) {
    return server->port;
}

void server_close(Server *server) {
    if (server == NULL) {
        return;
    }
    delay_stop(server->delay);
    if (server->daemon != NULL) {
        MHD_stop_daemon(server->daemon);
    }
    delay_free(server->delay);
    mem_free(server);
}
