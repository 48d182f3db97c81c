#include "base/buf.h"

#include "base/err.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static size_t ceiling_of(const Buf *buf) {
    return buf->ceiling > 0 ? buf->ceiling : BUF_DEFAULT_CEILING;
}

/* Makes room for `more` bytes and the NUL behind them. */
static bool reserve(Buf *buf, size_t more) {
    if (buf->overflowed || more > ceiling_of(buf) - buf->size) {
        buf->overflowed = true;
        return false;
    }
    size_t need = buf->size + more + 1;
    if (need > buf->capacity) {
        size_t capacity = buf->capacity < 64 ? 64 : buf->capacity * 2;
        while (capacity < need) {
            capacity *= 2;
        }
        buf->data = mem_grow(buf->data, capacity, 1);
        buf->capacity = capacity;
    }
    return true;
}

bool buf_append(Buf *buf, const void *data, size_t size) {
    if (!reserve(buf, size)) {
        return false;
    }
    if (size > 0) {
        memcpy(buf->data + buf->size, data, size);
    }
    buf->size += size;
    buf->data[buf->size] = '\0';
    return true;
}

bool buf_puts(Buf *buf, const char *text) {
    return buf_append(buf, text, strlen(text));
}

bool buf_putc(Buf *buf, char c) {
    return buf_append(buf, &c, 1);
}

bool buf_vprintf(Buf *buf, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    ASSERT(size >= 0);
    bool fits = reserve(buf, (size_t)size);
    if (fits) {
        vsnprintf(buf->data + buf->size, (size_t)size + 1, format, again);
        buf->size += (size_t)size;
    }
    va_end(again);
    return fits;
}

bool buf_printf(Buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    bool fits = buf_vprintf(buf, format, args);
    va_end(args);
    return fits;
}

const char *buf_text(const Buf *buf) {
    return buf->data != NULL ? buf->data : "";
}

void buf_clear(Buf *buf) {
    buf->size = 0;
    buf->overflowed = false;
    if (buf->data != NULL) {
        buf->data[0] = '\0';
    }
}

char *buf_take(Buf *buf) {
    char *data = buf->data != NULL ? buf->data : mem_strdup("");
    *buf = (Buf){.ceiling = buf->ceiling};
    return data;
}

void buf_done(Buf *buf) {
    mem_free(buf->data);
    *buf = (Buf){0};
}
