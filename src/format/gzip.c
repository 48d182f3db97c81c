#include "format/gzip.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE_BYTES = 64 * 1024, GZIP_WINDOW_BITS = 15 + 16 /* gzip, not zlib */ };

/* One file on its way through zlib into another. */
typedef struct Flow {
    const char *from_path;
    const char *to_path;
    int from;
    int to;
    z_stream zlib;
    int64_t written;
    int64_t max_bytes;
    int64_t max_ratio;
    uint8_t in[PIECE_BYTES];
    uint8_t out[PIECE_BYTES];
} Flow;

static Status open_flow(Flow *flow, Err *err) {
    flow->from = open(flow->from_path, O_RDONLY | O_CLOEXEC);
    if (flow->from < 0) {
        Status status = errno == ENOENT ? ST_NOT_FOUND : ST_IO;
        return err_set(err, status, "cannot read %s: %s", flow->from_path, strerror(errno));
    }
    flow->to = open(flow->to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (flow->to < 0) {
        return err_set(err, ST_IO, "cannot write %s: %s", flow->to_path, strerror(errno));
    }
    return ST_OK;
}

/* The next piece of the file; `avail_in` is 0 at its end. */
static Status fill(Flow *flow, Err *err) {
    ssize_t got = 0;
    do {
        got = read(flow->from, flow->in, PIECE_BYTES);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return err_set(err, ST_IO, "cannot read %s: %s", flow->from_path, strerror(errno));
    }
    flow->zlib.next_in = flow->in;
    flow->zlib.avail_in = (unsigned int)got;
    return ST_OK;
}

static void offer_room(Flow *flow) {
    flow->zlib.next_out = flow->out;
    flow->zlib.avail_out = PIECE_BYTES;
}

static Status drain(Flow *flow, Err *err) {
    size_t size = PIECE_BYTES - flow->zlib.avail_out;
    flow->written += (int64_t)size;
    if (flow->written > flow->max_bytes) {
        return err_set(err, ST_LIMIT, "it unpacks to more than %lld bytes",
                       (long long)flow->max_bytes);
    }
    if (flow->written > GZIP_FREE_BYTES &&
        flow->written / flow->max_ratio > (int64_t)flow->zlib.total_in) {
        return err_set(err, ST_LIMIT, "it unpacks to more than %lld times its size",
                       (long long)flow->max_ratio);
    }
    return file_write_all(flow->to, flow->out, size, flow->to_path, err);
}

static Status pack(Flow *flow, Err *err) {
    int flush = Z_NO_FLUSH;
    while (flush != Z_FINISH) {
        TRY(fill(flow, err));
        flush = flow->zlib.avail_in == 0 ? Z_FINISH : Z_NO_FLUSH;
        do {
            offer_room(flow);
            ASSERT(deflate(&flow->zlib, flush) != Z_STREAM_ERROR);
            TRY(drain(flow, err));
        } while (flow->zlib.avail_out == 0);
    }
    return ST_OK;
}

static Status corrupt(const char *why, Err *err) {
    return err_set(err, ST_CORRUPT, "it cannot be unpacked: %s", why);
}

static Status unpack(Flow *flow, Err *err) {
    int result = Z_OK;
    while (result != Z_STREAM_END) {
        TRY(fill(flow, err));
        if (flow->zlib.avail_in == 0) {
            return corrupt("it is cut short", err);
        }
        do {
            offer_room(flow);
            result = inflate(&flow->zlib, Z_NO_FLUSH);
            if (result == Z_MEM_ERROR) {
                return err_set(err, ST_INTERNAL, "no memory to unpack %s", flow->from_path);
            }
            /* Z_BUF_ERROR: all that was there is used up. */
            if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
                return corrupt(flow->zlib.msg != NULL ? flow->zlib.msg : "not gzip", err);
            }
            TRY(drain(flow, err));
        } while (result != Z_STREAM_END && flow->zlib.avail_out == 0);
    }
    if (flow->zlib.avail_in == 0) {
        TRY(fill(flow, err));
    }
    return flow->zlib.avail_in == 0 ? ST_OK : corrupt("something lies behind its end", err);
}

static void close_flow(Flow *flow) {
    file_close_at(&flow->from);
    file_close_at(&flow->to);
}

/* Opens both files, lets `pass` move everything, and leaves no half file behind. */
static Status run_flow(Flow *flow, Status (*pass)(Flow *, Err *), Err *err) {
    flow->from = -1;
    flow->to = -1;
    Status status = open_flow(flow, err);
    if (status == ST_OK) {
        status = pass(flow, err);
        if (status != ST_OK) {
            unlink(flow->to_path);
        }
    }
    close_flow(flow);
    return status;
}

Status gzip_file(const char *from, const char *to, int level, Err *err) {
    ASSERT(level >= 1 && level <= 9);
    OWN(mem_free_at) Flow *flow = mem_alloc(sizeof *flow);
    flow->from_path = from;
    flow->to_path = to;
    flow->max_bytes = INT64_MAX;
    flow->max_ratio = INT64_MAX;
    enum { DEFAULT_MEMORY_LEVEL = 8 };
    ASSERT(deflateInit2(&flow->zlib, level, Z_DEFLATED, GZIP_WINDOW_BITS, DEFAULT_MEMORY_LEVEL,
                        Z_DEFAULT_STRATEGY) == Z_OK);
    Status status = run_flow(flow, pack, err);
    deflateEnd(&flow->zlib);
    return status;
}

Status gzip_unpack_file(const char *from, const char *to, int64_t max_bytes, Err *err) {
    OWN(mem_free_at) Flow *flow = mem_alloc(sizeof *flow);
    flow->from_path = from;
    flow->to_path = to;
    flow->max_bytes = max_bytes;
    flow->max_ratio = GZIP_MAX_RATIO;
    ASSERT(inflateInit2(&flow->zlib, GZIP_WINDOW_BITS) == Z_OK);
    Status status = run_flow(flow, unpack, err);
    inflateEnd(&flow->zlib);
    return status;
}
