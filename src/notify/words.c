#include "notify/words.h"

#include "base/str.h"

#include <inttypes.h>

void words_put_headline(const MessageEnvironment *environment, Buf *out) {
    if (environment->ratio.type == CELL_NULL) {
        buf_printf(out, "%s",
                   str_equal(environment->reading, "none")    ? "not read"
                   : str_equal(environment->reading, "out")   ? "left out"
                   : str_equal(environment->reading, "empty") ? "has no accounts"
                                                              : "nothing to rate");
        return;
    }
    buf_printf(out, "%.1f%%", environment->ratio.real * 100);
    if (environment->change.type != CELL_NULL) {
        double points = environment->change.real * 100;
        bool is_none = points > -0.05 && points < 0.05; /* no "-0.0" */
        buf_printf(out, is_none ? " (unchanged)" : " (%+.1f pp)", points);
    }
}

void words_put_title(const MessageFigures *figures, Buf *out) {
    buf_printf(out, "AWS Config compliance, run of %s", figures->date);
    if (!str_equal(figures->group_id, figures->date)) {
        buf_printf(out, " (%s)", figures->group_id);
    }
    if (figures->organization_id[0] != '\0') {
        buf_printf(out, ", organization %s of %s", figures->organization_id,
                   figures->management_account);
    }
}

void words_put_comparison(const MessageFigures *figures, Buf *out) {
    if (figures->previous_date[0] == '\0') {
        buf_puts(out, "It is the first run: there is nothing to compare it with.");
    } else {
        buf_printf(out, "Compared with the run of %s.", figures->previous_date);
    }
}

void words_put_coverage(const MessageFigures *figures, Buf *out) {
    buf_printf(out, "%s%" PRId64 " of %" PRId64 " scopes (accounts by region) were scanned.",
               figures->missing_count == 0 ? "Nothing is missing: " : "", figures->scopes_read,
               figures->scopes_wanted);
    if (figures->last_known > 0) {
        buf_printf(out, " In what was not, %" PRId64 " %s open when it was last scanned.",
                   figures->last_known, figures->last_known == 1 ? "finding was" : "findings were");
    }
}

const char *words_for_no_rule(const MessageFigures *figures) {
    return figures->scopes_read == 0 ? "Not known: nothing was scanned."
                                     : "None: no finding is open that is not waived.";
}

static void put_count(Buf *out, const Cell *cell, const char *what) {
    if (cell->type != CELL_NULL) {
        buf_printf(out, ", %" PRId64 " %s", cell->integer, what);
    }
}

void words_put_findings(const MessageEnvironment *environment, Buf *out) {
    if (environment->open.type == CELL_NULL) {
        return;
    }
    buf_printf(out, "%" PRId64 " open", environment->open.integer);
    put_count(out, &environment->fresh, "new");
    put_count(out, &environment->reopened, "reopened");
    put_count(out, &environment->resolved, "resolved");
    put_count(out, &environment->gone, "no longer reported");
}

void words_put_after_waivers(const MessageEnvironment *environment, Buf *out) {
    if (environment->after_waivers.type != CELL_NULL) {
        buf_printf(out, "%.1f%%", environment->after_waivers.real * 100);
    }
}

void words_put_fresh(const MessageItem *rule, Buf *out) {
    if (rule->fresh.type != CELL_NULL && rule->fresh.integer > 0) {
        buf_printf(out, " (%" PRId64 " since the last run)", rule->fresh.integer);
    }
}

void words_put_link_life(const MessagePlace *place, Buf *out) {
    buf_printf(out, "It works until %s%s.", place->until,
               place->may_end_sooner ? ", or less long: it ends with the session that signed it"
                                     : "");
}

bool words_has_accounts(const MessageEnvironment *environment) {
    return !str_equal(environment->reading, "empty");
}
