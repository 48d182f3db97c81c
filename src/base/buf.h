/* Buf: bytes that grow, up to a ceiling.
 *
 * Appending past the ceiling appends nothing and leaves a mark that stays (buf_overflowed), so that
 * a caller builds first and checks once. `data` always ends with a NUL that `size` does not count.
 * A Buf that is all zero is empty, and has the default ceiling of BUF_DEFAULT_CEILING. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define BUF_DEFAULT_CEILING ((size_t)64 << 20)

typedef struct Buf {
    char *data; /* NULL until something is appended: use buf_text() for a string */
    size_t size;
    size_t capacity;
    size_t ceiling; /* 0 = BUF_DEFAULT_CEILING */
    bool overflowed;
} Buf;

bool buf_append(Buf *buf, const void *data, size_t size); /* false: past the ceiling */
bool buf_puts(Buf *buf, const char *text);
bool buf_putc(Buf *buf, char c);
bool buf_printf(Buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool buf_vprintf(Buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

const char *buf_text(const Buf *buf); /* never NULL */
void buf_clear(Buf *buf);             /* keeps the memory */
char *buf_take(Buf *buf);             /* the caller frees with mem_free; never NULL */
void buf_done(Buf *buf);

#endif
