#include "report/package.h"

#include "base/str.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* A local file header of the ZIP format (APPNOTE.TXT 4.3.7); numbers are little-endian. */
enum {
    HEADER_BYTES = 30,
    SIGNATURE = 0x04034b50,
    HAS_DATA_DESCRIPTOR = 1 << 3, /* sizes follow the data: the library does not write these */
    DEFLATED = 8,
    NAME_BYTES = 256,
    TAIL_BYTES = 64,
};

typedef struct Part {
    char name[NAME_BYTES];
    char root[TAIL_BYTES]; /* its first element */
    bool root_is_empty;    /* <root/> */
    char tail[TAIL_BYTES]; /* the last bytes, not ended by NUL */
    size_t tail_size;
} Part;

static uint32_t number_at(const unsigned char *at, int bytes) {
    uint32_t number = 0;
    for (int i = bytes - 1; i >= 0; i--) {
        number = number << 8 | at[i];
    }
    return number;
}

static Status damaged(const char *name, Err *err) {
    err_set(err, ST_IO, "the workbook was not written whole: %s is cut short", name);
    return err_hint(err, "make room in the folder for temporary files (TMPDIR) and run again");
}

static void file_done(FILE **file) {
    if (*file != NULL) {
        fclose(*file);
    }
}

static void inflate_done(z_stream *stream) {
    inflateEnd(stream);
}

/* The name of the root element, from the first bytes of a part. */
static void find_root(Part *part, const char *text, size_t size) {
    const char *end = text + size;
    const char *at = memchr(text, '<', size);
    while (at != NULL && end - at > 1 && (at[1] == '?' || at[1] == '!')) {
        at = memchr(at + 1, '<', (size_t)(end - at - 1));
    }
    if (at == NULL) {
        return;
    }
    at++;
    size_t length = 0;
    while (at + length < end && length < sizeof part->root - 4 &&
           strchr(" />\r\n\t", at[length]) == NULL) {
        part->root[length] = at[length];
        length++;
    }
    const char *close = memchr(at, '>', (size_t)(end - at));
    part->root_is_empty = close != NULL && close[-1] == '/';
}

static void keep_tail(Part *part, const char *text, size_t size) {
    if (size >= TAIL_BYTES) {
        memcpy(part->tail, text + size - TAIL_BYTES, TAIL_BYTES);
        part->tail_size = TAIL_BYTES;
        return;
    }
    size_t keep = part->tail_size + size > TAIL_BYTES ? TAIL_BYTES - size : part->tail_size;
    memmove(part->tail, part->tail + part->tail_size - keep, keep);
    memcpy(part->tail + keep, text, size);
    part->tail_size = keep + size;
}

static bool is_whole(const Part *part) {
    char end[TAIL_BYTES + 4] = "/>";
    if (!part->root_is_empty) {
        snprintf(end, sizeof end, "</%s>", part->root);
    }
    size_t tail = part->tail_size;
    while (tail > 0 && strchr("\r\n", part->tail[tail - 1]) != NULL) {
        tail--;
    }
    size_t need = strlen(end);
    return part->root[0] != '\0' && tail >= need &&
           memcmp(part->tail + tail - need, end, need) == 0;
}

/* Unpacks the data of a part, looks at its first and last bytes, and forgets the rest. */
static Status read_part(FILE *file, uint32_t packed, Part *part, Err *err) {
    unsigned char in[16384];
    unsigned char out[65536];
    OWN(inflate_done) z_stream stream = {0};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return err_set(err, ST_INTERNAL, "cannot begin to unpack");
    }
    int code = Z_OK;
    bool begun = false;
    while (code != Z_STREAM_END) {
        if (stream.avail_in == 0) {
            size_t want = packed < sizeof in ? packed : sizeof in;
            stream.avail_in = (uInt)fread(in, 1, want, file);
            stream.next_in = in;
            packed -= stream.avail_in;
            if (stream.avail_in == 0) {
                return damaged(part->name, err);
            }
        }
        stream.next_out = out;
        stream.avail_out = sizeof out;
        code = inflate(&stream, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END) {
            return damaged(part->name, err);
        }
        size_t got = sizeof out - stream.avail_out;
        if (!begun && got > 0) {
            find_root(part, (const char *)out, got);
            begun = true;
        }
        keep_tail(part, (const char *)out, got);
    }
    return is_whole(part) && packed == 0 && stream.avail_in == 0 ? ST_OK : damaged(part->name, err);
}

/* `*ret_more` is false after the last part: the central directory begins there. */
static Status next_part(FILE *file, bool *ret_more, Err *err) {
    unsigned char header[HEADER_BYTES];
    Part part = {0};
    if (fread(header, 1, sizeof header, file) != sizeof header) {
        return damaged("its list of parts", err);
    }
    *ret_more = number_at(header, 4) == SIGNATURE;
    if (!*ret_more) {
        return ST_OK;
    }
    uint32_t name_bytes = number_at(header + 26, 2);
    uint32_t extra_bytes = number_at(header + 28, 2);
    uint32_t packed = number_at(header + 18, 4);
    bool known = (number_at(header + 6, 2) & HAS_DATA_DESCRIPTOR) == 0 &&
                 number_at(header + 8, 2) == DEFLATED && name_bytes < NAME_BYTES;
    if (!known || fread(part.name, 1, name_bytes, file) != name_bytes ||
        fseeko(file, (off_t)extra_bytes, SEEK_CUR) != 0) {
        return damaged("its list of parts", err);
    }
    return read_part(file, packed, &part, err);
}

Status package_check(const char *path, Err *err) {
    OWN(file_done) FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return err_set(err, ST_IO, "cannot read %s: %s", path, strerror(errno));
    }
    bool more = true;
    int parts = 0;
    while (more) {
        TRY(next_part(file, &more, err));
        parts += more;
    }
    return parts > 0 ? ST_OK : damaged("the file", err);
}
