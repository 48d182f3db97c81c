/* Notice: people are told of a run once, however often its report is rendered: by a retry, by an
 * event that is delivered twice, by a state machine and an event of S3 side by side. An object of
 * the store (layout_notice) remembers who told what:
 *
 *     {"group_id": "2026-11-22", "published_at": "2026-11-22T06:10:00Z", "mailed_at": "…",
 *      "sending_until": "…", "sender": "…"}
 *
 * Whoever wants to tell claims it first, by a conditional write. While `sending_until` lies ahead,
 * somebody else is telling people; when it has passed, that one has died, and the next may tell
 * them. So people hear of a run twice only where a process dies, or cannot reach the store, after
 * it told them and before it said so. What failed is claimed anew at once, and alone: after a mail
 * that failed, the next report sends the mail and does not publish again.
 *
 * A run that was merged again with more shards is the same run: nobody hears of it again, unless
 * somebody asks for it (notify-again). */
#ifndef APP_NOTICE_H
#define APP_NOTICE_H

#include "base/clock.h"
#include "base/err.h"
#include "store/layout.h"
#include "store/store.h"

#include <stdbool.h>

/* A claim ends by itself after so long. */
enum { NOTICE_CLAIM_MS = 5 * 60 * 1000 };

typedef struct NoticeWays {
    bool publish;
    bool mail;
} NoticeWays;

typedef enum NoticeClaim {
    NOTICE_OURS, /* tell people, then notice_settle */
    NOTICE_TOLD, /* all that is wanted was told before */
    NOTICE_BUSY, /* somebody else is telling them */
} NoticeClaim;

typedef struct Notice {
    char group_id[65];
    NoticeWays ways;                    /* that are to be used now */
    char published_at[CLOCK_TIME_SIZE]; /* "" = not yet */
    char mailed_at[CLOCK_TIME_SIZE];
    char sender[17]; /* one claim differs from another */
    char etag[128];  /* of our claim */
} Notice;

/* `again` claims whatever was told before. ST_CORRUPT when the object makes no sense, or what the
 * store says. */
Status notice_claim(Store *store, const char *group_id, NoticeWays wanted, bool again,
                    Notice *ret_notice, NoticeClaim *ret_claim, Err *err) WARN_UNUSED;

/* Says which of the ways succeeded, and gives up the claim. ST_CONFLICT when it had ended, and
 * somebody else has it. */
Status notice_settle(Store *store, Notice *notice, NoticeWays done, Err *err) WARN_UNUSED;

#endif
