/* Cell text: text from outside as a cell of a workbook can hold it, and the words that people read
 * instead of codes. */
#ifndef REPORT_CELL_TEXT_H
#define REPORT_CELL_TEXT_H

#include "base/buf.h"
#include "report/style.h"

/* Excel's limit of a cell, counted in UTF-16 units as Excel does. */
enum { CELL_TEXT_MAX_UNITS = 32767 };

/* Replaces what is in `out` by `text`, made harmless: bytes that are not UTF-8 and characters that
 * XML forbids become U+FFFD, line ends become LF, text that is too long ends in "… [cut]", and what
 * Excel would take for an escape (_x0041_) is escaped, so that it is shown as it is. */
void cell_text_clean(Buf *out, const char *text);

/* About how many lines the text takes up in a column as wide as `width` digits; 1 for an empty one.
 */
int cell_text_lines(const char *text, double width);

/* A code as people say it, and how it is coloured. */
typedef struct CellWord {
    const char *code;
    const char *word;
    Style style; /* STYLE_TEXT: not coloured */
} CellWord;

/* NULL when the code is not known: show it as it is. */
const CellWord *cell_text_word(const char *code);

#endif
