#include "format/display.h"

#include "base/str.h"

#include <stdint.h>
#include <string.h>

typedef struct Range {
    uint32_t first;
    uint32_t last;
} Range;

/* Not iswcntrl and wcwidth: those follow the locale, and in C know only ASCII. */
static const Range forbidden[] = {
    {0x00, 0x1F},     {0x7F, 0x9F},     {0x200E, 0x200F},
    {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF},
};

static const Range combining[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F},
    {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
};

static const Range wide[] = {
    {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
    {0x20000, 0x3FFFD},
};

static bool is_in(uint32_t point, const Range *ranges, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

#define IS_IN(point, ranges) is_in(point, ranges, sizeof(ranges) / sizeof((ranges)[0]))

/* The length of the character at `at`, which is valid UTF-8. */
static size_t decode(const char *at, uint32_t *ret_point) {
    const unsigned char *s = (const unsigned char *)at;
    if (s[0] < 0x80) {
        *ret_point = s[0];
        return 1;
    }
    size_t length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    uint32_t point = s[0] & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        point = point << 6 | (s[i] & 0x3FU);
    }
    *ret_point = point;
    return length;
}

static size_t append_valid(Buf *out, const char *text, size_t size) {
    size_t width = 0;
    for (size_t i = 0; i < size;) {
        uint32_t point = 0;
        size_t length = decode(text + i, &point);
        if (IS_IN(point, forbidden)) {
            buf_putc(out, '?');
            width++;
        } else {
            buf_append(out, text + i, length);
            width += point < 0x300 ? 1 : IS_IN(point, combining) ? 0 : IS_IN(point, wide) ? 2 : 1;
        }
        i += length;
    }
    return width;
}

size_t display_append(Buf *out, const char *text) {
    size_t size = strlen(text);
    size_t width = 0;
    while (size > 0) {
        size_t valid = str_valid_utf8(text, size);
        width += append_valid(out, text, valid);
        text += valid;
        size -= valid;
        if (size > 0) {
            buf_putc(out, '?');
            width++;
            text++;
            size--;
        }
    }
    return width;
}
