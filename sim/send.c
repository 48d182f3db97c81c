#include "send.h"

#include "base/mem.h"
#include "base/str.h"

#include <microhttpd.h>
#include <string.h>

enum { BLOCK_BYTES = 32 * 1024 };

/* --- What is read piece by piece ------------------------------------------------------------- */

typedef struct Pieces {
    ReplyStream stream;
    Buf buf; /* what has been read and not yet been sent from `at` on */
    size_t at;
} Pieces;

static ssize_t read_pieces(void *context, uint64_t position, char *to, size_t room) {
    (void)position;
    Pieces *pieces = context;
    if (pieces->at == pieces->buf.size) {
        buf_clear(&pieces->buf);
        pieces->at = 0;
        pieces->stream.read(pieces->stream.context, &pieces->buf);
    }
    size_t size = pieces->buf.size - pieces->at;
    if (size == 0) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    size = size < room ? size : room;
    memcpy(to, pieces->buf.data + pieces->at, size);
    pieces->at += size;
    return (ssize_t)size;
}

static void free_pieces(void *context) {
    Pieces *pieces = context;
    pieces->stream.free(pieces->stream.context);
    buf_done(&pieces->buf);
    mem_free(pieces);
}

/* --- What is in memory, sent in chunks or cut short ------------------------------------------ */

typedef struct Portion {
    Buf owned;
    const char *data;
    size_t size;
    size_t end; /* where it is cut off */
    void (*release)(void *owner);
    void *owner;
} Portion;

static ssize_t read_portion(void *context, uint64_t position, char *to, size_t room) {
    Portion *portion = context;
    if (position >= portion->end) {
        return portion->end < portion->size ? MHD_CONTENT_READER_END_WITH_ERROR
                                            : MHD_CONTENT_READER_END_OF_STREAM;
    }
    size_t size = portion->end - (size_t)position;
    size = size < room ? size : room;
    memcpy(to, portion->data + position, size);
    return (ssize_t)size;
}

static void free_portion(void *context) {
    Portion *portion = context;
    if (portion->release != NULL) {
        portion->release(portion->owner);
    }
    buf_done(&portion->owned);
    mem_free(portion);
}

/* --- The response ---------------------------------------------------------------------------- */

static struct MHD_Response *respond_by_portions(Reply *reply, const SendOptions *options) {
    Portion *portion = mem_alloc(sizeof *portion);
    if (reply->shared_release != NULL) {
        portion->data = reply->shared;
        portion->size = reply->shared_size;
        portion->release = reply->shared_release;
        portion->owner = reply->shared_owner;
        reply->shared_release = NULL;
    } else {
        portion->owned = reply->body;
        portion->data = buf_text(&portion->owned);
        portion->size = reply->body.size;
        reply->body = (Buf){0};
    }
    portion->end = options->truncated ? portion->size / 2 : portion->size;
    uint64_t announced = options->chunked ? MHD_SIZE_UNKNOWN : portion->size;
    return MHD_create_response_from_callback(announced, BLOCK_BYTES, read_portion, portion,
                                             free_portion);
}

static struct MHD_Response *respond_by_pieces(Reply *reply) {
    Pieces *pieces = mem_alloc(sizeof *pieces);
    pieces->stream = reply->stream;
    reply->stream = (ReplyStream){0};
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_pieces, pieces,
                                             free_pieces);
}

static struct MHD_Response *make_response(Reply *reply, const SendOptions *options) {
    if (reply->stream.read != NULL) {
        return respond_by_pieces(reply);
    }
    if (reply->fd >= 0) {
        int fd = reply->fd;
        reply->fd = -1;
        return MHD_create_response_from_fd_at_offset64(reply->fd_size, fd, reply->fd_offset);
    }
    size_t size = reply->shared_release != NULL ? reply->shared_size : reply->body.size;
    if (size > 1 && (options->chunked || options->truncated)) {
        return respond_by_portions(reply, options);
    }
    if (reply->shared_release != NULL) {
        void (*release)(void *) = reply->shared_release;
        reply->shared_release = NULL;
        return MHD_create_response_from_buffer_with_free_callback_cls(
            size, (void *)(uintptr_t)reply->shared, release, reply->shared_owner);
    }
    if (size == 0) {
        return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    }
    return MHD_create_response_from_buffer(size, buf_take(&reply->body), MHD_RESPMEM_MUST_FREE);
}

bool send_reply(struct MHD_Connection *connection, Reply *reply, const SendOptions *options) {
    struct MHD_Response *response = make_response(reply, options);
    if (response == NULL) {
        return false;
    }
    if (reply->content_type[0] != '\0') {
        MHD_add_response_header(response, "Content-Type", reply->content_type);
    }
    MHD_add_response_header(
        response, reply->protocol == PROTOCOL_S3 ? "x-amz-request-id" : "x-amzn-RequestId",
        reply->request_id);
    for (size_t i = 0; i < reply->header_count; i++) {
        MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
    }
    enum MHD_Result queued = MHD_queue_response(connection, (unsigned int)reply->status, response);
    MHD_destroy_response(response);
    return queued == MHD_YES;
}
