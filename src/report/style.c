#include "report/style.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    INK = 0x22262E,
    PALE = 0x6B7280,
    WHITE = 0xFFFFFF,
    TOTAL_FILL = 0xEEF1F6,
    ABSENT_FILL = 0xF1F1F1,
    GREEN_INK = 0x1B5E20,
    GREEN_FILL = 0xDCEFDD,
    YELLOW_INK = 0x7A5200,
    YELLOW_FILL = 0xFFF0C4,
    RED_INK = 0x9B1C1C,
    RED_FILL = 0xF9DADA,
};

typedef struct Look {
    int size;
    bool bold;
    bool italic;
    bool wrap;
    bool underline;
    bool line;   /* under it */
    bool indent; /* from the left: away from the number beside it */
    int color;
    int fill; /* 0 = none */
    int align;
    const char *number;
} Look;

/* Numbers keep off the right edge by the width of a w, which is about an indent: LibreOffice heeds
 * a real one in some of the cells that have a conditional format, and not in others. */
#define PADDED "_w"
static const char count_format[] = "#,##0" PADDED;
static const char ratio_format[] = "0.0%" PADDED;
static const char text_format[] = "0;0;0;@" PADDED;
static const char points_format[] = "+0.0\" pp\"" PADDED ";-0.0\" pp\"" PADDED ";0.0\" pp\"" PADDED;

static const Look looks[STYLES] = {
    [STYLE_TEXT] = {.size = 10, .indent = true, .line = true, .color = INK},
    [STYLE_WRAP] = {.size = 10, .indent = true, .line = true, .color = INK, .wrap = true},
    [STYLE_COUNT] =
        {.size = 10, .line = true, .color = INK, .number = count_format, .align = LXW_ALIGN_RIGHT},
    [STYLE_RATIO] =
        {.size = 10, .line = true, .color = INK, .number = ratio_format, .align = LXW_ALIGN_RIGHT},
    [STYLE_POINTS] =
        {.size = 10, .line = true, .color = INK, .number = points_format, .align = LXW_ALIGN_RIGHT},
    [STYLE_DATE] = {.size = 10, .indent = true, .line = true, .color = INK, .number = "yyyy-mm-dd"},
    [STYLE_LINK] =
        {.size = 10, .indent = true, .line = true, .underline = true, .color = COLOR_BLUE},
    [STYLE_ABSENT] = {.size = 10,
                      .indent = true,
                      .line = true,
                      .italic = true,
                      .color = PALE,
                      .fill = ABSENT_FILL},
    [STYLE_ABSENT_NUMBER] = {.size = 10,
                             .line = true,
                             .italic = true,
                             .color = PALE,
                             .fill = ABSENT_FILL,
                             .number = text_format,
                             .align = LXW_ALIGN_RIGHT},
    [STYLE_GREEN] =
        {.size = 10, .indent = true, .line = true, .color = GREEN_INK, .fill = GREEN_FILL},
    [STYLE_YELLOW] =
        {.size = 10, .indent = true, .line = true, .color = YELLOW_INK, .fill = YELLOW_FILL},
    [STYLE_RED] = {.size = 10, .indent = true, .line = true, .color = RED_INK, .fill = RED_FILL},
    [STYLE_GREY] = {.size = 10, .indent = true, .line = true, .italic = true, .color = PALE},
    [STYLE_HEADER] = {.size = 10,
                      .indent = true,
                      .bold = true,
                      .wrap = true,
                      .color = WHITE,
                      .fill = COLOR_NAVY},
    [STYLE_HEADER_NUMBER] = {.size = 10,
                             .bold = true,
                             .wrap = true,
                             .color = WHITE,
                             .fill = COLOR_NAVY,
                             .align = LXW_ALIGN_RIGHT},
    [STYLE_TOTAL] =
        {.size = 10, .indent = true, .bold = true, .line = true, .color = INK, .fill = TOTAL_FILL},
    [STYLE_TOTAL_COUNT] = {.size = 10,
                           .bold = true,
                           .line = true,
                           .color = INK,
                           .fill = TOTAL_FILL,
                           .number = count_format,
                           .align = LXW_ALIGN_RIGHT},
    [STYLE_TOTAL_RATIO] = {.size = 10,
                           .bold = true,
                           .line = true,
                           .color = INK,
                           .fill = TOTAL_FILL,
                           .number = ratio_format,
                           .align = LXW_ALIGN_RIGHT},
    [STYLE_TITLE] = {.size = 18, .bold = true, .color = COLOR_NAVY},
    [STYLE_SUBTITLE] = {.size = 11, .color = PALE},
    [STYLE_SECTION] = {.size = 12, .bold = true, .color = COLOR_NAVY},
    [STYLE_NOTE] = {.size = 9, .italic = true, .color = PALE},
    [STYLE_PLAIN] = {.size = 10, .wrap = true, .color = INK},
    [STYLE_LABEL] = {.size = 10, .bold = true, .wrap = true, .color = INK},
    [STYLE_LINE_GREEN] = {.size = 11, .wrap = true, .bold = true, .color = GREEN_INK},
    [STYLE_LINE_YELLOW] = {.size = 11, .wrap = true, .bold = true, .color = YELLOW_INK},
    /* a sign before the number, for print and for those who do not see the colour */
    [STYLE_FILL_GREEN] = {.color = GREEN_INK,
                          .fill = GREEN_FILL,
                          .number = "\"\xE2\x97\x8F\" 0.0%" PADDED},
    [STYLE_FILL_YELLOW] = {.color = YELLOW_INK,
                           .fill = YELLOW_FILL,
                           .number = "\"\xE2\x96\xB2\" 0.0%" PADDED},
    [STYLE_FILL_RED] = {.color = RED_INK,
                        .fill = RED_FILL,
                        .number = "\"\xE2\x96\xBC\" 0.0%" PADDED},
};

static void apply(lxw_format *format, const Look *look) {
    format_set_font_color(format, (lxw_color_t)look->color);
    if (look->fill != 0) {
        format_set_pattern(format, LXW_PATTERN_SOLID);
        format_set_bg_color(format, (lxw_color_t)look->fill);
    }
    if (look->number != NULL) {
        format_set_num_format(format, look->number);
    }
    if (look->size == 0) {
        return; /* a conditional format: font and border stay those of the cell */
    }
    format_set_font_name(format, STYLE_FONT);
    format_set_font_size(format, look->size);
    format_set_align(format, LXW_ALIGN_VERTICAL_TOP);
    if (look->bold) {
        format_set_bold(format);
    }
    if (look->italic) {
        format_set_italic(format);
    }
    if (look->underline) {
        format_set_underline(format, LXW_UNDERLINE_SINGLE);
    }
    if (look->wrap) {
        format_set_text_wrap(format);
    }
    if (look->indent) {
        format_set_align(format, LXW_ALIGN_LEFT);
        format_set_indent(format, 1);
    }
    if (look->line) {
        format_set_bottom(format, LXW_BORDER_THIN);
        format_set_bottom_color(format, COLOR_LINE);
    }
    if (look->align != 0) {
        format_set_align(format, (uint8_t)look->align);
        format_set_indent(format, look->number == NULL ? 1 : 0);
    }
}

bool style_make(lxw_workbook *workbook, lxw_format *ret_styles[STYLES]) {
    for (int i = 0; i < STYLES; i++) {
        ret_styles[i] = workbook_add_format(workbook);
        if (ret_styles[i] == NULL) {
            return false;
        }
        apply(ret_styles[i], &looks[i]);
    }
    return true;
}
