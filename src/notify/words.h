/* Words: the sentences that a message has in text and HTML alike. All of them append; nothing is
 * escaped here. */
#ifndef NOTIFY_WORDS_H
#define NOTIFY_WORDS_H

#include "notify/message.h"

/* "AWS Config compliance, run of 2026-11-22" */
void words_put_title(const MessageFigures *figures, Buf *out);
void words_put_comparison(const MessageFigures *figures, Buf *out);
/* "46 of 48 scopes (accounts by region) were scanned.", and what was last known of the others. */
void words_put_coverage(const MessageFigures *figures, Buf *out);
/* Instead of the rules with open findings, where there are none. */
const char *words_for_no_rule(const MessageFigures *figures);
/* "91.5% (-0.7 pp)", or why there is no ratio. */
void words_put_headline(const MessageEnvironment *environment, Buf *out);
/* "93.6%"; nothing where there is no ratio. */
void words_put_after_waivers(const MessageEnvironment *environment, Buf *out);
/* "4 open, 1 new, …"; nothing where nothing was read. */
void words_put_findings(const MessageEnvironment *environment, Buf *out);
/* " (2 since the last run)"; nothing where there are none. */
void words_put_fresh(const MessageItem *rule, Buf *out);
/* "It works until …" */
void words_put_link_life(const MessagePlace *place, Buf *out);
/* Whether it has accounts at all. */
bool words_has_accounts(const MessageEnvironment *environment);

#endif
