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
    END_BYTES = 22, /* of the record at the end of the file, 4.3.16; there is no comment in it */
    END_SIGNATURE = 0x06054b50,
    HAS_DATA_DESCRIPTOR = 1 << 3, /* sizes follow the data: the library does not write these */
    DEFLATED = 8,
    NAME_BYTES = 256,
};

static uint32_t number_at(const unsigned char *at, int bytes) {
    uint32_t number = 0;
    for (int i = bytes - 1; i >= 0; i--) {
        number = number << 8 | at[i];
    }
    return number;
}

/* Also where a part ends too early: then XML elements stay open. */
static Status damaged(const char *name, Err *err) {
    err_set(err, ST_IO, "the workbook was not written whole: %s is damaged", name);
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

/* The next bytes of the part into the stream; false at its end. */
static bool refill(FILE *file, z_stream *stream, unsigned char *buffer, size_t size,
                   uint32_t *packed) {
    size_t want = *packed < size ? *packed : size;
    stream->avail_in = (uInt)fread(buffer, 1, want, file);
    stream->next_in = buffer;
    *packed -= stream->avail_in;
    return stream->avail_in > 0;
}

/* How deep a walk through XML is in its elements. A whole parser takes as long as writing does;
 * what is lost leaves tags or elements open, and that is seen by looking at '<' and '>' alone,
 * which the library escapes everywhere else. */
typedef struct Depth {
    int64_t open;        /* elements */
    bool in_tag;         /* after a '<' */
    unsigned char first; /* byte of the tag; 0 = none yet */
    unsigned char last;
    bool broken;
} Depth;

static void end_tag(Depth *depth) {
    depth->in_tag = false;
    if (depth->first == '/') {
        depth->open--;
    } else if (depth->last != '/' && depth->last != '?') {
        depth->open++;
    }
    depth->broken = depth->broken || depth->first == 0 || depth->open < 0;
}

/* Some bytes inside of a tag. */
static void look_at_tag(Depth *depth, const unsigned char *text, size_t size) {
    if (size == 0) {
        return;
    }
    depth->first = depth->first == 0 ? text[0] : depth->first;
    depth->last = text[size - 1];
    depth->broken = depth->broken || memchr(text, '<', size) != NULL;
}

static void walk(Depth *depth, const unsigned char *text, size_t size) {
    const unsigned char *end = text + size;
    while (text < end) {
        const unsigned char *at = memchr(text, depth->in_tag ? '>' : '<', (size_t)(end - text));
        const unsigned char *stop = at == NULL ? end : at;
        if (depth->in_tag) {
            look_at_tag(depth, text, (size_t)(stop - text));
        }
        if (at == NULL) {
            return;
        }
        if (depth->in_tag) {
            end_tag(depth);
        } else {
            depth->in_tag = true;
            depth->first = depth->last = 0;
        }
        text = at + 1;
    }
}

/* Unpacks the data of a part and walks through its elements, without keeping any of it. */
static Status read_part(FILE *file, uint32_t packed, const char *name, Err *err) {
    unsigned char in[16384];
    unsigned char out[65536];
    Depth depth = {0};
    OWN(inflate_done) z_stream stream = {0};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return err_set(err, ST_INTERNAL, "cannot begin to check the workbook");
    }
    int code = Z_OK;
    while (code != Z_STREAM_END) {
        if (stream.avail_in == 0 && !refill(file, &stream, in, sizeof in, &packed)) {
            return damaged(name, err);
        }
        stream.next_out = out;
        stream.avail_out = sizeof out;
        code = inflate(&stream, Z_NO_FLUSH);
        if (code != Z_OK && code != Z_STREAM_END) {
            return damaged(name, err);
        }
        walk(&depth, out, sizeof out - stream.avail_out);
    }
    bool is_whole = packed == 0 && stream.avail_in == 0 && !depth.broken && !depth.in_tag &&
                    depth.open == 0 && stream.total_out > 0;
    return is_whole ? ST_OK : damaged(name, err);
}

/* `*ret_more` is false after the last part: the central directory begins there. */
static Status next_part(FILE *file, bool *ret_more, Err *err) {
    unsigned char header[HEADER_BYTES];
    char name[NAME_BYTES] = "";
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
    if (!known || fread(name, 1, name_bytes, file) != name_bytes ||
        fseeko(file, (off_t)extra_bytes, SEEK_CUR) != 0) {
        return damaged("its list of parts", err);
    }
    return read_part(file, packed, name, err);
}

static bool has_end(FILE *file) {
    unsigned char end[END_BYTES];
    return fseeko(file, -END_BYTES, SEEK_END) == 0 &&
           fread(end, 1, sizeof end, file) == sizeof end && number_at(end, 4) == END_SIGNATURE;
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
    return parts > 0 && has_end(file) ? ST_OK : damaged("its list of parts", err);
}
