/* A server on loopback that answers from a script: what a test says comes back, in that order,
 * one answer to a request, whichever connection it comes on. Requests are kept to look at.
 *
 *     ScriptedServer *server = scripted_server_open();
 *     scripted_server_add(server, (ScriptedAnswer){.status = 503});
 *     scripted_server_add(server, (ScriptedAnswer){.body = "{}"});
 *     ... calls to scripted_server_url(server) ...
 *     scripted_server_close(server);
 *
 * When the script is over, further requests get status 599: no retry policy loops on it for ever.
 */
#ifndef TESTS_HTTP_SCRIPTED_SERVER_H
#define TESTS_HTTP_SCRIPTED_SERVER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCRIPTED_MAX = 4096, SCRIPTED_MAX_REQUEST_BYTES = 8 << 20, SCRIPTED_MAX_THREADS = 512 };

typedef struct ScriptedAnswer {
    int status;          /* 0 = 200 */
    const char *headers; /* whole lines, each ending with \r\n; NULL = none */
    const char *body;    /* NULL = "" */
    size_t body_size;    /* 0 = all of the text */
    int delay_ms;        /* before the answer */
    bool drop;           /* closes the connection instead of answering */
    size_t cut_after;    /* > 0: closes it after as many bytes of the body */
    bool chunked;        /* in chunks, without Content-Length */
    bool wants_close;    /* "Connection: close" */
    const char *raw;     /* sent as it is, instead of all the above, and the connection closed */
    const char
        *only_for; /* only requests that hold this text get this answer, any number of times */
} ScriptedAnswer;

typedef struct ScriptedServer {
    int listener;
    int port;
    char url[64];
    pthread_mutex_t lock;
    pthread_t acceptor;
    pthread_t threads[SCRIPTED_MAX_THREADS];
    int sockets[SCRIPTED_MAX_THREADS]; /* -1 once closed */
    int connections;
    bool closing;
    ScriptedAnswer answers[SCRIPTED_MAX];
    size_t answer_count;
    size_t answer_at;
    char *requests[SCRIPTED_MAX]; /* head and body, as they came */
    size_t request_count;
    int in_hand; /* requests that are being answered now */
    int most_in_hand;
} ScriptedServer;

typedef struct ScriptedConnection {
    ScriptedServer *server;
    int index;
} ScriptedConnection;

static inline bool scripted_send(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        data += n;
        size -= (size_t)n;
    }
    return true;
}

/* Reads one request with its body; false when the connection has ended. */
static inline bool scripted_receive(int fd, Buf *request) {
    size_t need = 0; /* 0 = the head is not complete */
    while (need == 0 || request->size < need) {
        char block[16384];
        ssize_t n = recv(fd, block, sizeof block, 0);
        if (n <= 0 || request->size > SCRIPTED_MAX_REQUEST_BYTES) {
            return false;
        }
        buf_append(request, block, (size_t)n);
        const char *head_end = strstr(request->data, "\r\n\r\n");
        if (need == 0 && head_end != NULL) {
            const char *length = strcasestr(request->data, "\r\nContent-Length:");
            long body = length != NULL && length < head_end ? strtol(length + 17, NULL, 10) : 0;
            need = (size_t)(head_end + 4 - request->data) + (size_t)body;
        }
    }
    return true;
}

/* The answer that is next for this request. The server is locked. */
static inline ScriptedAnswer scripted_next(ScriptedServer *server, const char *request) {
    for (size_t i = 0; i < server->answer_count; i++) {
        const char *only_for = server->answers[i].only_for;
        if (only_for != NULL && strstr(request, only_for) != NULL) {
            return server->answers[i];
        }
    }
    while (server->answer_at < server->answer_count) {
        ScriptedAnswer answer = server->answers[server->answer_at++];
        if (answer.only_for == NULL) {
            return answer;
        }
    }
    return (ScriptedAnswer){.status = 599, .body = "the script is over"};
}

static inline void scripted_append_body(Buf *out, const ScriptedAnswer *answer) {
    const char *body = answer->body == NULL ? "" : answer->body;
    size_t size = answer->body_size != 0 ? answer->body_size : strlen(body);
    if (answer->cut_after > 0 && answer->cut_after < size) {
        size = answer->cut_after;
    }
    if (!answer->chunked) {
        buf_append(out, body, size);
        return;
    }
    for (size_t at = 0; at < size; at += 7) {
        size_t chunk = size - at < 7 ? size - at : 7;
        buf_printf(out, "%zx\r\n", chunk);
        buf_append(out, body + at, chunk);
        buf_puts(out, "\r\n");
    }
    if (answer->cut_after == 0) {
        buf_puts(out, "0\r\n\r\n");
    }
}

/* True when the connection stays open. */
static inline bool scripted_answer(int fd, const ScriptedAnswer *answer, const char *request) {
    if (answer->delay_ms > 0) {
        usleep((useconds_t)answer->delay_ms * 1000);
    }
    if (answer->drop) {
        return false;
    }
    OWN(buf_done) Buf out = {0};
    if (answer->raw != NULL) {
        (void)scripted_send(fd, answer->raw, strlen(answer->raw));
        return false;
    }
    const char *body = answer->body == NULL ? "" : answer->body;
    size_t size = answer->body_size != 0 ? answer->body_size : strlen(body);
    buf_printf(&out, "HTTP/1.1 %d Scripted\r\n", answer->status == 0 ? 200 : answer->status);
    buf_puts(&out, answer->headers == NULL ? "" : answer->headers);
    if (answer->chunked) {
        buf_puts(&out, "Transfer-Encoding: chunked\r\n");
    } else if (answer->headers == NULL || strcasestr(answer->headers, "Content-Length:") == NULL) {
        buf_printf(&out, "Content-Length: %zu\r\n", size);
    }
    buf_puts(&out, answer->wants_close ? "Connection: close\r\n\r\n" : "\r\n");
    if (strncmp(request, "HEAD ", 5) != 0) {
        scripted_append_body(&out, answer);
    }
    return scripted_send(fd, out.data, out.size) && !answer->wants_close && answer->cut_after == 0;
}

static inline bool scripted_serve_one(ScriptedServer *server, int fd) {
    Buf request = {0};
    if (!scripted_receive(fd, &request)) {
        buf_done(&request);
        return false;
    }
    pthread_mutex_lock(&server->lock);
    char *text = buf_take(&request);
    ASSERT(server->request_count < SCRIPTED_MAX);
    server->requests[server->request_count++] = text;
    ScriptedAnswer answer = scripted_next(server, text);
    server->in_hand++;
    if (server->in_hand > server->most_in_hand) {
        server->most_in_hand = server->in_hand;
    }
    pthread_mutex_unlock(&server->lock);
    bool stays_open = scripted_answer(fd, &answer, text);
    pthread_mutex_lock(&server->lock);
    server->in_hand--;
    pthread_mutex_unlock(&server->lock);
    return stays_open;
}

static inline void *scripted_connection(void *context) {
    ScriptedConnection connection = *(ScriptedConnection *)context;
    free(context);
    ScriptedServer *server = connection.server;
    int fd = server->sockets[connection.index];
    while (scripted_serve_one(server, fd)) {
    }
    pthread_mutex_lock(&server->lock);
    close(fd);
    server->sockets[connection.index] = -1;
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

static inline void *scripted_accept(void *context) {
    ScriptedServer *server = context;
    for (;;) {
        int fd = accept(server->listener, NULL, NULL);
        pthread_mutex_lock(&server->lock);
        if (fd < 0 || server->closing || server->connections == SCRIPTED_MAX_THREADS) {
            pthread_mutex_unlock(&server->lock);
            if (fd >= 0) {
                close(fd);
            }
            return NULL;
        }
        int index = server->connections++;
        server->sockets[index] = fd;
        ScriptedConnection *connection = malloc(sizeof *connection);
        *connection = (ScriptedConnection){.server = server, .index = index};
        pthread_create(&server->threads[index], NULL, scripted_connection, connection);
        pthread_mutex_unlock(&server->lock);
    }
}

static inline ScriptedServer *scripted_server_open(void) {
    ScriptedServer *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int bound = bind(server->listener, (struct sockaddr *)&address, sizeof address);
    int listening = listen(server->listener, SCRIPTED_MAX_THREADS);
    int named = getsockname(server->listener, (struct sockaddr *)&address, &size);
    if (bound != 0 || listening != 0 || named != 0) {
        perror("the scripted server cannot listen on loopback");
        abort();
    }
    server->port = ntohs(address.sin_port);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", server->port);
    pthread_mutex_init(&server->lock, NULL);
    pthread_create(&server->acceptor, NULL, scripted_accept, server);
    return server;
}

static inline const char *scripted_server_url(const ScriptedServer *server) {
    return server->url;
}

static inline void scripted_server_add(ScriptedServer *server, ScriptedAnswer answer) {
    pthread_mutex_lock(&server->lock);
    ASSERT(server->answer_count < SCRIPTED_MAX);
    server->answers[server->answer_count++] = answer;
    pthread_mutex_unlock(&server->lock);
}

static inline size_t scripted_server_requests(ScriptedServer *server) {
    pthread_mutex_lock(&server->lock);
    size_t count = server->request_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

/* The request number `at`, from 0: lives as long as the server. */
static inline const char *scripted_server_request(ScriptedServer *server, size_t at) {
    pthread_mutex_lock(&server->lock);
    const char *text = at < server->request_count ? server->requests[at] : "";
    pthread_mutex_unlock(&server->lock);
    return text;
}

static inline int scripted_server_connections(ScriptedServer *server) {
    pthread_mutex_lock(&server->lock);
    int count = server->connections;
    pthread_mutex_unlock(&server->lock);
    return count;
}

static inline int scripted_server_most_at_once(ScriptedServer *server) {
    pthread_mutex_lock(&server->lock);
    int most = server->most_in_hand;
    pthread_mutex_unlock(&server->lock);
    return most;
}

static inline void scripted_server_close(ScriptedServer *server) {
    pthread_mutex_lock(&server->lock);
    server->closing = true;
    for (int i = 0; i < server->connections; i++) {
        if (server->sockets[i] >= 0) {
            shutdown(server->sockets[i], SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&server->lock);
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->acceptor, NULL);
    close(server->listener);
    for (int i = 0; i < server->connections; i++) {
        pthread_join(server->threads[i], NULL);
    }
    for (size_t i = 0; i < server->request_count; i++) {
        mem_free(server->requests[i]);
    }
    pthread_mutex_destroy(&server->lock);
    free(server);
}

#endif
