/* Display: text from outside as a terminal may show it. */
#ifndef FORMAT_DISPLAY_H
#define FORMAT_DISPLAY_H

#include "base/buf.h"

#include <stddef.h>

/* Appends `text` with everything that could drive a terminal or turn its lines around as '?':
 * control characters, bidirectional overrides, bytes that are not UTF-8. Returns how many columns
 * it takes up: combining characters none, East Asian wide characters and emoji two. */
size_t display_append(Buf *out, const char *text);

#endif
