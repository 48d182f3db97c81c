#include "notify/words.h"

#include <inttypes.h>
#include <stdio.h>

static void escape(const char *text, Buf *out) {
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        case '\'':
            buf_puts(out, "&#39;");
            break;
        default:
            buf_putc(out, *text);
        }
    }
}

/* <tag style>text</tag> */
static void put_element(Buf *out, const char *tag, const char *style, const char *text) {
    buf_printf(out, "<%s style=\"%s\">", tag, style);
    escape(text, out);
    buf_printf(out, "</%s>", tag);
}

#define CELL_STYLE  "padding:5px 14px 5px 8px;border-bottom:1px solid #d5d8dd;text-align:left"
#define HEAD_STYLE  "padding:5px 14px 5px 8px;background:#1f2a44;color:#ffffff;text-align:left"
#define PART_STYLE  "font-size:15px;margin:22px 0 6px 0;color:#1f2a44"
#define PLAIN_STYLE "margin:4px 0"

/* A sign beside the colour, as in the workbook. */
static const char *look_of(const MessageFigures *figures, const MessageEnvironment *environment,
                           const char **ret_sign) {
    *ret_sign = "";
    if (environment->ratio.type == CELL_NULL) {
        return CELL_STYLE ";color:#6b7280;background:#f1f1f1";
    }
    if (environment->ratio.real >= figures->green_from) {
        *ret_sign = "\xE2\x97\x8F ";
        return CELL_STYLE ";color:#1b5e20;background:#dcefdd";
    }
    if (environment->ratio.real >= figures->yellow_from) {
        *ret_sign = "\xE2\x96\xB2 ";
        return CELL_STYLE ";color:#7a5200;background:#fff0c4";
    }
    *ret_sign = "\xE2\x96\xBC ";
    return CELL_STYLE ";color:#9b1c1c;background:#f9dada";
}

static void put_row(const MessageFigures *figures, const MessageEnvironment *environment,
                    Buf *out) {
    const char *sign = NULL;
    const char *look = look_of(figures, environment, &sign);
    OWN(buf_done) Buf headline = {0};
    OWN(buf_done) Buf after = {0};
    OWN(buf_done) Buf findings = {0};
    buf_puts(&headline, sign);
    words_put_headline(environment, &headline);
    words_put_after_waivers(environment, &after);
    words_put_findings(environment, &findings);
    buf_puts(out, "<tr>");
    put_element(out, "td", CELL_STYLE ";font-weight:bold", environment->name);
    put_element(out, "td", look, buf_text(&headline));
    put_element(out, "td", CELL_STYLE, buf_text(&after));
    put_element(out, "td", CELL_STYLE, buf_text(&findings));
    buf_puts(out, "</tr>\n");
}

static void put_table(const MessageFigures *figures, Buf *out) {
    static const char *const heads[] = {"Environment", "Ratio", "After waivers", "Findings"};
    buf_puts(out, "<table style=\"border-collapse:collapse;font-size:14px\">\n<tr>");
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        put_element(out, "th", HEAD_STYLE, heads[i]);
    }
    buf_puts(out, "</tr>\n");
    for (int i = 0; i < figures->environment_count; i++) {
        if (words_has_accounts(&figures->environments[i])) {
            put_row(figures, &figures->environments[i], out);
        }
    }
    buf_puts(out, "</table>\n");
}

static void put_rules(const MessageFigures *figures, Buf *out) {
    put_element(out, "h2", PART_STYLE, "Rules that need attention most");
    if (figures->rule_count == 0) {
        put_element(out, "p", PLAIN_STYLE, words_for_no_rule(figures));
        return;
    }
    buf_puts(out, "<table style=\"border-collapse:collapse;font-size:14px\">\n");
    for (int i = 0; i < figures->rule_count; i++) {
        OWN(buf_done) Buf name = {0};
        char count[24];
        snprintf(count, sizeof count, "%" PRId64, figures->rules[i].count);
        buf_puts(&name, figures->rules[i].name);
        words_put_fresh(&figures->rules[i], &name);
        buf_puts(out, "<tr>");
        put_element(out, "td", CELL_STYLE ";text-align:right", count);
        put_element(out, "td", CELL_STYLE, buf_text(&name));
        buf_puts(out, "</tr>\n");
    }
    buf_puts(out, "</table>\n");
}

static void put_gaps(const MessageFigures *figures, Buf *out) {
    OWN(buf_done) Buf coverage = {0};
    words_put_coverage(figures, &coverage);
    put_element(out, "h2", PART_STYLE, "What was not scanned");
    put_element(out, "p", PLAIN_STYLE, buf_text(&coverage));
    for (int i = 0; i < figures->missing_count; i++) {
        OWN(buf_done) Buf line = {0};
        buf_printf(&line, "\xE2\x96\xB2 %s (%s)", figures->missing[i].name,
                   figures->missing[i].example);
        put_element(out, "p", PLAIN_STYLE ";color:#7a5200", buf_text(&line));
    }
}

static void put_place(const MessagePlace *place, Buf *out) {
    put_element(out, "h2", PART_STYLE, "The workbook");
    if (place->link != NULL) {
        OWN(buf_done) Buf life = {0};
        words_put_link_life(place, &life);
        buf_puts(out, "<p style=\"" PLAIN_STYLE "\"><a href=\"");
        escape(place->link, out);
        buf_puts(out, "\">Download it</a>. ");
        escape(buf_text(&life), out);
        buf_puts(out, "</p>\n");
    }
    put_element(out, "p", PLAIN_STYLE, place->location);
    if (place->remark[0] != '\0') {
        put_element(out, "p", PLAIN_STYLE, place->remark);
    }
}

void message_append_html(const MessageFigures *figures, const MessagePlace *place, Buf *out) {
    OWN(buf_done) Buf title = {0};
    OWN(buf_done) Buf comparison = {0};
    words_put_title(figures, &title);
    words_put_comparison(figures, &comparison);
    buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>");
    escape(buf_text(&title), out);
    buf_puts(out, "</title></head>\n<body style=\"font-family:Arial,Helvetica,sans-serif;"
                  "font-size:14px;color:#22262e;margin:16px\">\n");
    put_element(out, "h1", "font-size:20px;margin:0 0 12px 0;color:#1f2a44", buf_text(&title));
    put_table(figures, out);
    put_element(out, "p", PLAIN_STYLE ";color:#6b7280", buf_text(&comparison));
    put_rules(figures, out);
    put_gaps(figures, out);
    put_place(place, out);
    buf_puts(out, "</body></html>\n");
}
