/* Knobs: everything about the simulated organization that can be turned, at the start with a flag
 * (--latency-ms 20) and while it runs with POST /_sim/control ({"latency_ms": 20}). One table,
 * knob_table, holds them all. Plain data: a copy is a snapshot. */
#ifndef SIM_KNOBS_H
#define SIM_KNOBS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SELECTOR_MAX_ITEMS = 64, KNOBS_MAX_REGIONS = 32 };

/* A choice of scopes: "0.1" (that fraction of them), "123456789012" or "7" (an account by id or by
 * its place in ListAccounts), "eu-west-1", "7/eu-west-1", any of them joined by commas. */
typedef struct SelectorItem {
    char account[13]; /* an id or a place; "" = any */
    char region[32];  /* "" = any */
} SelectorItem;
typedef struct Selector {
    double fraction;
    size_t count;
    SelectorItem items[SELECTOR_MAX_ITEMS];
} Selector;

Status selector_parse(const char *text, Selector *ret_selector, Err *err) WARN_UNUSED;

/* Adds the items of a list to those there are. */
Status selector_add(Selector *selector, const char *text, Err *err) WARN_UNUSED;

typedef struct Knobs {
    /* What there is. */
    int64_t seed;
    int64_t accounts;
    int64_t rules;
    int64_t service_linked; /* of the rules, how many belong to another service */
    int64_t evaluations_min;
    int64_t evaluations_max; /* per rule and scope */
    int64_t week;
    double churn;      /* of the evaluations, how many change within a week */
    double proactive;  /* of the evaluations, how many are PROACTIVE */
    bool hostile_text; /* quotes, newlines, formulas, … in names and annotations */
    bool exponent_floats;
    /* Who may not, and what is off. An account that is denied refuses AssumeRole; one with a region
     * refuses AWS Config there. */
    Selector deny;
    Selector deny_region;
    Selector region_off;
    char deny_operations[512]; /* "config:ListTagsForResource,…" */
    Selector recorder_off;
    Selector recorder_stopped;
    double vanish_rules;     /* of the rules, how many are gone when asked for details */
    int64_t session_seconds; /* how long sessions live; 0 = as asked for */
    /* What goes wrong on the way. */
    int64_t latency_ms;
    double bucket_rate; /* calls per second, account and region; 0 = no limit */
    double bucket_burst;
    double throttle;
    double error_5xx;
    double drop;
    double truncate;
    double short_pages;
    double empty_pages;
    bool chunked;
} Knobs;

void knobs_init(Knobs *knobs);

typedef enum KnobKind {
    KNOB_INT,
    KNOB_REAL,
    KNOB_BOOL,
    KNOB_RANGE,
    KNOB_SELECTOR,
    KNOB_TEXT, /* as long as deny_operations */
} KnobKind;
typedef struct Knob {
    const char *name; /* with '_'; the flag has '-' */
    KnobKind kind;
    size_t offset; /* in Knobs */
    double min;
    double max;
    bool at_start_only;
    const char *value; /* "N", for the help */
    const char *help;
} Knob;
extern const Knob knob_table[]; /* ends with a NULL name */

/* NULL when there is none; '-' and '_' are the same. */
const Knob *knob_find(const char *name);

/* Sets it from text: "12", "0.5", "on", "0..60", a selector. */
Status knob_set(Knobs *knobs, const Knob *knob, const char *text, Err *err) WARN_UNUSED;

/* Sets several from a JSON object; all or none. Those that work at the start only are refused. */
Status knobs_set_json(Knobs *knobs, const char *text, size_t size, Err *err) WARN_UNUSED;

/* All of them, as a JSON object. */
void knobs_write_json(const Knobs *knobs, Buf *out);

#endif
