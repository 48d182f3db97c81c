#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool str_equal(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool str_equal_nocase(const char *a, const char *b) {
    return a == NULL || b == NULL ? a == b : strcasecmp(a, b) == 0;
}

bool str_starts(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix) {
    size_t size = strlen(text);
    size_t suffix_size = strlen(suffix);
    return size >= suffix_size && strcmp(text + size - suffix_size, suffix) == 0;
}

bool str_is_empty(const char *text) {
    return text == NULL || text[0] == '\0';
}

void str_copy(char *to, size_t size, const char *from) {
    size_t length = strlen(from);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)from[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    memmove(to, from, length);
    to[length] = '\0';
}

/* Remembers the last star and goes back to it: no recursion, and never worse than n * m. */
bool str_glob(const char *pattern, const char *text) {
    const char *star = NULL;
    const char *star_text = NULL;
    while (*text != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            star_text = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star;
            text = ++star_text;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == '\0';
}

bool str_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_number) {
    if (text == NULL || !(isdigit((unsigned char)text[0]) || text[0] == '-')) {
        return false;
    }
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < min || number > max) {
        return false;
    }
    *ret_number = number;
    return true;
}

/* Length of the UTF-8 sequence at `s`, or 0 when it is none. RFC 3629: no surrogates, no overlong
 * forms, nothing past U+10FFFF. */
static size_t utf8_sequence(const unsigned char *s, size_t left) {
    if (s[0] < 0x80) {
        return 1;
    }
    size_t length = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || left < length) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    bool bad = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F) ||
               (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F);
    return bad ? 0 : length;
}

size_t str_valid_utf8(const char *text, size_t size) {
    const unsigned char *s = (const unsigned char *)text;
    size_t at = 0;
    while (at < size) {
        size_t length = utf8_sequence(s + at, size - at);
        if (length == 0) {
            break;
        }
        at += length;
    }
    return at;
}

size_t str_count_chars(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

static char *trim(char *piece) {
    piece += strspn(piece, " \t\r\n");
    size_t size = strlen(piece);
    while (size > 0 && strchr(" \t\r\n", piece[size - 1]) != NULL) {
        piece[--size] = '\0';
    }
    return piece;
}

char *str_split(char **rest, const char *separators) {
    while (*rest != NULL && **rest != '\0') {
        char *piece = *rest;
        size_t size = strcspn(piece, separators);
        *rest = piece[size] == '\0' ? piece + size : piece + size + 1;
        piece[size] = '\0';
        piece = trim(piece);
        if (piece[0] != '\0') {
            return piece;
        }
    }
    return NULL;
}

/* All of `text`, min to max bytes, from letters, digits and `others`. */
static bool is_made_of(const char *text, size_t min, size_t max, const char *others) {
    size_t size = text == NULL ? 0 : strlen(text);
    if (size < min || size > max) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80 || (!isalnum(c) && strchr(others, c) == NULL)) {
            return false;
        }
    }
    return true;
}

bool str_is_id(const char *text) {
    return is_made_of(text, 1, 64, "._-") && text[0] != '.';
}

bool str_is_account(const char *text) {
    return text != NULL && strlen(text) == 12 && strspn(text, "0123456789") == 12;
}

bool str_is_region(const char *text) {
    size_t dashes = 0;
    if (!is_made_of(text, 6, 31, "-") || !islower((unsigned char)text[0])) {
        return false;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (isupper((unsigned char)*c)) {
            return false;
        }
        dashes += *c == '-';
    }
    return dashes >= 2 && isdigit((unsigned char)text[strlen(text) - 1]);
}

bool str_is_role_name(const char *text) {
    if (text == NULL) {
        return false;
    }
    const char *slash = strrchr(text, '/');
    const char *name = slash == NULL ? text : slash + 1;
    return is_made_of(text, 1, 576, "_+=,.@-/") && is_made_of(name, 1, 64, "_+=,.@-") &&
           text[0] != '/' && strstr(text, "//") == NULL;
}

Status str_check_id(const char *what, const char *text, Err *err) {
    if (str_is_id(text)) {
        return ST_OK;
    }
    err_set(err, ST_USAGE, "%s '%.80s' cannot be used", what, text == NULL ? "" : text);
    return err_hint(err, "use 1 to 64 of A-Z a-z 0-9 . _ - and do not begin with a dot");
}
