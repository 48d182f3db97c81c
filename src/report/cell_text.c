#include "report/cell_text.h"

#include "base/str.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
static const char cut_mark[] = "\xE2\x80\xA6 [cut]";
enum { CUT_MARK_UNITS = 7 };

/* Reads one character. Returns its bytes; 1 and U+FFFD where there is no valid one. */
static size_t next_character(const char *text, size_t size, uint32_t *ret_code) {
    unsigned char lead = (unsigned char)text[0];
    if (lead < 0x80) {
        *ret_code = lead;
        return 1;
    }
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (need > size || str_valid_utf8(text, need) != need) {
        *ret_code = 0xFFFD;
        return 1;
    }
    uint32_t code = lead & (0xFFu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        code = code << 6 | ((unsigned char)text[i] & 0x3Fu);
    }
    *ret_code = code;
    return need;
}

/* https://www.w3.org/TR/xml/#charsets; surrogates are no valid UTF-8 to begin with. */
static bool is_allowed(uint32_t code) {
    return code == '\t' || code == '\n' || (code >= 0x20 && code != 0xFFFE && code != 0xFFFF);
}

/* _xHHHH_, by which Excel writes characters that XML cannot hold. */
static bool is_escape(const char *text, size_t size) {
    if (size < 7 || text[0] != '_' || text[1] != 'x' || text[6] != '_') {
        return false;
    }
    for (int i = 2; i < 6; i++) {
        if (!isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return true;
}

/* What stands for the character of `*ret_used` bytes at `text`. */
static void put_character(Buf *out, const char *text, size_t size, size_t *ret_used,
                          size_t *ret_units) {
    uint32_t code = 0;
    *ret_used = next_character(text, size, &code);
    *ret_units = code >= 0x10000 ? 2 : 1;
    if (code == '\r') {
        *ret_used = size > 1 && text[1] == '\n' ? 2 : 1;
        buf_putc(out, '\n');
    } else if (!is_allowed(code) || code == 0xFFFD) {
        buf_puts(out, replacement);
    } else if (is_escape(text, size)) {
        buf_puts(out, "_x005F_");
        *ret_units = 7;
    } else {
        buf_append(out, text, *ret_used);
    }
}

/* Nearly all texts: ASCII without anything to look at twice. */
static bool is_simple(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (text[i] < 0x20 || text[i] == 0x7F || (text[i] == '_' && text[i + 1] == 'x')) {
            return false;
        }
    }
    return true;
}

void cell_text_clean(Buf *out, const char *text) {
    buf_clear(out);
    size_t left = strlen(text);
    if (left <= CELL_TEXT_MAX_UNITS && is_simple(text, left)) {
        buf_append(out, text, left);
        return;
    }
    size_t units = 0;
    size_t cut_at = 0; /* where the mark would go */
    while (left > 0) {
        size_t used = 0;
        size_t more = 0;
        put_character(out, text, left, &used, &more);
        units += more;
        if (units > CELL_TEXT_MAX_UNITS) {
            out->size = cut_at;
            buf_puts(out, cut_mark);
            return;
        }
        if (units <= CELL_TEXT_MAX_UNITS - CUT_MARK_UNITS) {
            cut_at = out->size;
        }
        text += used;
        left -= used;
    }
}

/* Widths of Arial, in hundredths of a digit's width, by and large. */
enum { WIDTH_NARROW = 55, WIDTH_USUAL = 104, WIDTH_CAPITAL = 128, WIDTH_WIDE = 160 };
enum { NARROW_BYTES = 1, WIDE_BYTES = 2 };

/* Looked at for each byte of millions of cells: so one look, no search. */
static const unsigned char shapes[128] = {
    ['i'] = NARROW_BYTES, ['l'] = NARROW_BYTES, ['j'] = NARROW_BYTES,  ['t'] = NARROW_BYTES,
    ['f'] = NARROW_BYTES, ['r'] = NARROW_BYTES, ['I'] = NARROW_BYTES,  ['.'] = NARROW_BYTES,
    [','] = NARROW_BYTES, [':'] = NARROW_BYTES, [';'] = NARROW_BYTES,  ['!'] = NARROW_BYTES,
    ['|'] = NARROW_BYTES, ['('] = NARROW_BYTES, [')'] = NARROW_BYTES,  ['['] = NARROW_BYTES,
    [']'] = NARROW_BYTES, ['/'] = NARROW_BYTES, ['\''] = NARROW_BYTES, [' '] = NARROW_BYTES,
    ['-'] = NARROW_BYTES, ['m'] = WIDE_BYTES,   ['w'] = WIDE_BYTES,    ['M'] = WIDE_BYTES,
    ['W'] = WIDE_BYTES,   ['@'] = WIDE_BYTES,   ['%'] = WIDE_BYTES,
};

static unsigned width_of(unsigned char byte) {
    if (byte >= 0x80) { /* a character begins, or goes on */
        return byte >= 0xE0 ? WIDTH_WIDE : byte >= 0xC0 ? WIDTH_USUAL : 0;
    }
    switch (shapes[byte]) {
    case NARROW_BYTES:
        return WIDTH_NARROW;
    case WIDE_BYTES:
        return WIDTH_WIDE;
    default:
        return byte >= 'A' && byte <= 'Z' ? WIDTH_CAPITAL : WIDTH_USUAL;
    }
}

static size_t width_of_text(const char *text, size_t size) {
    size_t width = 0;
    for (size_t i = 0; i < size; i++) {
        width += width_of((unsigned char)text[i]);
    }
    return width;
}

/* When it is broken after any of `ends`; a word that is wider than a line, anywhere. */
static int lines_when_broken(const char *text, size_t size, const char *ends, size_t fits) {
    int lines = 1;
    size_t used = 0;
    for (size_t i = 0; i < size;) {
        size_t word = strcspn(text + i, ends);
        word = word < size - i ? word + 1 : size - i; /* what ends it stays with it */
        size_t width = width_of_text(text + i, word);
        if (used > 0 && used + width > fits) {
            lines++;
            used = 0;
        }
        used += width;
        lines += (int)(used / (fits + 1));
        used %= fits + 1;
        i += word;
    }
    return lines;
}

/* Spreadsheets do not agree on whether a line may end after a slash: room for both. */
static int lines_of_paragraph(const char *text, size_t size, size_t fits) {
    if (width_of_text(text, size) <= fits) {
        return 1;
    }
    int few = lines_when_broken(text, size, " -/\n", fits);
    int more = lines_when_broken(text, size, " -\n", fits);
    return few > more ? few : more;
}

int cell_text_lines(const char *text, double width) {
    enum { MAX_LINES = 1000, WIDEST = 160 };
    size_t fits = width > 2 ? (size_t)(width * 103) : 206;
    size_t whole = strlen(text);
    if (whole * WIDEST <= fits && memchr(text, '\n', whole) == NULL) {
        return 1;
    }
    int lines = 0;
    for (;;) {
        size_t size = strcspn(text, "\n");
        lines += lines_of_paragraph(text, size, fits);
        if (text[size] == '\0' || lines > MAX_LINES) {
            return lines;
        }
        text += size + 1;
    }
}

static const CellWord words[] = {
    {"prod", "Prod", STYLE_TEXT},
    {"nonprod", "Non-Prod", STYLE_TEXT},
    {"unclassified", "Unclassified", STYLE_TEXT},
    {"COMPLIANT", "Compliant", STYLE_TEXT},
    {"NON_COMPLIANT", "Non-compliant", STYLE_TEXT},
    {"NOT_APPLICABLE", "Not applicable", STYLE_TEXT},
    {"new", "New", STYLE_RED},
    {"reopened", "Reopened", STYLE_RED},
    {"resolved", "Resolved", STYLE_GREEN},
    {"gone", "No longer reported", STYLE_GREY},
    {"scanned", "Read", STYLE_TEXT},
    {"denied", "Access denied", STYLE_RED},
    {"failed", "Failed", STYLE_RED},
    {"missing", "Nothing received", STYLE_RED},
    {"skipped", "Left out on purpose", STYLE_GREY},
    {"insufficient_data", "No data yet", STYLE_GREY},
    {"on", "On", STYLE_TEXT},
    {"stopped", "Stopped", STYLE_YELLOW},
    {"none", "Off", STYLE_YELLOW},
    {"rules_failed", "Rules not read", STYLE_RED},
    {"recorder_off", "AWS Config is off", STYLE_YELLOW},
    {"refused", "Cannot be used", STYLE_RED},
    {"expired", "Expired", STYLE_RED},
    {"expiring", "Ends within 30 days", STYLE_YELLOW},
    {"unused", "Accepts nothing", STYLE_GREY},
    {"active", "Active", STYLE_TEXT},
    {"shards_refused", "Damaged result files", STYLE_RED},
};

const CellWord *cell_text_word(const char *code) {
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].code, code) == 0) {
            return &words[i];
        }
    }
    return NULL;
}
