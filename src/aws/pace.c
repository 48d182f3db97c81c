#include "aws/pace.h"

#include "base/err.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BUCKETS = 256, MANY = 1024, ENOUGH = 5 /* calls that went through, to tell a rate from */ };

/* From 0.9 of the limit to 1.1 of it in a hundred calls: while below, the bucket gains what it
 * loses while above. Figures were tried in tests/unit/aws/test_pace.c. */
static const double cut = 0.9;
static const double rise = 1.002;      /* for each call that goes through, around the limit */
static const double search = 1.03;     /* as long as no limit is known */
static const double escape = 1.05;     /* past the limit: it is gone */
static const double past_limit = 1.12; /* times the limit */
static const double first_guess = 5.0; /* calls per second, at least */
static const double slowest = 0.2;     /* calls per second */
static const double no_limit = 500.0;  /* risen to this, there is none */
static const double heat_leak = 0.1;   /* for each call that goes through */
static const double too_hot = 2.5;     /* throttles that came together */
static const double calm = 0.5;        /* cooled down to this, it may rise again */
static const double few_tokens = 0.3;  /* a bucket has no more for a call that comes so soon */
static const double stray_boost = 1.5; /* the limit is not where it was thought to be */

struct Pace {
    Pace *next; /* in its bucket */
    char key[128];
    int users;
    PaceTurn *line; /* those that wait, the next one first */
    double rate;    /* 0 = no limit */
    double limit;   /* what the bucket gave, when last measured; 0 = not known */
    double next_ms; /* when the next call may go */
    int cuts;       /* how often it was lowered */
    int64_t sent;
    double heat;      /* throttles that came together: 1 each, cooled by what goes through */
    double since_ms;  /* when the bucket was last empty, or the first call was sent */
    int64_t answered; /* since then */
    int64_t probe; /* number of the attempt that tells whether a throttle was a stray; 0 = none */
    double suspect_ms;     /* when that throttle came, … */
    int64_t suspect_after; /* … after so many answers */
};

struct PaceTable {
    Pace *buckets[BUCKETS];
    int count;
};

PaceTable *pace_table_new(void) {
    return mem_alloc(sizeof(PaceTable));
}

/* Those that nobody uses. */
static void forget_idle(PaceTable *table) {
    for (int i = 0; i < BUCKETS; i++) {
        Pace **at = &table->buckets[i];
        while (*at != NULL) {
            Pace *pace = *at;
            if (pace->users > 0) {
                at = &pace->next;
                continue;
            }
            *at = pace->next;
            mem_free(pace);
            table->count--;
        }
    }
}

void pace_table_free(PaceTable *table) {
    if (table != NULL) {
        forget_idle(table);
        ASSERT(table->count == 0);
        mem_free(table);
    }
}

static unsigned bucket_of(const char *key) {
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (; *key != '\0'; key++) {
        hash = (hash ^ (unsigned char)*key) * 16777619U;
    }
    return hash % BUCKETS;
}

Pace *pace_enter(PaceTable *table, int service, const char *account, const char *region) {
    char key[sizeof((Pace *)NULL)->key];
    snprintf(key, sizeof key, "%d/%s/%s", service, account, region);
    Pace **bucket = &table->buckets[bucket_of(key)];
    for (Pace *pace = *bucket; pace != NULL; pace = pace->next) {
        if (strcmp(pace->key, key) == 0) {
            pace->users++;
            return pace;
        }
    }
    if (table->count >= MANY) {
        forget_idle(table);
    }
    Pace *pace = mem_alloc(sizeof *pace);
    memcpy(pace->key, key, sizeof key);
    pace->users = 1;
    pace->next = *bucket;
    *bucket = pace;
    table->count++;
    return pace;
}

void pace_leave(PaceTable *table, Pace *pace) {
    (void)table;
    ASSERT(pace->users > 0);
    pace->users--;
}

/* ---- the line ---- */

void pace_line_up(Pace *pace, PaceTurn *turn, bool first) {
    PaceTurn **at = &pace->line;
    while (!first && *at != NULL) {
        at = &(*at)->next;
    }
    turn->next = *at;
    turn->is_waiting = true;
    *at = turn;
}

void pace_step_out(Pace *pace, PaceTurn *turn) {
    if (!turn->is_waiting) {
        return;
    }
    PaceTurn **at = &pace->line;
    while (*at != turn) {
        at = &(*at)->next;
    }
    *at = turn->next;
    turn->is_waiting = false;
}

int64_t pace_wait_ms(const Pace *pace, const PaceTurn *turn, int64_t now_ms) {
    if (pace->rate <= 0) {
        return 0;
    }
    double wait_ms = pace->next_ms - (double)now_ms;
    wait_ms = wait_ms > 0 ? wait_ms : 0;
    for (const PaceTurn *other = pace->line; other != turn && other != NULL; other = other->next) {
        wait_ms += 1000.0 / pace->rate;
    }
    return (int64_t)ceil(wait_ms);
}

void pace_go(Pace *pace, PaceTurn *turn, int64_t now_ms) {
    double now = (double)now_ms;
    pace_step_out(pace, turn);
    turn->number = ++pace->sent;
    turn->cuts = pace->cuts;
    if (pace->sent == 1) {
        pace->since_ms = now;
    }
    if (pace->rate > 0) {
        pace->next_ms = (pace->next_ms > now ? pace->next_ms : now) + 1000.0 / pace->rate;
    }
}

/* ---- what became of it ---- */

static void go_faster(Pace *pace) {
    if (pace->limit <= 0) {
        pace->rate *= search;
    } else {
        pace->rate *= pace->rate < pace->limit * past_limit ? rise : escape;
    }
    if (pace->rate > no_limit) {
        pace->rate = 0;
        pace->limit = 0;
    }
}

/* The call after a throttle went through. If it came so soon that an empty bucket had hardly got a
 * token by then, this is no bucket, or a much larger one. */
static void pass_over_stray(Pace *pace, double now_ms) {
    pace->probe = 0;
    if (pace->rate * (now_ms - pace->suspect_ms) < few_tokens * 1000.0) {
        pace->rate *= stray_boost;
        pace->limit *= stray_boost;
    }
}

void pace_answered(Pace *pace, const PaceTurn *turn, int64_t now_ms) {
    pace->answered++;
    pace->heat = pace->heat > heat_leak ? pace->heat - heat_leak : 0;
    if (pace->probe != 0 && turn->number >= pace->probe) {
        pass_over_stray(pace, (double)now_ms);
    }
    if (pace->rate > 0 && pace->heat < calm) {
        go_faster(pace);
    }
}

/* The bucket was empty at `since_ms` and is so now; nothing is known of what it held before the
 * first time, but that this is often what it gives in a second. */
static void lower(Pace *pace, double now_ms) {
    double seconds = (pace->suspect_ms - pace->since_ms) / 1000.0;
    double answered = (double)pace->suspect_after;
    if (pace->rate <= 0) {
        double given = answered / (1.0 + seconds);
        pace->rate = (given > first_guess ? given : first_guess) * cut;
        pace->limit = 0;
    } else {
        double given = (answered + 0.5) / (seconds > 0.001 ? seconds : 0.001);
        bool is_known = pace->suspect_after >= ENOUGH;
        double lowered = is_known && pace->rate > given ? given * cut : pace->rate * cut;
        pace->limit = is_known ? given : 0;
        pace->rate = lowered < given ? lowered : given;
    }
    pace->rate = pace->rate > slowest ? pace->rate : slowest;
    pace->cuts++;
    pace->heat = 0;
    pace->probe = 0;
    pace->since_ms = now_ms;
    pace->answered = 0;
    pace->next_ms = now_ms + 1000.0 / pace->rate;
}

void pace_throttled(Pace *pace, const PaceTurn *turn, int64_t now_ms) {
    if (turn->cuts != pace->cuts) {
        return; /* it was under way when the pace was lowered: nothing new */
    }
    bool is_second = pace->probe != 0;
    bool is_searching = pace->rate > 0 && pace->limit <= 0;
    pace->heat += 1;
    if (!is_second) {
        pace->suspect_ms = (double)now_ms;
        pace->suspect_after = pace->answered;
    }
    if (is_second || is_searching || pace->heat >= too_hot) {
        lower(pace, (double)now_ms);
    } else {
        pace->probe = pace->sent + 1;
        pace->next_ms = (double)now_ms; /* at once: that tells most */
    }
}

double pace_rate(const Pace *pace) {
    return pace->rate;
}
