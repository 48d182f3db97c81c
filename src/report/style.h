/* Style: the looks of the workbook, all of them, in one table. */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H

#include <stdbool.h>
#include <xlsxwriter.h>

typedef enum Style {
    STYLE_TEXT,
    STYLE_WRAP, /* a text longer than its column */
    STYLE_COUNT,
    STYLE_RATIO,
    STYLE_POINTS, /* percentage points, with their sign */
    STYLE_DATE,
    STYLE_LINK,
    STYLE_ABSENT,        /* what is not known */
    STYLE_ABSENT_NUMBER, /* the same where a number would stand */
    STYLE_GREEN,         /* words with a meaning; the word says it, too */
    STYLE_YELLOW,
    STYLE_RED,
    STYLE_GREY,
    STYLE_HEADER,
    STYLE_HEADER_NUMBER,
    STYLE_TOTAL,
    STYLE_TOTAL_COUNT,
    STYLE_TOTAL_RATIO,
    STYLE_TITLE,
    STYLE_SUBTITLE,
    STYLE_SECTION,
    STYLE_NOTE, /* small print */
    STYLE_PLAIN,
    STYLE_LABEL,
    STYLE_LINE_GREEN, /* a sentence of its own */
    STYLE_LINE_YELLOW,
    STYLE_FILL_GREEN, /* for conditional formats: only what they change */
    STYLE_FILL_YELLOW,
    STYLE_FILL_RED,
    STYLES, /* how many there are */
} Style;

enum {
    COLOR_NAVY = 0x1F2A44,
    COLOR_BLUE = 0x2F6DB5,
    COLOR_ORANGE = 0xC96A12,
    COLOR_GREEN = 0x2E7D32,
    COLOR_RED = 0xB3261E,
    COLOR_GREY = 0x8A8F98,
    COLOR_LINE = 0xD5D8DD,
};
#define STYLE_FONT "Arial"

/* The workbook owns them. False when there is no memory. */
bool style_make(lxw_workbook *workbook, lxw_format *ret_styles[STYLES]);

#endif
