/* Pace: how fast one service may be asked in one account and region.
 *
 * AWS does not publish its limits, and they hold per account and region: so each has a pace of its
 * own, found by trying. It begins without a limit. What throttles is a bucket of tokens: once it is
 * empty, it refuses the next call as well. So a throttle that the next call does not meet is passed
 * over; of others it is known that between two of them the bucket gave just as many tokens as calls
 * went through. A little less than that is the new pace, from which it rises slowly: the bucket
 * fills, then is drained, and throttles once in a hundred calls. A limit that was lifted is found
 * too. Knows neither timers nor the network: times come in, delays come out. */
#ifndef AWS_PACE_H
#define AWS_PACE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Pace Pace;
typedef struct PaceTable PaceTable;

PaceTable *pace_table_new(void);
void pace_table_free(PaceTable *table); /* all that was entered must have left */

/* The pace that all calls with this service, account and region share; pace_leave when the call has
 * ended. Paces that nobody uses are forgotten when there are many. */
Pace *pace_enter(PaceTable *table, int service, const char *account, const char *region);
void pace_leave(PaceTable *table, Pace *pace);

/* One attempt, from its place in the line to its answer. The caller's, at the same address from
 * pace_line_up to pace_go or pace_step_out. */
typedef struct PaceTurn {
    struct PaceTurn *next; /* behind it in the line */
    bool is_waiting;
    int64_t number; /* of the attempt, once it is sent */
    int cuts;       /* how often the pace had been lowered by then */
} PaceTurn;

/* A call that is made again stands first. */
void pace_line_up(Pace *pace, PaceTurn *turn, bool first);
/* How long it waits yet, as it looks now; 0 = it may go. */
int64_t pace_wait_ms(const Pace *pace, const PaceTurn *turn, int64_t now_ms);
/* It is sent now. */
void pace_go(Pace *pace, PaceTurn *turn, int64_t now_ms);
void pace_step_out(Pace *pace, PaceTurn *turn); /* when it waits no more; fine at any time */

/* What became of it. */
void pace_answered(Pace *pace, const PaceTurn *turn, int64_t now_ms);
void pace_throttled(Pace *pace, const PaceTurn *turn, int64_t now_ms);

/* Calls per second; 0 = no limit has shown. */
double pace_rate(const Pace *pace);

#endif
