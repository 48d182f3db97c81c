/* Message: what people are told of a run: a subject, a text and the same as HTML. All figures come
 * from the queries of the workbook's Summary. What comes from outside is made harmless: control
 * characters and what turns lines around become '?', and HTML is escaped. */
#ifndef NOTIFY_MESSAGE_H
#define NOTIFY_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "db/db.h"

#include <stdbool.h>
#include <stdint.h>

/* ASCII, in one line, and short enough for SNS. */
enum { MESSAGE_SUBJECT_SIZE = 100, MESSAGE_ENVIRONMENTS = 3, MESSAGE_ITEMS = 6 };

typedef struct MessageEnvironment {
    const char *name;    /* Prod, Non-Prod, Unclassified */
    const char *reading; /* whole, part, none of its scopes were read, or empty: it has none */
    Cell ratio, after_waivers, change; /* CELL_NULL where not known */
    Cell open, fresh, reopened, resolved, gone;
} MessageEnvironment;

/* A rule with its findings, or something missing with an example. */
typedef struct MessageItem {
    const char *name;
    const char *example;
    int64_t count;
    Cell fresh; /* findings since the run before */
} MessageItem;

typedef struct MessageFigures {
    Arena arena; /* the texts */
    const char *group_id;
    const char *date;
    const char *organization_id; /* "" = not known */
    const char *management_account;
    const char *previous_date; /* "" in the first run */
    int64_t scopes_wanted;
    int64_t scopes_read;
    int64_t last_known; /* findings that were open, when last read, where nothing was read now */
    MessageEnvironment environments[MESSAGE_ENVIRONMENTS];
    int environment_count;
    MessageItem rules[MESSAGE_ITEMS];
    int rule_count;
    MessageItem missing[MESSAGE_ITEMS];
    int missing_count;
    double green_from;
    double yellow_from;
} MessageFigures;

/* Of that run. ST_NOTHING when there is none. message_done afterwards. */
Status message_load(Db *history, const char *group_id, MessageFigures *ret_figures,
                    Err *err) WARN_UNUSED;
void message_done(MessageFigures *figures);

/* Where the workbook is. */
typedef struct MessagePlace {
    const char *location; /* a path or an s3:// address */
    const char *link;     /* NULL = none */
    const char *until;    /* when the link ends, ISO 8601 UTC */
    bool may_end_sooner;  /* it dies with a session of which nobody said when it ends */
    const char *remark;   /* a further sentence, "" = none: that it is attached, or why it is not */
} MessagePlace;

void message_subject(const MessageFigures *figures, char ret_subject[MESSAGE_SUBJECT_SIZE]);
void message_append_text(const MessageFigures *figures, const MessagePlace *place, Buf *out);
void message_append_html(const MessageFigures *figures, const MessagePlace *place, Buf *out);

#endif
