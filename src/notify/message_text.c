#include "base/str.h"
#include "notify/words.h"

#include <inttypes.h>

enum { PROD = 0, NONPROD = 1 };

void message_subject(const MessageFigures *figures, char ret_subject[MESSAGE_SUBJECT_SIZE]) {
    OWN(buf_done) Buf subject = {0};
    buf_printf(&subject, "AWS Config %s: ", figures->date);
    for (int i = PROD; i <= NONPROD; i++) {
        buf_printf(&subject, "%s%s ", i == 0 ? "" : ", ", figures->environments[i].name);
        words_put_headline(&figures->environments[i], &subject);
    }
    if (figures->missing_count > 0) {
        buf_puts(&subject, "; incomplete");
    }
    str_copy(ret_subject, MESSAGE_SUBJECT_SIZE, buf_text(&subject));
}

static void put_environment(const MessageEnvironment *environment, Buf *out) {
    OWN(buf_done) Buf headline = {0};
    OWN(buf_done) Buf after = {0};
    words_put_headline(environment, &headline);
    words_put_after_waivers(environment, &after);
    buf_printf(out, "  %-13s %s\n", environment->name, buf_text(&headline));
    if (after.size > 0) {
        buf_printf(out, "  %-13s %s after waivers\n", "", buf_text(&after));
    }
    if (environment->open.type != CELL_NULL) {
        buf_printf(out, "  %-13s findings: ", "");
        words_put_findings(environment, out);
        buf_putc(out, '\n');
    }
}

void message_append_text(const MessageFigures *figures, const MessagePlace *place, Buf *out) {
    words_put_title(figures, out);
    buf_puts(out, "\n\n");
    for (int i = 0; i < figures->environment_count; i++) {
        if (words_has_accounts(&figures->environments[i])) {
            put_environment(&figures->environments[i], out);
        }
    }
    buf_putc(out, '\n');
    words_put_comparison(figures, out);
    buf_puts(out, "\n\nRules that need attention most\n");
    for (int i = 0; i < figures->rule_count; i++) {
        buf_printf(out, "  %6" PRId64 "  %s", figures->rules[i].count, figures->rules[i].name);
        words_put_fresh(&figures->rules[i], out);
        buf_putc(out, '\n');
    }
    if (figures->rule_count == 0) {
        buf_printf(out, "  %s\n", words_for_no_rule(figures));
    }
    buf_puts(out, "\nWhat was not scanned\n  ");
    words_put_coverage(figures, out);
    buf_putc(out, '\n');
    for (int i = 0; i < figures->missing_count; i++) {
        buf_printf(out, "  - %s (%s)\n", figures->missing[i].name, figures->missing[i].example);
    }
    buf_printf(out, "\nThe workbook\n  %s\n", place->location);
    if (place->link != NULL) {
        buf_printf(out, "  %s\n  ", place->link);
        words_put_link_life(place, out);
        buf_putc(out, '\n');
    }
    if (place->remark[0] != '\0') {
        buf_printf(out, "  %s\n", place->remark);
    }
}
