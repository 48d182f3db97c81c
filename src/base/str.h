/* Small things about text, and the shapes that names from outside must have. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool str_equal(const char *a, const char *b); /* NULL equals NULL only */
bool str_equal_nocase(const char *a, const char *b);
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
bool str_is_empty(const char *text); /* NULL or "" */

/* Copies and cuts at `size` - 1 bytes, never within a UTF-8 character. */
void str_copy(char *to, size_t size, const char *from);

/* `*` stands for any run of characters, `?` for one; no escapes, bytes compared as they are. */
bool str_glob(const char *pattern, const char *text);

/* The whole text must be a decimal number within [min, max]. */
bool str_parse_int(const char *text, int64_t min, int64_t max, int64_t *ret_number);

/* Length of the longest valid UTF-8 prefix; `size` when all of it is valid. */
size_t str_valid_utf8(const char *text, size_t size);

/* Of valid UTF-8: its characters. */
size_t str_count_chars(const char *text);

/* The next piece of `*rest` up to one of `separators`, blanks trimmed; NULL at the end. Cuts in
 * place, moves `*rest` on. Empty pieces are passed over. */
char *str_split(char **rest, const char *separators);

/* [A-Za-z0-9._-]{1,64}, not starting with a dot: group and shard ids. */
bool str_is_id(const char *text);
bool str_is_account(const char *text);   /* 12 digits */
bool str_is_region(const char *text);    /* eu-west-1, us-gov-east-1, … */
bool str_is_role_name(const char *text); /* [\w+=,.@-]{1,64}, a path before it allowed */

/* Says which id is wrong and what it must look like. `what` is "group_id" or the like. */
Status str_check_id(const char *what, const char *text, Err *err) WARN_UNUSED;

#endif
